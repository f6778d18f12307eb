//! Place: SAM. What the manifest says of eID means that others issue, certificates and ID tokens, and of those that can be
//! guessed (design section 4).

use crate::bytes::Blob;
use crate::ids::{MeansId, RaClientId};
use crate::key::Spki;
use crate::pki::Certificate;
use alloc::string::String;
use alloc::vec::Vec;
use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};

/// Most entries of a list.
const MAX_LIST: usize = 16;
/// Longest text of an entry in octets.
const MAX_TEXT: usize = 256;
/// Longest `kid` of a token that the SAM reads, octets.
pub const MAX_KEY_ID: usize = 64;
/// Longest age of a revocation status, seconds: a week.
const MAX_STATUS_AGE: u32 = 7 * 86_400;
/// Longest life of an ID token, seconds: a day.
const MAX_TOKEN_LIFE: u32 = 86_400;

/// Who issues the eID means of signers, and whose signers may use what can be guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeansPolicy {
    /// Issuers of authentication certificates.
    pub x509: Vec<X509Issuer>,
    /// OpenID providers.
    pub providers: Vec<IdentityProvider>,
    /// RA/CA clients whose signers may use a PIN with one-time passwords.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pin_totp: Vec<RaClientId>,
}

/// An issuer of authentication certificates, such as a national eID scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct X509Issuer {
    /// Name.
    pub id: MeansId,
    /// RA/CA clients whose signers may use it.
    pub clients: Vec<RaClientId>,
    /// Anchors: certificates in DER.
    pub anchors: Vec<Blob>,
    /// Certificate policies, dotted: the signer's certificate must have one of them. Any will do if there is none.
    pub policies: Vec<String>,
    /// Whether certificates for content commitment (nonRepudiation) alone are taken beside those for authentication.
    pub content_commitment: bool,
    /// Longest age of a revocation status, seconds.
    pub status_seconds: u32,
}

/// An OpenID provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProvider {
    /// Name.
    pub id: MeansId,
    /// RA/CA clients whose signers may use it.
    pub clients: Vec<RaClientId>,
    /// Claim `iss`.
    pub issuer: String,
    /// Claim `aud`, the only one.
    pub audience: String,
    /// Keys that sign ID tokens.
    pub keys: Vec<ProviderKey>,
    /// Claim `acr`: one of these.
    pub acr: Vec<String>,
    /// Claim `amr`: all of these.
    pub amr: Vec<String>,
    /// Whether the provider shows the signer what is authorized before it authenticates: SCAL 2 then, else SCAL 1.
    pub shows_transaction: bool,
    /// Longest life of an ID token, seconds.
    pub token_seconds: u32,
}

/// A key of an OpenID provider, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderKey {
    /// `kid`.
    pub id: String,
    /// P-256 for ES256, P-384 for ES384.
    pub key: Spki,
}

impl MeansPolicy {
    /// The issuer of this name, if it is open to this client.
    #[must_use]
    pub fn x509_issuer(&self, id: &MeansId, client: &RaClientId) -> Option<&X509Issuer> {
        self.x509.iter().find(|issuer| &issuer.id == id && issuer.clients.contains(client))
    }

    /// The provider of this name, if it is open to this client.
    #[must_use]
    pub fn provider(&self, id: &MeansId, client: &RaClientId) -> Option<&IdentityProvider> {
        self.providers.iter().find(|provider| &provider.id == id && provider.clients.contains(client))
    }

    /// Whether signers of this client may use a PIN with one-time passwords.
    #[must_use]
    pub fn takes_pin_totp(&self, client: &RaClientId) -> bool {
        self.pin_totp.contains(client)
    }

    /// The RA/CA clients that it names.
    pub(super) fn clients(&self) -> impl Iterator<Item = &RaClientId> {
        let x509 = self.x509.iter().flat_map(|issuer| &issuer.clients);
        x509.chain(self.providers.iter().flat_map(|provider| &provider.clients)).chain(&self.pin_totp)
    }

    /// Checks what holds of every policy; says which rule is broken.
    ///
    /// # Errors
    /// A sentence for whoever wrote the manifest.
    pub fn check(&self) -> Result<(), &'static str> {
        let names = self.x509.iter().map(|i| &i.id).chain(self.providers.iter().map(|p| &p.id));
        if !super::unique(names) || self.x509.len() > MAX_LIST || self.providers.len() > MAX_LIST {
            return Err("means must have different names, at most 16 of a kind");
        }
        if self.pin_totp.len() > MAX_LIST || !super::unique(self.pin_totp.iter()) {
            return Err("pin_totp may name at most 16 clients, each once");
        }
        self.x509.iter().try_for_each(X509Issuer::check)?;
        self.providers.iter().try_for_each(IdentityProvider::check)
    }
}

impl X509Issuer {
    fn check(&self) -> Result<(), &'static str> {
        if self.clients.len() > MAX_LIST || self.policies.len() > MAX_LIST {
            return Err("an x509 issuer may have at most 16 clients and policies");
        }
        if !(1..=MAX_LIST).contains(&self.anchors.len())
            || !self.anchors.iter().all(|der| Certificate::from_der(der.as_slice()).is_ok())
        {
            return Err("an x509 issuer needs 1 to 16 anchors, each a certificate in DER");
        }
        if !self.policies.iter().all(|oid| ObjectIdentifier::new(oid).is_ok()) {
            return Err("policies of an x509 issuer must be dotted object identifiers");
        }
        if !(1..=MAX_STATUS_AGE).contains(&self.status_seconds) {
            return Err("status_seconds must be 1 to 604800");
        }
        Ok(())
    }
}

impl IdentityProvider {
    fn check(&self) -> Result<(), &'static str> {
        if !(1..=MAX_LIST).contains(&self.keys.len())
            || !super::unique(self.keys.iter().map(|key| &key.id))
            || !self.keys.iter().all(|key| key.key.key().is_ok())
        {
            return Err("a provider needs 1 to 16 keys, P-256 or P-384, with different ids");
        }
        if !self.keys.iter().all(|key| (1..=MAX_KEY_ID).contains(&key.id.len())) {
            return Err("the id of a provider's key must have 1 to 64 octets");
        }
        if !text(&self.issuer) || !text(&self.audience) {
            return Err("issuer and audience of a provider must have 1 to 256 octets");
        }
        if !(1..=MAX_LIST).contains(&self.acr.len())
            || self.amr.len() > MAX_LIST
            || self.clients.len() > MAX_LIST
            || !self.acr.iter().chain(&self.amr).all(|value| text(value))
        {
            return Err("a provider needs 1 to 16 values of acr, and may have 16 of amr and 16 clients");
        }
        if !(1..=MAX_TOKEN_LIFE).contains(&self.token_seconds) {
            return Err("token_seconds must be 1 to 86400");
        }
        Ok(())
    }
}

fn text(value: &str) -> bool {
    (1..=MAX_TEXT).contains(&value.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::forge::{Forge, Key};
    use alloc::vec;

    fn issuer() -> X509Issuer {
        let key = Key::p256(1);
        X509Issuer {
            id: MeansId::new("cards").unwrap(),
            clients: vec![RaClientId::new("ra").unwrap()],
            anchors: vec![Forge::ca("CA", "CA", &key, None).der(&key).into()],
            policies: vec!["1.2.3.4".into()],
            content_commitment: false,
            status_seconds: 3600,
        }
    }

    fn provider() -> IdentityProvider {
        IdentityProvider {
            id: MeansId::new("idp").unwrap(),
            clients: vec![RaClientId::new("ra").unwrap()],
            issuer: "https://idp.example".into(),
            audience: "fuin".into(),
            keys: vec![ProviderKey { id: "k".into(), key: Spki(Key::p384(1).spki().into()) }],
            acr: vec!["high".into()],
            amr: vec!["hwk".into()],
            shows_transaction: false,
            token_seconds: 600,
        }
    }

    fn policy(x509: X509Issuer, provider: IdentityProvider) -> MeansPolicy {
        MeansPolicy { x509: vec![x509], providers: vec![provider], pin_totp: Vec::new() }
    }

    #[test]
    fn a_good_policy_is_taken_and_read_for_its_clients_only() {
        let policy = policy(issuer(), provider());
        assert_eq!(policy.check(), Ok(()));
        let (ra, other) = (RaClientId::new("ra").unwrap(), RaClientId::new("other").unwrap());
        assert!(policy.x509_issuer(&issuer().id, &ra).is_some());
        assert!(policy.x509_issuer(&issuer().id, &other).is_none());
        assert!(policy.x509_issuer(&provider().id, &ra).is_none());
        assert!(policy.provider(&provider().id, &ra).is_some());
        assert!(policy.provider(&provider().id, &other).is_none());
    }

    #[test]
    fn pins_are_taken_from_signers_of_the_clients_named_and_of_no_others() {
        let named = |count: usize| {
            let pin_totp = (0..count).map(|n| RaClientId::new(alloc::format!("ra-{n}")).unwrap()).collect();
            MeansPolicy { pin_totp, ..MeansPolicy::default() }
        };
        let (first, other) = (RaClientId::new("ra-0").unwrap(), RaClientId::new("other").unwrap());
        assert!(!MeansPolicy::default().takes_pin_totp(&first));
        assert!(named(1).takes_pin_totp(&first) && !named(1).takes_pin_totp(&other));
        assert_eq!(named(MAX_LIST).check(), Ok(()));
        assert!(named(MAX_LIST + 1).check().is_err());
        let twice = MeansPolicy { pin_totp: vec![first.clone(), first], ..MeansPolicy::default() };
        assert!(twice.check().is_err());
    }

    #[test]
    fn rules_of_x509_issuers() {
        let refused = |change: fn(&mut X509Issuer)| {
            let mut changed = issuer();
            change(&mut changed);
            assert!(policy(changed, provider()).check().is_err());
        };
        refused(|i| i.anchors.clear());
        refused(|i| i.anchors = vec![vec![0x30, 0].into()]);
        refused(|i| i.policies = vec!["email".into()]);
        refused(|i| i.status_seconds = 0);
        refused(|i| i.status_seconds = MAX_STATUS_AGE + 1);
        refused(|i| i.id = MeansId::new("idp").unwrap());
    }

    #[test]
    fn a_key_id_that_no_token_can_have_is_refused() {
        let mut longest = provider();
        longest.keys[0].id = "k".repeat(MAX_KEY_ID);
        assert_eq!(policy(issuer(), longest.clone()).check(), Ok(()));
        for id in ["k".repeat(MAX_KEY_ID + 1), String::new()] {
            longest.keys[0].id = id;
            let refused = policy(issuer(), longest.clone()).check();
            assert_eq!(refused, Err("the id of a provider's key must have 1 to 64 octets"));
        }
    }

    #[test]
    fn rules_of_providers() {
        let refused = |change: fn(&mut IdentityProvider)| {
            let mut changed = provider();
            change(&mut changed);
            assert!(policy(issuer(), changed).check().is_err());
        };
        refused(|p| p.keys.clear());
        refused(|p| p.keys.push(p.keys[0].clone()));
        refused(|p| p.keys[0].key = Spki(vec![0x30, 0].into()));
        refused(|p| p.issuer = String::new());
        refused(|p| p.audience = "a".repeat(MAX_TEXT + 1));
        refused(|p| p.acr.clear());
        refused(|p| p.amr = vec![String::new()]);
        refused(|p| p.token_seconds = 0);
        refused(|p| p.token_seconds = MAX_TOKEN_LIFE + 1);
    }
}
