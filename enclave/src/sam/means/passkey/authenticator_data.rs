//! Place: SAM. `authenticatorData` (WebAuthn section 6.1).

use super::attestation::decode_value;
use super::cose;
use ciborium::Value;
use fuin_shared::fault::Fault;
use fuin_shared::key::PublicKey;

/// Longest authenticator data in octets: the longest credential id, its key, and a few extensions.
const MAX_DATA: usize = 4096;
/// Length of a credential id in octets: section 4 wants at least 100 bits of entropy, section 7.1 at most 1023 octets.
const CREDENTIAL_ID: std::ops::RangeInclusive<usize> = 16..=1023;

/// The flags octet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags(u8);

impl Flags {
    const UP: u8 = 0x01;
    const UV: u8 = 0x04;
    const BE: u8 = 0x08;
    const BS: u8 = 0x10;
    const AT: u8 = 0x40;
    const ED: u8 = 0x80;

    const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    pub(super) const fn user_present(self) -> bool {
        self.has(Self::UP)
    }

    pub(super) const fn user_verified(self) -> bool {
        self.has(Self::UV)
    }

    pub(super) const fn backup_eligible(self) -> bool {
        self.has(Self::BE)
    }

    /// What is backed up must be eligible for it (Level 3, section 6.1).
    pub(super) const fn backup_consistent(self) -> bool {
        self.has(Self::BE) || !self.has(Self::BS)
    }
}

/// Attested credential data (section 6.5.1).
#[derive(Debug)]
pub(super) struct AttestedCredential<'a> {
    pub(super) aaguid: [u8; 16],
    pub(super) credential_id: &'a [u8],
    key: PublicKey,
}

impl AttestedCredential<'_> {
    pub(super) const fn key(&self) -> &PublicKey {
        &self.key
    }
}

/// The parsed data.
#[derive(Debug)]
pub(super) struct AuthenticatorData<'a> {
    pub(super) relying_party_hash: &'a [u8; 32],
    pub(super) flags: Flags,
    pub(super) counter: u32,
    pub(super) attested: Option<AttestedCredential<'a>>,
}

impl<'a> AuthenticatorData<'a> {
    /// Reads the data to the last octet: what AT and ED announce, and nothing after it.
    pub(super) fn parse(octets: &'a [u8]) -> Result<Self, Fault> {
        if octets.len() > MAX_DATA {
            return Err(Fault::AssertionMalformed);
        }
        let mut rest = octets;
        let relying_party_hash = take(&mut rest)?;
        let [flags] = *take(&mut rest)?;
        let flags = Flags(flags);
        let counter = u32::from_be_bytes(*take(&mut rest)?);
        let attested = if flags.has(Flags::AT) { Some(attested(&mut rest)?) } else { None };
        if flags.has(Flags::ED) {
            check_extensions(rest)?;
        } else if !rest.is_empty() {
            return Err(Fault::AssertionMalformed);
        }
        Ok(Self { relying_party_hash, flags, counter, attested })
    }
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], Fault> {
    let (head, tail) = rest.split_first_chunk().ok_or(Fault::AssertionMalformed)?;
    *rest = tail;
    Ok(head)
}

fn attested<'a>(rest: &mut &'a [u8]) -> Result<AttestedCredential<'a>, Fault> {
    let aaguid = *take(rest)?;
    let length = usize::from(u16::from_be_bytes(*take(rest)?));
    if !CREDENTIAL_ID.contains(&length) {
        return Err(Fault::AssertionMalformed);
    }
    let (credential_id, tail) = rest.split_at_checked(length).ok_or(Fault::AssertionMalformed)?;
    *rest = tail;
    let key = cose::parse(take(rest)?)?;
    Ok(AttestedCredential { aaguid, credential_id, key })
}

/// Extension outputs are a map with text for keys, each once. None is asked for, so none is looked into.
fn check_extensions(octets: &[u8]) -> Result<(), Fault> {
    let Value::Map(entries) = decode_value(octets)? else {
        return Err(Fault::AssertionMalformed);
    };
    let mut names = std::collections::BTreeSet::new();
    for (name, _) in &entries {
        if !name.as_text().is_some_and(|n| names.insert(n)) {
            return Err(Fault::AssertionMalformed);
        }
    }
    Ok(())
}
