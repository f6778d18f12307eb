//! Place: SAM. X.509 means: the signer's own authentication certificate, such as that of a national eID card. Its key signs
//! the SAD digest under a tag of its own ([`x509_message`]), so that no signature made for a login serves here.
//!
//! The certificate comes with every answer and is judged anew each time: path to an anchor of the manifest, usage, time,
//! and for every certificate of the path a revocation list that is fresh ([`status`]). It holds personal data, so that it
//! comes sealed to the instance; kept are its public key and a digest of its issuer and serial number.
//!
//! ECDSA on P-256 and P-384 alone. Cards that sign with RSA, as Japan's JPKI cards do today, cannot be used.

pub mod status;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_KP_OCSP_SIGNING, ID_KP_SERVER_AUTH, ID_KP_TIME_STAMPING};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, MeansId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::manifest::means::X509Issuer;
use fuin_shared::pki::path::{MAX_CHAIN, Place};
use fuin_shared::pki::{Certificate, PathError, validate};
use fuin_shared::sad::{Assertion, x509_message};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use status::StatusBook;

/// Purposes of other keys.
const FOREIGN_PURPOSES: [ObjectIdentifier; 3] = [ID_KP_TIME_STAMPING, ID_KP_OCSP_SIGNING, ID_KP_SERVER_AUTH];

/// A linked certificate. Nothing of it is personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct X509 {
    /// Entry of the manifest under which it was linked.
    pub issuer: MeansId,
    /// Its public key.
    pub public_key: Spki,
    /// Digest of its issuer and serial number.
    pub certificate: Digest32,
}

/// What the signer's device gives. Not for `Debug`: the certificates name a person.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// Certificates in DER, the signer's first, each followed by its issuer's, the anchor given or left out.
    pub certificates: &'a [Blob],
    /// ECDSA in DER over [`x509_message`], with the digest that fits the curve.
    pub signature: &'a [u8],
}

impl<'a> Answer<'a> {
    /// The answer in an assertion.
    ///
    /// # Errors
    /// [`Fault::AssertionMalformed`] for another kind of means.
    pub fn of(assertion: &'a Assertion) -> Result<Self, Fault> {
        match assertion {
            Assertion::X509 { certificates, signature } => {
                Ok(Self { certificates: certificates.as_slice(), signature: signature.as_slice() })
            }
            _ => Err(Fault::AssertionMalformed),
        }
    }
}

/// Against what an answer is judged.
#[derive(Clone, Copy)]
pub struct Grounds<'a> {
    /// Entry of the manifest.
    pub issuer: &'a X509Issuer,
    /// Revocation lists.
    pub status: &'a StatusBook,
    /// SAM time, Unix seconds.
    pub now: u64,
}

/// Checks an answer to the SAD digest `challenge` by a certificate that is to be linked.
///
/// # Errors
/// [`Fault::AssertionMalformed`] for the form; [`Fault::MeansUntrusted`] for the path; [`Fault::MeansCertificate`] for the
/// signer's certificate: usage, policy, time, algorithm, an extension that is not understood; [`Fault::AssertionSignature`];
/// [`Fault::MeansStatus`]; [`Fault::MeansRevoked`].
pub fn register(answer: Answer<'_>, grounds: Grounds<'_>, challenge: &Digest32) -> Result<X509, Fault> {
    let (leaf, key) = check(answer, grounds, challenge)?;
    Ok(X509 {
        issuer: grounds.issuer.id.clone(),
        public_key: Spki::from(&key),
        certificate: issuer_and_serial(&leaf),
    })
}

/// Checks an answer to the SAD digest `challenge` by the linked certificate.
///
/// # Errors
/// As [`register`], and [`Fault::AssertionCredential`] for another certificate.
pub fn verify(
    linked: &X509,
    answer: Answer<'_>,
    grounds: Grounds<'_>,
    challenge: &Digest32,
) -> Result<(), Fault> {
    let (leaf, key) = check(answer, grounds, challenge)?;
    if Spki::from(&key) == linked.public_key && issuer_and_serial(&leaf) == linked.certificate {
        Ok(())
    } else {
        Err(Fault::AssertionCredential)
    }
}

fn check(
    answer: Answer<'_>,
    grounds: Grounds<'_>,
    challenge: &Digest32,
) -> Result<(Certificate, PublicKey), Fault> {
    let Grounds { issuer, status, now } = grounds;
    if answer.certificates.len() > MAX_CHAIN {
        return Err(Fault::AssertionMalformed);
    }
    let mut chain = parse(answer.certificates).ok_or(Fault::AssertionMalformed)?;
    let leaf = chain.first().ok_or(Fault::AssertionMalformed)?;
    // Anchors come from the manifest, whose check reads them.
    let anchors = parse(&issuer.anchors).ok_or(Fault::MeansUntrusted)?;
    let path = validate(&chain, &anchors, now).map_err(fault)?;
    if !usage_acceptable(leaf, issuer) || !policy_acceptable(leaf, issuer) {
        return Err(Fault::MeansCertificate);
    }
    let key = leaf.public_key().ok_or(Fault::MeansCertificate)?;
    key.verify(key.statement_hash(), &x509_message(challenge), answer.signature)
        .map_err(|_| Fault::AssertionSignature)?;
    // The anchor is trusted as it stands; every other certificate needs a status by its issuer.
    let issuers =
        chain.iter().skip(1).chain(if path.anchor_in_chain { None } else { anchors.get(path.anchor) });
    for (certificate, by) in chain.iter().zip(issuers) {
        status.check(certificate, by, issuer.status_seconds, now)?;
    }
    Ok((chain.swap_remove(0), key))
}

fn parse(list: &[Blob]) -> Option<Vec<Certificate>> {
    list.iter().map(|der| Certificate::from_der(der.as_slice()).ok()).collect()
}

/// What a broken path means: the signer's certificate is at fault, or nobody trusted stands behind it.
const fn fault(error: PathError) -> Fault {
    const LEAF: usize = 0;
    match error {
        PathError::Empty | PathError::TooLong(_) | PathError::Repeated(_) => Fault::AssertionMalformed,
        PathError::NotYetValid(Place::Chain(LEAF))
        | PathError::Expired(Place::Chain(LEAF))
        | PathError::UnknownCritical(Place::Chain(LEAF), _)
        | PathError::NameConstraints(Place::Chain(LEAF))
        | PathError::PolicyConstraints(Place::Chain(LEAF), _) => Fault::MeansCertificate,
        _ => Fault::MeansUntrusted,
    }
}

/// For authentication (digitalSignature), or for content commitment where the manifest takes that; never a CA's.
fn usage_acceptable(leaf: &Certificate, issuer: &X509Issuer) -> bool {
    let signs = leaf.key_usage().is_some_and(|usage| {
        let commits = usage.non_repudiation() && issuer.content_commitment;
        (usage.digital_signature() || commits) && !usage.key_cert_sign()
    });
    signs && !leaf.is_ca() && !leaf.extended_key_usage().iter().any(|p| FOREIGN_PURPOSES.contains(p))
}

fn policy_acceptable(leaf: &Certificate, issuer: &X509Issuer) -> bool {
    let policies = leaf.extensions().policies();
    issuer.policies.is_empty()
        || issuer.policies.iter().any(|wanted| policies.iter().any(|found| found.to_string() == *wanted))
}

/// Names a certificate without showing it: its public key stands beside.
fn issuer_and_serial(leaf: &Certificate) -> Digest32 {
    let issuer = leaf.issuer_der();
    Digest32(
        Sha256::new()
            .chain_update(b"fuin/x509-certificate/v1\0")
            .chain_update((issuer.len() as u64).to_be_bytes())
            .chain_update(issuer)
            .chain_update(leaf.serial())
            .finalize()
            .into(),
    )
}

#[cfg(test)]
mod forge;
#[cfg(test)]
mod tests;
