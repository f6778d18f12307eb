//! Place: none. `fuin ceremony init`: from nothing to an installed manifest.

use crate::ceremony::client::CeremonyClient;
use crate::ceremony::custodian::CustodianFile;
use crate::ceremony::description;
use crate::ceremony::entry::Entry;
use crate::ceremony::founded::Founded;
use crate::ceremony::officer::{KeyPlace, OfficerKey, must_be_new};
use crate::ceremony::token::TokenName;
use crate::command::manifest::{self, service_id};
use crate::dev::keys::DevKey;
use crate::file;
use crate::outcome::Failure;
use clap::Subcommand;
use fuin_shared::codec;
use fuin_shared::ids::{PersonId, ServiceId};
use fuin_shared::key::Spki;
use fuin_shared::manifest::{Auditor, Officer, OfficerSignature, SignedManifest, Staff};
use std::path::{Path, PathBuf};

/// The steps.
#[derive(Subcommand)]
pub enum Init {
    /// Makes an officer's key, mode 0600, and the public entry for the manifest.
    Officer {
        /// Name in the manifest.
        #[arg(long)]
        name: PersonId,
        #[command(flatten)]
        key: KeyPlace,
        /// Where the public entry goes.
        #[arg(long, value_name = "FILE")]
        entry: PathBuf,
    },
    /// Makes an operator's key, mode 0600, and the public entry for the manifest. Operators configure nothing, and the key
    /// opens nothing: it keeps its holder from having another role.
    Operator {
        /// Name in the manifest.
        #[arg(long)]
        name: PersonId,
        /// Where the key goes, PKCS#8 in PEM.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Where the public entry goes.
        #[arg(long, value_name = "FILE")]
        entry: PathBuf,
    },
    /// Makes an auditor's keys, mode 0600, and the public entry for the manifest. Auditors configure nothing. The ledger's
    /// entries are read by a token of the host's, and their details opened by the sealing key.
    Auditor {
        /// Name in the manifest.
        #[arg(long)]
        name: PersonId,
        /// Where the key goes that speaks for the auditor, PKCS#8 in PEM.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Where the key goes to which details are sealed, PKCS#8 in PEM, for `fuin ledger --auditor-key`. Without it nothing
        /// is sealed to this auditor.
        #[arg(long, value_name = "FILE")]
        sealing_key: Option<PathBuf>,
        /// Where the public entry goes.
        #[arg(long, value_name = "FILE")]
        entry: PathBuf,
    },
    /// Makes a custodian's state, mode 0600, and the public entry for the manifest.
    Custodian {
        /// Name in the manifest.
        #[arg(long)]
        name: PersonId,
        /// Where the state goes.
        #[arg(long, value_name = "FILE")]
        state: PathBuf,
        /// A PKCS#11 token for the keys: module=FILE,token=LABEL,key=LABEL[,pin-file=FILE]. Keys that it has under this label
        /// are taken, missing ones are made in it.
        #[arg(long, value_name = "TOKEN")]
        pkcs11: Option<TokenName>,
        /// Where the public entry goes.
        #[arg(long, value_name = "FILE")]
        entry: PathBuf,
    },
    /// Puts the first manifest together from a description and everybody's entries.
    Manifest {
        /// The description, a TOML file.
        #[arg(long, value_name = "FILE")]
        description: PathBuf,
        /// A public entry; once for each person.
        #[arg(long = "entry", value_name = "FILE", required = true)]
        entries: Vec<PathBuf>,
        /// Where the manifest goes.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// An officer adds a signature to the manifest.
    Sign {
        /// The manifest; the signature is added to the file.
        #[arg(long, value_name = "FILE")]
        manifest: PathBuf,
        #[command(flatten)]
        key: KeyPlace,
    },
    /// A custodian pins the service and its image.
    Join {
        /// The custodian's state.
        #[arg(long, value_name = "FILE")]
        state: PathBuf,
        /// The signed manifest.
        #[arg(long, value_name = "FILE")]
        manifest: PathBuf,
        /// The image's measurement, that of a build of one's own.
        #[arg(long, value_name = "FILE")]
        release: PathBuf,
        /// Service id, as the officers told it by another way.
        #[arg(long, value_name = "HEX", value_parser = service_id)]
        service: ServiceId,
    },
    /// Gives the signed manifest to the host, and through it to the enclave.
    Install {
        /// The host's listener for ceremonies.
        #[arg(long, value_name = "URL")]
        host: String,
        /// The signed manifest.
        #[arg(long, value_name = "FILE")]
        manifest: PathBuf,
    },
}

/// Runs the step.
pub async fn run(init: Init) -> Result<(), Failure> {
    match init {
        Init::Officer { name, key, entry } => {
            let (key, place) = key.make()?;
            Entry::Officer(Officer { id: name.clone(), key: key.spki() }).write(&entry)?;
            println!("officer {name}: key in {place}, public entry in {}", entry.display());
        }
        Init::Operator { name, key, entry } => {
            Entry::Operator(Staff { id: name.clone(), key: new_key(&key)? }).write(&entry)?;
            println!("operator {name}: key in {}, public entry in {}", key.display(), entry.display());
        }
        Init::Auditor { name, key, sealing_key, entry } => {
            if let Some(path) = &sealing_key {
                must_be_new("--sealing-key", path)?;
            }
            let spki = new_key(&key)?;
            let sealing = sealing_key.as_deref().map(DevKey::load_or_make).transpose()?;
            let sealing = sealing.map(|key| key.point());
            Entry::Auditor(Auditor { id: name.clone(), key: spki, sealing }).write(&entry)?;
            let opens = sealing_key.map(|path| format!(", sealing key in {}", path.display()));
            println!(
                "auditor {name}: key in {}{}, public entry in {}",
                key.display(),
                opens.unwrap_or_default(),
                entry.display()
            );
        }
        Init::Custodian { name, state, pkcs11, entry } => {
            must_be_new("--state", &state)?;
            let made = CustodianFile::make(&state, name.clone(), pkcs11.as_ref())?;
            Entry::Custodian(made.get().manifest_entry()).write(&entry)?;
            let keys = if pkcs11.is_some() { ", keys in a token" } else { "" };
            println!(
                "custodian {name}: state in {}{keys}, public entry in {}",
                state.display(),
                entry.display()
            );
        }
        Init::Manifest { description, entries, output } => {
            let manifest = description::manifest(&description, &entries)?;
            let signed = SignedManifest { manifest: codec::encode(&manifest).into(), signatures: Vec::new() };
            file::write(&output, &codec::encode(&signed), file::PUBLIC)?;
            tell(&Founded::read(&output)?);
        }
        Init::Sign { manifest, key } => sign(&manifest, &key.open()?)?,
        Init::Join { state, manifest, release, service } => {
            let founded = Founded::read_signed(&manifest)?;
            if founded.service != service {
                let text = format!("--service: the manifest is that of service {}", founded.service);
                return Err(Failure::Usage(text));
            }
            let mut custodian = CustodianFile::load(&state)?;
            let entry = custodian.get().manifest_entry();
            if founded.manifest.custodian(custodian.get().id()) != Some(&entry) {
                let text = format!("--manifest: does not name custodian {} with its keys", entry.id);
                return Err(Failure::Usage(text));
            }
            let pins = founded.pins(&founded.measurement(&release)?);
            custodian.change(|c| c.join(pins))?;
            println!("custodian {} has joined service {}", entry.id, founded.service);
        }
        Init::Install { host, manifest } => {
            let founded = Founded::read_signed(&manifest)?;
            let client = CeremonyClient::new(&host)?;
            let answer: serde_json::Value = client.post("manifest", codec::encode(&founded.signed)).await?;
            if answer.get("service").and_then(|s| s.as_str()) != Some(&founded.service.to_string()) {
                return Err(anyhow::anyhow!("the host answers for another service").into());
            }
            println!("installed: service {}", founded.service);
        }
    }
    Ok(())
}

fn new_key(path: &Path) -> Result<Spki, Failure> {
    must_be_new("--key", path)?;
    Ok(DevKey::load_or_make(path)?.spki())
}

fn sign(path: &Path, key: &OfficerKey) -> Result<(), Failure> {
    let mut founded = Founded::read(path)?;
    if founded.followed {
        let text = "--manifest: a history; officers sign what is to follow it with `fuin manifest sign`";
        return Err(Failure::Usage(text.to_owned()));
    }
    let spki = key.spki();
    let Some(officer) = founded.manifest.officers.iter().find(|officer| officer.key == spki) else {
        return Err(Failure::Usage(
            "--key or --pkcs11: not the key of an officer in this manifest".to_owned(),
        ));
    };
    let officer = officer.id.clone();
    // Read first, signed then.
    tell(&founded);
    let signature = key.sign(&SignedManifest::message(founded.signed.manifest.as_slice()))?.into();
    founded.signed.signatures.retain(|signature| signature.officer != officer);
    founded.signed.signatures.push(OfficerSignature { officer: officer.clone(), signature });
    file::write(path, &codec::encode(&founded.signed), file::PUBLIC)?;
    println!("signed by {officer}; signatures: {}", founded.signed.signatures.len());
    Ok(())
}

fn tell(founded: &Founded) {
    println!("service    {}", founded.service);
    manifest::tell(&founded.manifest);
}
