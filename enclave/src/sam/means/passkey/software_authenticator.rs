//! Place: SAM. Test: registration and assertion by an authenticator that others wrote: the crate passkey-authenticator.

use super::maker::{CHALLENGE, ORIGIN, RELYING_PARTY, client_data, origins};
use super::*;
use passkey_authenticator::{Authenticator, MemoryStore, UiHint, UserCheck, UserValidationMethod};
use passkey_crypto::{AvailableBackend, iana};
use passkey_types::ctap2::{Aaguid, Ctap2Error, get_assertion, make_credential};
use passkey_types::webauthn::{
    PublicKeyCredentialDescriptor, PublicKeyCredentialParameters, PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// A user who is there, and verified or not.
struct User {
    verified: bool,
}

impl UserValidationMethod for User {
    type PasskeyItem = passkey_types::Passkey;

    fn check_user<'a, 'life0, 'async_trait>(
        &'life0 self,
        _hint: UiHint<'a, Self::PasskeyItem>,
        presence: bool,
        _verification: bool,
    ) -> Pin<Box<dyn Future<Output = Result<UserCheck, Ctap2Error>> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        let check = UserCheck { presence, verification: self.verified };
        Box::pin(std::future::ready(Ok(check)))
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

type Software = Authenticator<MemoryStore, User, AvailableBackend>;

fn authenticator(counter: bool) -> Software {
    let mut made = Authenticator::new(
        Aaguid::new_empty(),
        MemoryStore::new(),
        User { verified: true },
        AvailableBackend,
    );
    made.set_make_credentials_with_signature_counter(counter);
    made
}

/// Runs a future that never waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the software authenticator waits"),
    }
}

fn create(authenticator: &mut Software) -> Assertion {
    let client_data = client_data("webauthn.create");
    let request = make_credential::Request {
        client_data_hash: Sha256::digest(&client_data).to_vec().into(),
        rp: make_credential::PublicKeyCredentialRpEntity { id: RELYING_PARTY.into(), name: None },
        user: PublicKeyCredentialUserEntity {
            id: vec![1; 16].into(),
            display_name: "Taro".into(),
            name: "taro".into(),
        },
        pub_key_cred_params: vec![PublicKeyCredentialParameters {
            ty: PublicKeyCredentialType::PublicKey,
            alg: iana::Algorithm::ES256,
        }],
        exclude_list: None,
        extensions: None,
        options: make_credential::Options { rk: true, up: true, uv: true },
        pin_auth: None,
        pin_protocol: None,
    };
    let response = now(authenticator.make_credential(request)).unwrap();
    Assertion::PasskeyRegistration {
        client_data: client_data.into_bytes().into(),
        attestation_object: response.as_webauthn_bytes().to_vec().into(),
    }
}

fn get(authenticator: &mut Software, credential: &[u8], verify_user: bool) -> Assertion {
    let client_data = client_data("webauthn.get");
    let request = get_assertion::Request {
        rp_id: RELYING_PARTY.into(),
        client_data_hash: Sha256::digest(&client_data).to_vec().into(),
        allow_list: Some(vec![PublicKeyCredentialDescriptor {
            ty: PublicKeyCredentialType::PublicKey,
            id: credential.to_vec().into(),
            transports: None,
        }]),
        extensions: None,
        options: get_assertion::Options { up: true, uv: verify_user },
        pin_auth: None,
        pin_protocol: None,
    };
    let response = now(authenticator.get_assertion(request)).unwrap();
    Assertion::Passkey {
        credential_id: credential.into(),
        client_data: client_data.into_bytes().into(),
        authenticator_data: response.auth_data.to_vec().into(),
        signature: response.signature.to_vec().into(),
    }
}

#[test]
fn a_software_authenticator_registers_and_asserts() {
    let mut authenticator = authenticator(true);
    let passkey = register(&create(&mut authenticator), RELYING_PARTY, &origins(), &CHALLENGE).unwrap();
    assert_eq!(passkey.attestation_format, AttestationFormat::None);
    assert!(passkey.origins.iter().any(|o| o == ORIGIN));
    let first = get(&mut authenticator, passkey.credential_id.as_slice(), true);
    let counter = verify(&passkey, passkey.counter, &first, &CHALLENGE).unwrap();
    assert!(counter > passkey.counter);
    // The same answer again.
    assert_eq!(verify(&passkey, counter, &first, &CHALLENGE), Err(Fault::AssertionCounter));
    let second = get(&mut authenticator, passkey.credential_id.as_slice(), true);
    assert!(verify(&passkey, counter, &second, &CHALLENGE).unwrap() > counter);
}

#[test]
fn a_software_authenticator_without_counter_stays_at_zero() {
    let mut authenticator = authenticator(false);
    let passkey = register(&create(&mut authenticator), RELYING_PARTY, &origins(), &CHALLENGE).unwrap();
    for _ in 0..2 {
        let answer = get(&mut authenticator, passkey.credential_id.as_slice(), true);
        assert_eq!(verify(&passkey, 0, &answer, &CHALLENGE), Ok(0));
    }
}

#[test]
fn a_software_authenticator_that_answers_another_sad_is_refused() {
    let mut authenticator = authenticator(true);
    let registration = create(&mut authenticator);
    let other = Digest32([8; 32]);
    let refused = register(&registration, RELYING_PARTY, &origins(), &other);
    assert_eq!(refused, Err(Fault::AssertionChallenge));
    let passkey = register(&registration, RELYING_PARTY, &origins(), &CHALLENGE).unwrap();
    let answer = get(&mut authenticator, passkey.credential_id.as_slice(), true);
    assert_eq!(verify(&passkey, passkey.counter, &answer, &other), Err(Fault::AssertionChallenge));
}

#[test]
fn a_software_authenticator_that_did_not_verify_its_user_is_refused() {
    let mut unverified = Authenticator::new(
        Aaguid::new_empty(),
        MemoryStore::new(),
        User { verified: true },
        AvailableBackend,
    );
    let passkey = register(&create(&mut unverified), RELYING_PARTY, &origins(), &CHALLENGE).unwrap();
    let store = unverified.store().clone();
    let mut unverified =
        Authenticator::new(Aaguid::new_empty(), store, User { verified: false }, AvailableBackend);
    let answer = get(&mut unverified, passkey.credential_id.as_slice(), false);
    assert_eq!(verify(&passkey, passkey.counter, &answer, &CHALLENGE), Err(Fault::AssertionFlags));
}
