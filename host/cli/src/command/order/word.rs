//! Place: none. An officer's signed order about a credential.

use crate::ceremony::officer::{KeyPlace, OfficerKey, statement_id};
use crate::installation::now;
use crate::outcome::Failure;
use fuin_shared::ids::{CredentialId, PersonId, ServiceId};
use fuin_shared::statement::{CredentialOrder, CredentialOrderKind, SignedStatement};

/// Life of an order, minutes: the enclave takes none that has more than an hour left.
const LONGEST: u64 = 59;

/// Who signs, and for how long.
#[derive(clap::Args)]
pub struct Officer {
    /// Name of the officer in the manifest.
    #[arg(long, value_name = "NAME")]
    officer: String,
    #[command(flatten)]
    key: KeyPlace,
    /// How long the order can be used, minutes.
    #[arg(long, value_name = "N", default_value_t = LONGEST, value_parser = clap::value_parser!(u64).range(1..=LONGEST))]
    minutes: u64,
}

/// An officer who is there.
pub struct Signer {
    name: PersonId,
    key: OfficerKey,
    /// Unix seconds.
    pub not_after: u64,
}

impl Officer {
    /// Opens the key.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a name that is none.
    pub fn open(&self) -> Result<Signer, Failure> {
        let name = PersonId::new(self.officer.as_str());
        let name = name.map_err(|error| Failure::Usage(format!("--officer: {error}")))?;
        Ok(Signer { name, key: self.key.open()?, not_after: now() + self.minutes * 60 })
    }
}

impl Signer {
    /// Signs for this.
    pub fn order(
        &self,
        service: ServiceId,
        ledger: String,
        credential: CredentialId,
        order: CredentialOrderKind,
        suspension: Option<u64>,
    ) -> anyhow::Result<SignedStatement> {
        let body = CredentialOrder {
            service,
            ledger,
            credential,
            order,
            suspension,
            statement: statement_id()?,
            not_after: self.not_after,
        };
        self.key.state(&self.name, &body)
    }
}
