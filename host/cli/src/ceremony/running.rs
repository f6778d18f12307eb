//! Place: none. A running enclave, as an officer names it: the host that leads to it, and what its evidence must show.

use super::client::CeremonyClient;
use super::founded::Founded;
use crate::outcome::Failure;
use fuin_shared::manifest::Measurement;
use std::path::PathBuf;

/// Options.
#[derive(clap::Args)]
pub struct Running {
    /// The host's listener for ceremonies.
    #[arg(long, value_name = "URL")]
    host: String,
    /// The signed manifest; after a change of it all manifests, as `fuin manifest show --save` keeps them.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The image's measurement, that of a build of one's own.
    #[arg(long, value_name = "FILE")]
    release: PathBuf,
}

impl Running {
    /// Reads what is on this machine; nobody is asked yet.
    pub fn read(&self) -> Result<(Founded, Measurement, CeremonyClient), Failure> {
        let founded = Founded::read_signed(&self.manifest)?;
        let measurement = founded.measurement(&self.release)?;
        Ok((founded, measurement, CeremonyClient::new(&self.host)?))
    }
}
