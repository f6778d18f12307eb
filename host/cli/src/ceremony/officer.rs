//! Place: none. An officer's key: a file, mode 0600, or a PKCS#11 token.

use super::token::{OfficerToken, TokenName};
use crate::dev::keys::DevKey;
use crate::outcome::Failure;
use fuin_attestation::time::utc;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{PersonId, StatementId};
use fuin_shared::key::Spki;
use fuin_shared::manifest::Manifest;
use fuin_shared::statement::{Body, SignedStatement, signers};
use std::path::{Path, PathBuf};

/// Where the key is.
#[derive(clap::Args)]
pub struct KeyPlace {
    /// The officer's key, PKCS#8 in PEM.
    #[arg(long, value_name = "FILE", required_unless_present = "pkcs11", conflicts_with = "pkcs11")]
    key: Option<PathBuf>,
    /// A PKCS#11 token that has the officer's key: module=FILE,token=LABEL,key=LABEL[,pin-file=FILE].
    #[arg(long, value_name = "TOKEN")]
    pkcs11: Option<TokenName>,
}

/// The key.
pub enum OfficerKey {
    /// From a file.
    File(DevKey),
    /// In a token.
    Token(OfficerToken),
}

impl KeyPlace {
    /// The key of an officer who has one.
    pub fn open(&self) -> anyhow::Result<OfficerKey> {
        match (&self.key, &self.pkcs11) {
            (_, Some(name)) => Ok(OfficerKey::Token(OfficerToken::open(name)?)),
            (Some(path), None) => Ok(OfficerKey::File(DevKey::load(path)?)),
            (None, None) => anyhow::bail!("--key or --pkcs11 is missing"),
        }
    }

    /// The key of a new officer, and where it is.
    ///
    /// # Errors
    /// [`Failure::Usage`] if the file exists.
    pub fn make(&self) -> Result<(OfficerKey, String), Failure> {
        match (&self.key, &self.pkcs11) {
            (_, Some(name)) => {
                Ok((OfficerKey::Token(OfficerToken::open_or_make(name)?), "a token".to_owned()))
            }
            (Some(path), None) => {
                must_be_new("--key", path)?;
                Ok((OfficerKey::File(DevKey::load_or_make(path)?), path.display().to_string()))
            }
            (None, None) => Err(Failure::Usage("--key or --pkcs11 is missing".to_owned())),
        }
    }
}

impl OfficerKey {
    /// Public key as manifests carry it.
    pub fn spki(&self) -> Spki {
        match self {
            Self::File(key) => key.spki(),
            Self::Token(key) => key.spki(),
        }
    }

    /// The officer of this manifest who has it.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub fn officer<'a>(&self, manifest: &'a Manifest) -> Result<&'a PersonId, Failure> {
        let spki = self.spki();
        let found = manifest.officers.iter().find(|officer| officer.key == spki);
        found.map(|officer| &officer.id).ok_or_else(|| {
            Failure::Usage("--key or --pkcs11: not the key of an officer in the current manifest".to_owned())
        })
    }

    /// The officer's statement.
    pub fn state<B: Body>(&self, officer: &PersonId, body: &B) -> anyhow::Result<SignedStatement> {
        let octets = codec::encode(body);
        let signature = self.sign(&SignedStatement::message::<B>(&octets))?.into();
        Ok(SignedStatement { body: octets.into(), signer: officer.clone(), signature })
    }

    /// ECDSA in DER, with the digest that goes with the key.
    pub fn sign(&self, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::File(key) => key.sign(message),
            Self::Token(key) => key.sign(message),
        }
    }
}

/// The name of a new statement.
pub fn statement_id() -> anyhow::Result<StatementId> {
    let mut octets = [0; StatementId::LEN];
    getrandom::fill(&mut octets)?;
    Ok(StatementId(octets))
}

/// Says that an officer signed, and whose signatures there are.
pub fn tell_signed(officer: &PersonId, not_after: u64, statements: &[Blob], quorum: u8) {
    let names: Vec<_> = signers(statements).map(|signer| signer.to_string()).collect();
    println!(
        "signed by {officer} until {}; signatures: {} of {quorum} ({})",
        utc(not_after),
        names.len(),
        names.join(", ")
    );
}

/// A secret is not replaced.
///
/// # Errors
/// [`Failure::Usage`].
pub fn must_be_new(option: &str, path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::Usage(format!("{option}: {} exists; a secret is not replaced", path.display())));
    }
    Ok(())
}
