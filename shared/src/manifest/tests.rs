//! Place: none. Manifests: who may be what, and how one follows another.

use super::*;
use crate::ids::{MeansId, StatementId};
use crate::key::PublicKey;
use crate::log::receipt::ReceiptOpening;
use crate::log::tlog_proof::MAX_EXTRA;
use crate::pki::forge::{Forge, Key};
use crate::statement::{Body, SignedStatement};
use alloc::vec;
use means::{IdentityProvider, ProviderKey, X509Issuer};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn spki(seed: u8) -> Spki {
    Spki::from(&PublicKey::P256(*key(seed).verifying_key()))
}

fn id(name: &str) -> PersonId {
    PersonId::new(name).unwrap()
}

fn sign(seed: u8, message: &[u8]) -> Blob {
    let signature: Signature = key(seed).sign(message);
    signature.to_der().as_bytes().into()
}

/// Officers `ada` (1) and `ben` (2), both needed; custodians `kei` (3) and `lea` (4), one needed.
fn manifest() -> Manifest {
    let custodian = |name, seed| Custodian { id: id(name), signing: spki(seed), sealing: vec![4; 97].into() };
    let pcr = Pcr([1; 48]);
    Manifest {
        version: 1,
        name: "Test".into(),
        development: true,
        not_after: 1000,
        evidence_anchors: vec![vec![1].into()],
        measurements: vec![Measurement { pcr0: pcr, pcr1: pcr, pcr2: pcr }],
        officers: vec![Officer { id: id("ada"), key: spki(1) }, Officer { id: id("ben"), key: spki(2) }],
        officer_quorum: 2,
        custodians: vec![custodian("kei", 3), custodian("lea", 4)],
        share_threshold: 1,
        ra_clients: vec![RaClient {
            id: RaClientId::new("ra").unwrap(),
            proof_key: spki(5),
            authorities: Vec::new(),
            relying_parties: Vec::new(),
        }],
        authorities: Vec::new(),
        release: ReleaseMode::Durable,
        algorithms: Vec::new(),
        limits: Limits::default(),
        ledger_prefix: "ledger.example".into(),
        witnesses: None,
        means: None,
        operators: vec![Staff { id: id("omi"), key: spki(6) }],
        auditors: vec![Auditor { id: id("rin"), key: spki(7), sealing: None }],
        seals: None,
    }
}

fn founded() -> (Blob, Manifest, ManifestHash) {
    let (manifest, octets) = (manifest(), codec::encode(&manifest()));
    let message = SignedManifest::message(&octets);
    let signatures = [("ada", 1), ("ben", 2)]
        .map(|(name, seed)| OfficerSignature { officer: id(name), signature: sign(seed, &message) })
        .to_vec();
    let hash = manifest_hash(&octets);
    (codec::encode(&SignedManifest { manifest: octets.into(), signatures }).into(), manifest, hash)
}

fn approval(next: &Manifest, previous: ManifestHash, statement: u8) -> ManifestApproval {
    ManifestApproval {
        service: ServiceId(founded().2.0),
        ledger: "ledger.example/1".into(),
        previous,
        manifest: manifest_hash(&codec::encode(next)),
        statement: StatementId([statement; 16]),
        not_after: 900,
    }
}

fn state<B: Body>(name: &str, seed: u8, body: &B) -> Blob {
    let octets = codec::encode(body);
    let signature = sign(seed, &SignedStatement::message::<B>(&octets));
    codec::encode(&SignedStatement { body: octets.into(), signer: id(name), signature }).into()
}

fn change(next: &Manifest, previous: ManifestHash) -> ManifestChange {
    let approvals = [("ada", 1), ("ben", 2)]
        .map(|(name, seed)| state(name, seed, &approval(next, previous, seed)))
        .to_vec();
    ManifestChange { manifest: codec::encode(next).into(), approvals }
}

#[test]
fn the_sample_keeps_the_rules() {
    assert_eq!(manifest().check(), Ok(()));
    assert_eq!(manifest().holders().count(), 7);
}

#[test]
fn no_two_officers_have_the_same_key() {
    let mut manifest = manifest();
    put(&mut manifest, Role::Officer, "eve", spki(1));
    assert_eq!(manifest.check(), Err(ManifestError::Rule("no two entries may have the same key")));
}

#[test]
fn the_hashes_of_a_sad_are_limited_to_what_a_receipt_holds() {
    let limited = |hashes| Manifest { limits: Limits { hashes, ..Limits::default() }, ..manifest() }.check();
    assert_eq!(limited(1), Ok(()));
    assert_eq!(limited(MAX_HASHES), Ok(()));
    for hashes in [0, MAX_HASHES + 1, u32::MAX] {
        assert_eq!(limited(hashes), Err(ManifestError::Rule("limits.hashes must be 1 to 2048")), "{hashes}");
    }
}

#[test]
fn means_are_for_clients_that_are_listed() {
    let key = Key::p256(1);
    let named = |x509: &str, provider: &str| {
        let issuer = X509Issuer {
            id: MeansId::new("cards").unwrap(),
            clients: vec![RaClientId::new(x509).unwrap()],
            anchors: vec![Forge::ca("CA", "CA", &key, None).der(&key).into()],
            policies: Vec::new(),
            content_commitment: false,
            status_seconds: 3600,
        };
        let provider = IdentityProvider {
            id: MeansId::new("idp").unwrap(),
            clients: vec![RaClientId::new(provider).unwrap()],
            issuer: "https://idp.example".into(),
            audience: "fuin".into(),
            keys: vec![ProviderKey { id: "k".into(), key: spki(1) }],
            acr: vec!["high".into()],
            amr: Vec::new(),
            shows_transaction: false,
            token_seconds: 600,
        };
        let means = MeansPolicy { x509: vec![issuer], providers: vec![provider], pin_totp: Vec::new() };
        Manifest { means: Some(means), ..manifest() }.check()
    };
    assert_eq!(named("ra", "ra"), Ok(()));
    let unlisted = "means.x509 or means.providers names a client that is not among ra_clients";
    assert_eq!(named("other", "ra"), Err(ManifestError::Rule(unlisted)));
    assert_eq!(named("ra", "other"), Err(ManifestError::Rule(unlisted)));
}

/// The most hashes that a manifest may allow, each with its salt and one more for the certificate.
#[test]
fn a_receipt_of_the_most_hashes_can_be_read() {
    let salts = vec![Blob(vec![0xff; 16]); MAX_HASHES as usize + 1];
    let opening = ReceiptOpening { event: vec![0; 1024].into(), salts };
    assert!(codec::encode(&opening).len() <= MAX_EXTRA);
}

/// Puts somebody with this name and key into a role.
fn put(manifest: &mut Manifest, role: Role, name: &str, key: Spki) {
    match role {
        Role::Officer => manifest.officers.push(Officer { id: id(name), key }),
        Role::Custodian => {
            manifest.custodians.push(Custodian { id: id(name), signing: key, sealing: vec![4; 97].into() });
        }
        Role::Operator => manifest.operators.push(Staff { id: id(name), key }),
        Role::Auditor => manifest.auditors.push(Auditor { id: id(name), key, sealing: None }),
        _ => manifest.ra_clients.push(RaClient {
            id: RaClientId::new(name).unwrap(),
            proof_key: key,
            authorities: Vec::new(),
            relying_parties: Vec::new(),
        }),
    }
}

/// Every pair of roles that the manifest names, by the same name with two keys, and by two names with the same key.
#[test]
fn nobody_stands_for_two_roles_that_conflict() {
    let named = [Role::Officer, Role::Custodian, Role::Operator, Role::Auditor, Role::RaClient];
    for first in named {
        for second in named {
            let (mut by_name, mut by_key) = (manifest(), manifest());
            put(&mut by_name, first, "same", spki(20));
            put(&mut by_name, second, "same", spki(21));
            put(&mut by_key, first, "one", spki(20));
            put(&mut by_key, second, "two", spki(20));
            let (name, key) = (by_name.check(), by_key.check());
            if first.conflicts_with(second) {
                assert!(matches!(name, Err(ManifestError::Conflict { .. })), "{first}, {second}: {name:?}");
                assert!(matches!(key, Err(ManifestError::Conflict { .. })), "{first}, {second}: {key:?}");
            } else {
                assert_eq!(name.is_ok(), first != second, "{first}, {second}: {name:?}");
                assert!(matches!(key, Err(ManifestError::Rule(_))), "{first}, {second}: {key:?}");
            }
        }
    }
}

#[test]
fn whom_the_manifest_names_is_no_signer() {
    let manifest = manifest();
    for role in [Role::Signer, Role::SealApprover] {
        for (name, seed) in [("ada", 1), ("kei", 3), ("omi", 6), ("rin", 7), ("ra", 5)] {
            assert!(manifest.conflicts(role, Some(name), None), "{name}");
            assert!(manifest.conflicts(role, None, Some(&spki(seed))), "{name}");
        }
        assert!(!manifest.conflicts(role, Some("hanako"), Some(&spki(30))));
    }
    assert!(!manifest.conflicts(Role::Custodian, Some("ada"), None));
}

#[test]
fn a_history_holds_link_by_link() {
    let (first, one, hash) = founded();
    let two = Manifest { version: 2, not_after: 2000, ..one.clone() };
    let three = Manifest { version: 5, not_after: 3000, ..one };
    let to_two = change(&two, hash);
    let to_three = change(&three, to_two.as_signed().hash());
    let history = |changes: &[&ManifestChange]| ManifestHistory {
        first: first.clone(),
        changes: changes.iter().map(|c| (*c).clone()).collect(),
    };
    let (service, found) = newest(&history(&[&to_two, &to_three])).unwrap();
    assert_eq!((service.0, found.manifest.version), (hash.0, 5));
    assert_eq!(newest(&history(&[])).unwrap().1.hash, hash);
    assert_eq!(newest(&history(&[&to_three])), Err(Fault::StatementForeign));
    assert_eq!(newest(&history(&[&to_two, &to_two])), Err(Fault::ManifestForeign));
    assert_eq!(newest(&history(&[&to_three, &to_two])), Err(Fault::StatementForeign));
    let mut surplus = to_two.clone();
    surplus.approvals.push(Blob(vec![1]));
    assert_eq!(newest(&history(&[&surplus])), Err(Fault::StatementMalformed), "more approvals than officers");
    let mut unsigned = to_two.clone();
    unsigned.approvals.pop();
    assert_eq!(newest(&history(&[&unsigned])), Err(Fault::ManifestSignature));
    let later = ManifestHistory { first: codec::encode(&to_two.as_signed()).into(), changes: Vec::new() };
    assert_eq!(newest(&later), Err(Fault::ManifestSignature));
    assert_eq!(newest(&ManifestHistory { first: Blob::default(), ..later }), Err(Fault::ManifestMalformed));
}

#[test]
fn what_is_fixed_stays() {
    let now = manifest();
    let next = |change: &dyn Fn(&mut Manifest)| {
        let mut next = Manifest { version: 2, ..manifest() };
        change(&mut next);
        now.check_successor(&next)
    };
    assert_eq!(next(&|_| ()), Ok(()));
    assert_eq!(next(&|m| drop(m.custodians.pop())), Ok(()));
    assert_eq!(next(&|m| m.version = 1), Err(ManifestError::NotNewer));
    let fixed: [&dyn Fn(&mut Manifest); 7] = [
        &|m| m.name.push('x'),
        &|m| m.development = false,
        &|m| m.evidence_anchors.clear(),
        &|m| m.ledger_prefix.push('x'),
        &|m| m.share_threshold = 2,
        &|m| m.custodians[0].sealing = vec![5; 97].into(),
        &|m| put(m, Role::Custodian, "mio", spki(30)),
    ];
    for change in fixed {
        assert!(matches!(next(change), Err(ManifestError::Fixed(_))));
    }
    assert_eq!(next(&|m| m.release = ReleaseMode::Cosigned), Err(ManifestError::Witnesses));
    let policy = WitnessPolicy { witnesses: Vec::new(), threshold: 1, faults: 0 };
    assert_eq!(next(&|m| m.witnesses = Some(policy.clone())), Err(ManifestError::Witnesses));
}

/// What a manifest without staff was encoded as before there could be any.
#[test]
fn absent_staff_is_not_written() {
    let without = Manifest { operators: Vec::new(), auditors: Vec::new(), ..manifest() };
    let octets = codec::encode(&without);
    assert!(!octets.windows(9).any(|w| w == b"operators"));
    assert_eq!(codec::decode::<Manifest>(&octets), Ok(without));
    let octets = codec::encode(&manifest());
    assert_eq!(codec::decode::<Manifest>(&octets), Ok(manifest()));
}
