//! Place: none. The development CA: a root, an issuing CA below it, and certificates for signers made from their requests.

mod profile;

use super::keys::DevKey;
use super::layout::Layout;
use crate::file;
use anyhow::{Context as _, ensure};
use der::asn1::GeneralizedTime;
use der::pem::LineEnding;
use der::{Decode as _, DecodePem as _, Encode as _, EncodePem as _};
use fuin_shared::algorithm::SignatureAlgorithm;
use fuin_shared::key::PublicKey;
use p384::ecdsa::DerSignature;
use profile::{Kind, Profile};
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::builder::{Builder as _, CertificateBuilder};
use x509_cert::name::Name;
use x509_cert::request::CertReq;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::{Time, Validity};

const ROOT: &str = "CN=Fuin Development Root CA,OU=Development only,O=Fuin,C=JP";
const ISSUING: &str = "CN=Fuin Development Issuing CA,OU=Development only,O=Fuin,C=JP";
const YEAR: u64 = 365 * 24 * 3600;
/// Certificates begin a little in the past, for verifiers whose clock is behind.
const BACKDATED: u64 = 300;
const MAX_PEM: u64 = 64 * 1024;

/// The CA.
pub struct DevAuthority {
    key: DevKey,
    root: Certificate,
    issuing: Certificate,
}

impl DevAuthority {
    /// Reads the CA of this installation, or makes it.
    pub fn load_or_make(layout: &Layout, now: u64) -> anyhow::Result<Self> {
        let root_key = DevKey::load_or_make(&layout.key("ca-root"))?;
        let root_name = Name::from_str(ROOT)?;
        let root = load_or_make(&layout.ca("root"), || {
            let profile = Profile::new(Kind::Root, root_name.clone(), root_name.clone());
            certificate(profile, &root_key.public(), &root_key, now, 20 * YEAR)
        })?;
        let key = DevKey::load_or_make(&layout.key("ca-issuing"))?;
        let issuing = load_or_make(&layout.ca("issuing"), || {
            let profile = Profile::new(Kind::Issuing, Name::from_str(ISSUING)?, root_name.clone());
            certificate(profile, &key.public(), &root_key, now, 15 * YEAR)
        })?;
        Ok(Self { key, root, issuing })
    }

    /// Root in DER.
    pub fn root_der(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.root.to_der()?)
    }

    /// The chain, end entity first and without the root, for a PKCS#10 request that proves possession of its key.
    pub fn issue(&self, csr: &[u8], now: u64) -> anyhow::Result<Vec<Vec<u8>>> {
        let request = CertReq::from_der(csr).context("certification request")?;
        let key =
            PublicKey::from_spki(&request.info.public_key.to_der()?).context("certification request: key")?;
        let algorithm = SignatureAlgorithm::from_oid(&request.algorithm.oid.to_string())
            .context("certification request: signature algorithm is not offered")?;
        let signature = request.signature.as_bytes().context("certification request: signature")?;
        key.verify(algorithm.hash(), &request.info.to_der()?, signature).context("certification request")?;
        ensure!(!request.info.subject.is_empty(), "certification request: has no subject");

        let issuer = self.issuing.tbs_certificate().subject().clone();
        let profile = Profile::new(Kind::Signer, request.info.subject.clone(), issuer);
        let leaf = certificate(profile, &key, &self.key, now, 3 * YEAR)?;
        Ok(vec![leaf.to_der()?, self.issuing.to_der()?])
    }
}

fn load_or_make(
    path: &Path,
    make: impl FnOnce() -> anyhow::Result<Certificate>,
) -> anyhow::Result<Certificate> {
    if path.exists() {
        let pem = file::read(path, MAX_PEM)?;
        return Certificate::from_pem(&pem)
            .with_context(|| format!("{}: no certificate in PEM", path.display()));
    }
    let certificate = make()?;
    file::write(path, certificate.to_pem(LineEnding::LF)?.as_bytes(), file::PUBLIC)?;
    Ok(certificate)
}

fn certificate(
    profile: Profile,
    key: &PublicKey,
    issuer: &DevKey,
    now: u64,
    life: u64,
) -> anyhow::Result<Certificate> {
    let mut serial = [0; 16];
    getrandom::fill(&mut serial)?;
    // Positive and of full length.
    serial[0] = serial[0] & 0x7f | 0x40;
    let from = now.saturating_sub(BACKDATED);
    let time = |t| GeneralizedTime::from_unix_duration(Duration::from_secs(t)).map(Time::GeneralTime);
    let validity = Validity::new(time(from)?, time(from + life)?);
    let spki = SubjectPublicKeyInfoOwned::from_der(&key.to_spki())?;
    let builder = CertificateBuilder::new(profile, SerialNumber::new(&serial)?, validity, spki)
        .map_err(|e| anyhow::anyhow!("certificate: {e}"))?;
    builder.build::<_, DerSignature>(issuer.signer()).map_err(|e| anyhow::anyhow!("certificate: {e}"))
}

#[cfg(test)]
mod tests;
