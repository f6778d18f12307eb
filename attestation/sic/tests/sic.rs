//! Place: none. The signer's device against real evidence: what it seals, and every refusal by name.
#![allow(missing_docs, reason = "a test")]

#[path = "../../custodian/tests/enclave/mod.rs"]
mod enclave;

use enclave::{NOW, PCRS, TestEnclave, rng};
use fuin_attestation::{Anchors, DevelopmentAnchor, Step};
use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::{Pcr, Purpose as EvidencePurpose};
use fuin_shared::ids::{CaId, CredentialId, Digest32, InstanceId, PersonId, ServiceId, UserId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::manifest::{Custodian, Measurement, ReleaseMode};
use fuin_shared::message::Challenge;
use fuin_shared::phase::Phase;
use fuin_shared::sad::{
    Assertion, AuthorizationEvidence, AuthorizedSad, HashType, LinkSubject, MeansProfile, Purpose, SEAL_INFO,
    Sad, sad_digest, seal_aad,
};
use fuin_shared::statement::HpkeSealed;
use fuin_sic::{Pins, SadRequest, Sic, SicError, TrustedInstance};
use p384::ecdsa::SigningKey;
use p384::elliptic_curve::Generate;
use sha2::{Digest, Sha256};

const NONCE: &[u8] = b"sixteen octets!!";

fn enclave() -> TestEnclave {
    let key = Spki::from(&PublicKey::P384(*SigningKey::generate().verifying_key()));
    let custodian =
        Custodian { id: PersonId::new("custodian").unwrap(), signing: key, sealing: Blob(vec![4; 97]) };
    TestEnclave::of(custodian)
}

fn pins(enclave: &TestEnclave) -> Pins {
    let [pcr0, pcr1, pcr2] = PCRS;
    Pins {
        service: enclave.service(),
        measurement: Measurement { pcr0, pcr1, pcr2 },
        release: ReleaseMode::Durable,
        anchors: Anchors::development(DevelopmentAnchor::from_der(enclave.root_der()).unwrap()),
        allow_development: true,
    }
}

fn evidence(enclave: &TestEnclave) -> Vec<u8> {
    enclave.bundle(Phase::Operational, EvidencePurpose::Service, NONCE)
}

fn trusted(enclave: &TestEnclave) -> TrustedInstance {
    Sic::new(pins(enclave)).unwrap().check_evidence(&evidence(enclave), NONCE, NOW).unwrap()
}

fn challenge(enclave: &TestEnclave) -> Challenge {
    Challenge {
        nonce: Blob(vec![7; 56]),
        instance: enclave.keys().id(),
        expires: NOW + 300,
        means: Some(MeansProfile::Passkey),
        passkey: None,
        hint: None,
    }
}

/// A request with everything in order, and the data it borrows.
struct Wish {
    credential: CredentialId,
    spki: Vec<u8>,
    hashes: Vec<Blob>,
}

impl Wish {
    fn new() -> Self {
        Self {
            credential: CredentialId::new("key-1").unwrap(),
            spki: PublicKey::P384(*SigningKey::generate().verifying_key()).to_spki(),
            hashes: vec![Blob(vec![1; 48]), Blob(vec![2; 48]), Blob(vec![1; 48])],
        }
    }

    fn request(&self) -> SadRequest<'_> {
        SadRequest {
            credential: &self.credential,
            spki: &self.spki,
            purpose: Purpose::Sign,
            hash_type: HashType::Dtbs,
            hashes: &self.hashes,
            hash_algorithm: HashAlgorithm::Sha384,
            signature_algorithm: SignatureAlgorithm::EcdsaSha384,
            now: NOW,
            expires: NOW + 200,
            display: Some(Digest32([8; 32])),
            link: None,
        }
    }
}

fn refused(pins: Pins, bundle: &[u8], nonce: &[u8], now: u64) -> Step {
    match Sic::new(pins).unwrap().check_evidence(bundle, nonce, now).unwrap_err() {
        SicError::Evidence(refusal) => refusal.step(),
        other => panic!("{other}"),
    }
}

#[test]
fn evidence_is_held_against_every_pin() {
    let enclave = enclave();
    let good = || pins(&enclave);
    let bundle = evidence(&enclave);
    assert_eq!(*trusted(&enclave).id(), enclave.keys().id());
    assert_eq!(refused(Pins { service: ServiceId([0; 32]), ..good() }, &bundle, NONCE, NOW), Step::Service);
    let measurement = Measurement { pcr0: PCRS[0], pcr1: PCRS[1], pcr2: Pcr([9; 48]) };
    assert_eq!(refused(Pins { measurement, ..good() }, &bundle, NONCE, NOW), Step::Measurement);
    assert_eq!(
        refused(Pins { release: ReleaseMode::Cosigned, ..good() }, &bundle, NONCE, NOW),
        Step::Release
    );
    assert_eq!(refused(Pins { allow_development: false, ..good() }, &bundle, NONCE, NOW), Step::Development);
    assert_eq!(refused(Pins { anchors: Anchors::production(), ..good() }, &bundle, NONCE, NOW), Step::Anchor);
    assert_eq!(refused(good(), &bundle, b"another nonce...", NOW), Step::Nonce);
    assert_eq!(refused(good(), &bundle, NONCE, NOW + 700), Step::Freshness);
    for phase in [Phase::Booted, Phase::Uninitialized, Phase::Recovering, Phase::Halted] {
        let bundle = enclave.bundle(phase, EvidencePurpose::Service, NONCE);
        assert_eq!(refused(good(), &bundle, NONCE, NOW), Step::Phase, "{phase}");
    }
    let bundle = enclave.bundle(Phase::Operational, EvidencePurpose::Kms, NONCE);
    assert_eq!(refused(good(), &bundle, NONCE, NOW), Step::Phase);
}

#[test]
fn a_pin_that_checks_nothing_is_refused() {
    let zero = Pcr([0; 48]);
    let measurement = Measurement { pcr0: zero, pcr1: zero, pcr2: zero };
    assert!(matches!(Sic::new(Pins { measurement, ..pins(&enclave()) }), Err(SicError::Evidence(_))));
}

#[test]
fn the_sad_carries_what_was_checked_and_wished() {
    let enclave = enclave();
    let wish = Wish::new();
    let sad = trusted(&enclave).build_sad(&challenge(&enclave), wish.request()).unwrap();
    assert_eq!(sad.service, enclave.service());
    assert_eq!(sad.instance, enclave.keys().id());
    assert_eq!(sad.spki, Digest32(Sha256::digest(&wish.spki).into()));
    assert_eq!((sad.count, &sad.hashes), (3, &wish.hashes));
    assert_eq!(sad.nonce, challenge(&enclave).nonce);
    assert_eq!(codec::decode::<Sad>(&sad.to_bytes()).unwrap(), sad);
}

#[test]
fn a_challenge_of_another_instance_is_refused() {
    let enclave = enclave();
    let foreign = Challenge { instance: InstanceId([3; 32]), ..challenge(&enclave) };
    assert_eq!(
        trusted(&enclave).build_sad(&foreign, Wish::new().request()),
        Err(SicError::ForeignChallenge { challenge: InstanceId([3; 32]), evidence: enclave.keys().id() })
    );
}

#[test]
fn requests_whose_fields_do_not_fit_are_refused() {
    let enclave = enclave();
    let instance = trusted(&enclave);
    let wish = Wish::new();
    let build = |request: SadRequest<'_>| instance.build_sad(&challenge(&enclave), request).unwrap_err();
    let good = || wish.request();
    let short = [Blob(vec![1; 32])];
    assert_eq!(
        build(SadRequest { hashes: &short, ..good() }),
        SicError::HashLength { index: 0, got: 32, wanted: 48 }
    );
    assert!(matches!(build(SadRequest { hashes: &[], ..good() }), SicError::HashCount { got: 0, .. }));
    assert!(matches!(
        build(SadRequest { purpose: Purpose::Pop, ..good() }),
        SicError::HashCount { got: 3, .. }
    ));
    assert!(matches!(build(SadRequest { purpose: Purpose::Delete, ..good() }), SicError::HashCount { .. }));
    let other = SignatureAlgorithm::EcdsaSha256;
    assert_eq!(build(SadRequest { signature_algorithm: other, ..good() }), SicError::Algorithm);
    assert_eq!(build(SadRequest { spki: b"no key", ..good() }), SicError::Spki);
    assert_eq!(build(SadRequest { expires: NOW, ..good() }), SicError::Expires);
    assert_eq!(build(SadRequest { expires: NOW + 3601, ..good() }), SicError::Expires);
    let link = LinkSubject {
        user: UserId::new("user").unwrap(),
        authority: CaId::new("ca").unwrap(),
        identity: Digest32([0; 32]),
    };
    assert_eq!(build(SadRequest { link: Some(link.clone()), ..good() }), SicError::Link);
    assert_eq!(build(SadRequest { purpose: Purpose::Link, hashes: &[], ..good() }), SicError::Link);
    let linking = SadRequest { purpose: Purpose::Link, hashes: &[], link: Some(link), ..good() };
    assert!(instance.build_sad(&challenge(&enclave), linking).is_ok());
    let empty = Challenge { nonce: Blob(Vec::new()), ..challenge(&enclave) };
    assert_eq!(instance.build_sad(&empty, good()), Err(SicError::Nonce));
}

#[test]
fn sealed_evidence_opens_in_the_instance_with_its_associated_data_only() {
    let enclave = enclave();
    let instance = trusted(&enclave);
    let sad = instance.build_sad(&challenge(&enclave), Wish::new().request()).unwrap();
    let assertion =
        Assertion::PasskeyRegistration { client_data: Blob(vec![1]), attestation_object: Blob(vec![2]) };
    let sealed = instance.seal(&sad, assertion.clone(), &mut rng()).unwrap();
    let again = instance.seal(&sad, assertion.clone(), &mut rng()).unwrap();
    assert_ne!(sealed, again);
    let AuthorizationEvidence::Sealed { instance: id, sad_digest: digest, encapsulated, ciphertext } = sealed
    else {
        panic!("sealed")
    };
    assert_eq!((id, digest), (enclave.keys().id(), sad_digest(&sad.to_bytes())));
    let sealed = HpkeSealed { encapsulated, ciphertext };
    let plain = enclave.open(&sealed, SEAL_INFO, &seal_aad(&id, &digest)).unwrap();
    let inside: AuthorizedSad = codec::decode(&plain).unwrap();
    assert_eq!((inside.sad.0, inside.assertion), (sad.to_bytes(), assertion));
    assert!(enclave.open(&sealed, SEAL_INFO, &seal_aad(&id, &Digest32([0; 32]))).is_none());
    assert!(enclave.open(&sealed, SEAL_INFO, &seal_aad(&InstanceId([0; 32]), &digest)).is_none());
    assert!(enclave.open(&sealed, b"other", &seal_aad(&id, &digest)).is_none());
    let mut restarted = enclave;
    restarted.restart();
    assert!(restarted.open(&sealed, SEAL_INFO, &seal_aad(&id, &digest)).is_none());
}
