//! Place: SAM. The signer's eID means: what a key was linked to, and the check of what the means answers. A
//! credential has one kind of means for life.
//!
//! | module | what it has |
//! |---|---|
//! | [`naming`] | what an RA states of a means to be linked |
//! | [`passkey`], [`device_key`], [`x509`], [`oidc`], [`pin_totp`] | the kinds |

pub mod device_key;
pub mod naming;
pub mod oidc;
pub mod passkey;
pub mod pin_totp;
pub mod x509;

use super::key_attestation::eid_reference;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, MeansId, RaClientId, ServiceId};
use fuin_shared::key::Spki;
use fuin_shared::manifest::means::MeansPolicy;
use fuin_shared::message::{MeansHint, PasskeyHint};
use fuin_shared::sad::{Assertion, MeansProfile};
use serde::{Deserialize, Serialize};

pub use device_key::DeviceKey;
pub use oidc::Oidc;
pub use passkey::Passkey;
pub use pin_totp::PinTotp;
pub use x509::X509;
use x509::status::StatusBook;

/// What judging an answer needs beside it.
#[derive(Clone, Copy)]
pub struct Judging<'a> {
    /// What the manifest says of means.
    pub policy: Option<&'a MeansPolicy>,
    /// Revocation lists.
    pub status: &'a StatusBook,
    /// RA/CA client that owns the signer.
    pub client: &'a RaClientId,
    /// The credential's salt.
    pub salt: &'a [u8],
    /// When the challenge was issued, Unix seconds.
    pub challenged: u64,
    /// SAM time, Unix seconds.
    pub now: u64,
}

impl<'a> Judging<'a> {
    fn x509(&self, issuer: &MeansId) -> Result<x509::Grounds<'a>, Fault> {
        let entry = self.policy.and_then(|policy| policy.x509_issuer(issuer, self.client));
        Ok(x509::Grounds { issuer: entry.ok_or(Fault::MeansIssuer)?, status: self.status, now: self.now })
    }

    fn check_pin_totp(&self) -> Result<(), Fault> {
        let open = self.policy.is_some_and(|policy| policy.takes_pin_totp(self.client));
        if open { Ok(()) } else { Err(Fault::MeansNotOpen) }
    }

    fn oidc(&self, provider: &MeansId) -> Result<oidc::Grounds<'a>, Fault> {
        let entry = self.policy.and_then(|policy| policy.provider(provider, self.client));
        Ok(oidc::Grounds {
            provider: entry.ok_or(Fault::MeansIssuer)?,
            salt: self.salt,
            challenged: self.challenged,
            now: self.now,
        })
    }
}

/// The means of a credential, as it stands in the sealed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum EidMeans {
    /// A WebAuthn passkey.
    Passkey(Passkey),
    /// A key of the signer's device.
    DeviceKey(DeviceKey),
    /// The signer's authentication certificate.
    X509(X509),
    /// An account at an OpenID provider.
    Oidc(Oidc),
    /// A PIN with one-time passwords.
    PinTotp(PinTotp),
}

impl EidMeans {
    /// Which kind it is.
    #[must_use]
    pub const fn profile(&self) -> MeansProfile {
        match self {
            Self::Passkey(_) => MeansProfile::Passkey,
            Self::DeviceKey(_) => MeansProfile::DeviceKey,
            Self::X509(_) => MeansProfile::X509,
            Self::Oidc(_) => MeansProfile::Oidc,
            Self::PinTotp(_) => MeansProfile::PinTotp,
        }
    }

    /// Sole control assurance level to whose requirements a key with this means is used.
    #[must_use]
    pub const fn scal(&self) -> u8 {
        match self {
            Self::Oidc(account) if account.shows_transaction => 2,
            other => other.profile().scal(),
        }
    }

    /// Digest that names this means in key statements, its public key included: the credential id is chosen by
    /// whoever registers.
    #[must_use]
    pub fn reference(&self, service: &ServiceId) -> Digest32 {
        match self {
            Self::Passkey(passkey) => eid_reference(
                service,
                &[
                    b"passkey",
                    passkey.relying_party.as_bytes(),
                    passkey.credential_id.as_slice(),
                    passkey.public_key.0.as_slice(),
                ],
            ),
            Self::DeviceKey(key) => eid_reference(service, &[b"device-key", key.public_key.0.as_slice()]),
            Self::X509(linked) => {
                let parts = [b"x509", linked.public_key.0.as_slice(), linked.certificate.as_ref()];
                eid_reference(service, &parts)
            }
            Self::Oidc(account) => eid_reference(
                service,
                &[b"oidc", account.provider.as_str().as_bytes(), account.subject.as_ref()],
            ),
            Self::PinTotp(pin) => eid_reference(service, &[b"pin-totp", pin.registration.as_ref()]),
        }
    }

    /// Its public key, of a means that has one.
    #[must_use]
    pub const fn public_key(&self) -> Option<&Spki> {
        match self {
            Self::Passkey(passkey) => Some(&passkey.public_key),
            Self::DeviceKey(key) => Some(&key.public_key),
            Self::X509(linked) => Some(&linked.public_key),
            Self::Oidc(_) | Self::PinTotp(_) => None,
        }
    }

    /// Which passkey to ask, if it is one.
    #[must_use]
    pub fn passkey_hint(&self) -> Option<PasskeyHint> {
        match self {
            Self::Passkey(passkey) => Some(PasskeyHint {
                relying_party: passkey.relying_party.clone(),
                credential_id: passkey.credential_id.clone(),
            }),
            Self::DeviceKey(_) | Self::X509(_) | Self::Oidc(_) | Self::PinTotp(_) => None,
        }
    }

    /// Which means of another kind to ask.
    #[must_use]
    pub fn hint(&self) -> Option<MeansHint> {
        match self {
            Self::Passkey(_) => None,
            Self::DeviceKey(key) => Some(MeansHint::DeviceKey { key: key.fingerprint() }),
            Self::X509(linked) => Some(MeansHint::X509 { issuer: linked.issuer.clone() }),
            Self::Oidc(account) => Some(MeansHint::Oidc { provider: account.provider.clone() }),
            Self::PinTotp(pin) => Some(MeansHint::PinTotp { registration: pin.registration }),
        }
    }

    /// Whether its answer can be guessed, so that attempts are debited before they are compared and a credential is locked
    /// after [`fuin_shared::sad::MAX_ATTEMPTS`] of them. Signatures cannot.
    #[must_use]
    pub const fn is_guessable(&self) -> bool {
        match self {
            Self::Passkey(_) | Self::DeviceKey(_) | Self::X509(_) | Self::Oidc(_) => false,
            Self::PinTotp(_) => true,
        }
    }

    /// Whether the manifest still takes answers of this means, where that is known before they are looked at: no attempt is
    /// debited for one that would not be compared.
    ///
    /// # Errors
    /// [`Fault::MeansNotOpen`].
    pub fn check_open(&self, judging: Judging<'_>) -> Result<(), Fault> {
        match self {
            Self::Passkey(_) | Self::DeviceKey(_) | Self::X509(_) | Self::Oidc(_) => Ok(()),
            Self::PinTotp(_) => judging.check_pin_totp(),
        }
    }

    /// Checks the answer of the means over a SAD digest; gives its counter after this use, the last one again for a
    /// means that does not count.
    ///
    /// `last_counter` is the ledger's; the registration's counts too.
    ///
    /// # Errors
    /// Those of the means, 500 to 507 and 530 to 538.
    pub fn verify(
        &self,
        last_counter: u32,
        assertion: &Assertion,
        challenge: &Digest32,
        judging: Judging<'_>,
    ) -> Result<u32, Fault> {
        match self {
            Self::Passkey(passkey) => {
                passkey::verify(passkey, last_counter.max(passkey.counter), assertion, challenge)
            }
            Self::DeviceKey(key) => device_key::verify(key, assertion, challenge).map(|()| last_counter),
            Self::X509(linked) => {
                let answer = x509::Answer::of(assertion)?;
                x509::verify(linked, answer, judging.x509(&linked.issuer)?, challenge).map(|()| last_counter)
            }
            Self::Oidc(account) => {
                let token = oidc::token_of(assertion)?;
                oidc::verify(account, token, judging.oidc(&account.provider)?, challenge)
                    .map(|()| last_counter)
            }
            Self::PinTotp(pin) => {
                judging.check_pin_totp()?;
                pin_totp::verify(pin, last_counter, assertion, judging.now)
            }
        }
    }

    /// Whether it may take the place of the linked means, which authorized that with an answer of this counter.
    ///
    /// # Errors
    /// [`Fault::EidMismatch`]: whoever relies on the key knows it at a level, which another provider's account does not
    /// lower; [`Fault::AssertionSignature`]: a password that served.
    pub fn follows(&self, linked: &Self, counter: u32) -> Result<(), Fault> {
        if self.scal() < linked.scal() {
            return Err(Fault::EidMismatch);
        }
        match (self, linked) {
            (Self::PinTotp(new), Self::PinTotp(former)) => pin_totp::follows(new, former, counter),
            _ => Ok(()),
        }
    }
}
