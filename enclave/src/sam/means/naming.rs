//! Place: SAM. What an RA states of a means to be linked. A registration is signed by nobody who is known yet: that it is
//! the signer's own is the RA's word.

use super::{EidMeans, Judging, device_key, oidc, passkey, pin_totp, x509};
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, MeansId};
use fuin_shared::manifest::{RaClient, RelyingParty};
use fuin_shared::sad::{Assertion, MeansProfile};
use fuin_shared::seal::ApproverRegistration;
use fuin_shared::statement::ManageAction;
use rand_core::CryptoRng;

/// A means, as the RA names it.
#[derive(Debug)]
pub enum Named<'a> {
    /// A passkey of one of the client's relying parties, by its registration.
    Passkey {
        /// Relying party.
        party: &'a RelyingParty,
        /// [`fuin_shared::sad::registration_digest`].
        registration: Digest32,
    },
    /// A device key.
    DeviceKey {
        /// [`fuin_shared::sad::device_key_fingerprint`].
        key: Digest32,
    },
    /// An authentication certificate under an issuer of the manifest.
    X509 {
        /// Entry of the manifest.
        issuer: &'a MeansId,
        /// [`fuin_shared::sad::x509_digest`].
        certificate: Digest32,
    },
    /// An account at a provider of the manifest, by a token that it made for this link.
    Oidc {
        /// Entry of the manifest.
        provider: &'a MeansId,
        /// [`fuin_shared::sad::id_token_digest`].
        token: Digest32,
    },
    /// A PIN with one-time passwords.
    PinTotp {
        /// [`fuin_shared::sad::pin_totp_digest`].
        registration: Digest32,
    },
}

impl<'a> Named<'a> {
    /// The means that linkEid names, with the digest over the signer's identity attributes.
    ///
    /// # Errors
    /// [`Fault::InvalidProof`]: another action, another relying party than the client's, or a kind of means that has an
    /// action of its own.
    pub fn of_link(action: &'a ManageAction, client: &'a RaClient) -> Result<(Digest32, Self), Fault> {
        match action {
            ManageAction::LinkEid { means: MeansProfile::Passkey, identity, relying_party, registration } => {
                let party = client.relying_parties.iter().find(|party| party.id == *relying_party);
                let party = party.ok_or(Fault::InvalidProof)?;
                Ok((*identity, Self::Passkey { party, registration: *registration }))
            }
            ManageAction::LinkDeviceKey { identity, key } => Ok((*identity, Self::DeviceKey { key: *key })),
            ManageAction::LinkX509 { identity, issuer, certificate } => {
                Ok((*identity, Self::X509 { issuer, certificate: *certificate }))
            }
            ManageAction::LinkOidc { identity, provider, token } => {
                Ok((*identity, Self::Oidc { provider, token: *token }))
            }
            ManageAction::LinkPinTotp { identity, registration } => {
                Ok((*identity, Self::PinTotp { registration: *registration }))
            }
            _ => Err(Fault::InvalidProof),
        }
    }

    /// The means that relinking names.
    ///
    /// # Errors
    /// [`Fault::InvalidProof`]: another action, or another relying party than the client's.
    pub fn of_relink(action: &'a ManageAction, client: &'a RaClient) -> Result<Self, Fault> {
        match action {
            ManageAction::RelinkPasskey { relying_party, registration } => {
                let party = client.relying_parties.iter().find(|party| party.id == *relying_party);
                let party = party.ok_or(Fault::InvalidProof)?;
                Ok(Self::Passkey { party, registration: *registration })
            }
            ManageAction::RelinkDeviceKey { key } => Ok(Self::DeviceKey { key: *key }),
            ManageAction::RelinkPinTotp { registration } => Ok(Self::PinTotp { registration: *registration }),
            ManageAction::RelinkX509 { issuer, certificate } => {
                Ok(Self::X509 { issuer, certificate: *certificate })
            }
            ManageAction::RelinkOidc { provider, token } => Ok(Self::Oidc { provider, token: *token }),
            _ => Err(Fault::InvalidProof),
        }
    }

    /// The means of a seal approver to be.
    ///
    /// # Errors
    /// [`Fault::InvalidProof`]: a relying party that is not the client's, or one where none belongs.
    pub fn of_approver(approver: &ApproverRegistration, client: &'a RaClient) -> Result<Self, Fault> {
        match (approver.means, &approver.relying_party) {
            (MeansProfile::Passkey, Some(id)) => {
                let party = client.relying_parties.iter().find(|party| party.id == *id);
                let party = party.ok_or(Fault::InvalidProof)?;
                Ok(Self::Passkey { party, registration: approver.registration })
            }
            (MeansProfile::DeviceKey, None) => Ok(Self::DeviceKey { key: approver.registration }),
            _ => Err(Fault::InvalidProof),
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn profile(&self) -> MeansProfile {
        match self {
            Self::Passkey { .. } => MeansProfile::Passkey,
            Self::DeviceKey { .. } => MeansProfile::DeviceKey,
            Self::X509 { .. } => MeansProfile::X509,
            Self::Oidc { .. } => MeansProfile::Oidc,
            Self::PinTotp { .. } => MeansProfile::PinTotp,
        }
    }

    /// Digest by which the RA named it.
    #[must_use]
    pub const fn registration(&self) -> &Digest32 {
        match self {
            Self::Passkey { registration, .. } | Self::PinTotp { registration } => registration,
            Self::DeviceKey { key } => key,
            Self::X509 { certificate, .. } => certificate,
            Self::Oidc { token, .. } => token,
        }
    }

    /// Whether it is this registration that the RA named.
    #[must_use]
    pub fn is(&self, assertion: &Assertion) -> bool {
        assertion.registration().as_ref() == Some(self.registration())
    }

    /// Checks the registration over a SAD digest.
    ///
    /// # Errors
    /// Those of the means, 500 to 507 and 530 to 538.
    pub fn register(
        &self,
        assertion: &Assertion,
        challenge: &Digest32,
        judging: Judging<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<EidMeans, Fault> {
        match self {
            Self::Passkey { party, .. } => {
                passkey::register(assertion, &party.id, &party.origins, challenge).map(EidMeans::Passkey)
            }
            Self::DeviceKey { .. } => device_key::register(assertion, challenge).map(EidMeans::DeviceKey),
            Self::X509 { issuer, .. } => {
                let answer = x509::Answer::of(assertion)?;
                x509::register(answer, judging.x509(issuer)?, challenge).map(EidMeans::X509)
            }
            Self::Oidc { provider, .. } => {
                let token = oidc::token_of(assertion)?;
                oidc::register(token, judging.oidc(provider)?, challenge).map(EidMeans::Oidc)
            }
            Self::PinTotp { .. } => {
                judging.check_pin_totp()?;
                pin_totp::register(assertion, judging.now, rng).map(EidMeans::PinTotp)
            }
        }
    }
}
