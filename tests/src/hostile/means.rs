//! Place: SIC. What signers and approvers answer with, of every kind: passkeys, device keys, PINs with one-time passwords, a card,
//! and an account at an OpenID provider, which is here too.

use crate::hostile::cards::Cards;
use crate::hostile::signer::{IDENTITY, USER};
use crate::hostile::world::{RA, RELYING_PARTY};
use crate::signer::{now, random};
use base64ct::{Base64UrlUnpadded, Encoding};
use ecdsa::signature::Signer;
use fuin_sca::device_key::DeviceKeyDirectory;
use fuin_sca::means::{MeansError, SoftwareMeans};
use fuin_sca::passkey::PasskeyDirectory;
use fuin_sca::pin_totp::PinTotpDirectory;
use fuin_shared::ids::{Digest32, MeansId, RaClientId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::manifest::means::{IdentityProvider, MeansPolicy, ProviderKey};
use fuin_shared::message::Challenge;
use fuin_shared::sad::{Assertion, MeansProfile};
use fuin_shared::statement::ManageAction;
use fuin_sic::{Authenticator, SignerMeans};
use p256::ecdsa::{Signature, SigningKey};
use std::path::Path;

const ORIGIN: &str = "https://localhost";
const ISSUER: &str = "https://idp.example";
const AUDIENCE: &str = "fuin";
const KEY: &str = "key-1";
/// Seconds that a token lives.
const LIFE: u64 = 60;

/// An OpenID provider, or somebody who says to be one.
pub struct Provider(SigningKey);

impl Provider {
    /// With a new key.
    #[must_use]
    pub fn new() -> Self {
        // Too large a number is as likely as an earthquake here and now.
        Self(SigningKey::from_slice(&random::<32>()).unwrap())
    }

    /// Its name in the manifest.
    #[must_use]
    pub fn id() -> MeansId {
        MeansId::new("idp").unwrap()
    }

    fn entry(&self) -> IdentityProvider {
        IdentityProvider {
            id: Self::id(),
            clients: vec![RaClientId::new(RA).unwrap()],
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            keys: vec![ProviderKey {
                id: KEY.to_owned(),
                key: Spki::from(&PublicKey::P256(*self.0.verifying_key())),
            }],
            acr: vec!["high".to_owned()],
            amr: vec!["hwk".to_owned()],
            shows_transaction: false,
            token_seconds: 600,
        }
    }

    /// An ID token of this account over a SAD digest.
    #[must_use]
    pub fn token(&self, account: &str, digest: &Digest32) -> Assertion {
        let (at, encode) = (now(), Base64UrlUnpadded::encode_string);
        let claims = serde_json::json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": account, "iat": at, "exp": at + LIFE,
            "auth_time": at, "nonce": encode(digest.as_ref()), "acr": "high", "amr": ["hwk"],
        });
        let header = serde_json::json!({ "alg": "ES256", "kid": KEY });
        let signed =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature: Signature = self.0.sign(signed.as_bytes());
        Assertion::IdToken { token: format!("{signed}.{}", encode(&signature.to_bytes())) }
    }
}

impl Default for Provider {
    fn default() -> Self {
        Self::new()
    }
}

/// All of them.
pub struct Means {
    /// On the devices of their people.
    pub software: SoftwareMeans,
    /// Where they have accounts.
    pub provider: Provider,
    /// A card and its CA.
    pub cards: Cards,
}

impl Means {
    /// Kept in this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let software = SoftwareMeans {
            passkeys: PasskeyDirectory::new(folder.join("passkeys"), ORIGIN, false),
            device_keys: DeviceKeyDirectory::new(folder.join("device-keys")),
            pins: PinTotpDirectory::new(folder.join("pins"), now),
        };
        Self { software, provider: Provider::new(), cards: Cards::new(&folder.join("cards")) }
    }

    /// What a manifest says that takes them all, for signers of the one RA client.
    #[must_use]
    pub fn policy(&self) -> MeansPolicy {
        MeansPolicy {
            x509: vec![self.cards.entry()],
            providers: vec![self.provider.entry()],
            pin_totp: vec![RaClientId::new(RA).unwrap()],
        }
    }

    /// A new one of this kind shows itself, answering a SAD digest.
    #[must_use]
    pub fn register(&mut self, profile: MeansProfile, digest: &Digest32) -> Assertion {
        match profile {
            MeansProfile::Passkey => self.software.passkeys.register(RELYING_PARTY, USER, digest).unwrap(),
            MeansProfile::DeviceKey => {
                self.software.device_keys.generate().unwrap().registration(digest).unwrap()
            }
            MeansProfile::PinTotp => self.software.pins.register().unwrap(),
            MeansProfile::Oidc => self.provider.token(USER, digest),
            MeansProfile::X509 => self.cards.answer(digest),
        }
    }

    /// The answer of the one that the challenge hints at.
    ///
    /// # Errors
    /// There is none, or it cannot answer now.
    pub fn answer(
        &mut self,
        profile: MeansProfile,
        challenge: &Challenge,
        digest: &Digest32,
    ) -> Result<Assertion, MeansError> {
        match profile {
            MeansProfile::Oidc => Ok(self.provider.token(USER, digest)),
            MeansProfile::X509 => Ok(self.cards.answer(digest)),
            _ => self.software.answer(profile, challenge, digest),
        }
    }
}

/// What the RA states of a registration of this kind that it saw made.
#[must_use]
pub fn link_action(means: MeansProfile, registration: Digest32) -> ManageAction {
    let identity = IDENTITY;
    match means {
        MeansProfile::Passkey => {
            ManageAction::LinkEid { means, identity, relying_party: RELYING_PARTY.to_owned(), registration }
        }
        MeansProfile::DeviceKey => ManageAction::LinkDeviceKey { identity, key: registration },
        MeansProfile::PinTotp => ManageAction::LinkPinTotp { identity, registration },
        MeansProfile::Oidc => {
            ManageAction::LinkOidc { identity, provider: Provider::id(), token: registration }
        }
        MeansProfile::X509 => {
            ManageAction::LinkX509 { identity, issuer: Cards::issuer(), certificate: registration }
        }
    }
}
