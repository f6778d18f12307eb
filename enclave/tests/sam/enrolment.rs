//! Place: SAM. The key life cycle: each command in each wrong state, by the wrong client, with the wrong proof.

use super::passkey::TestPasskey;
use super::people::{Authority, Person};
use super::world::{
    Enrolled, START, SUBJECT, World, evidence, generate_action, hash, link_action, pop_action,
};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CaId, CredentialId, Digest32, ServiceId};
use fuin_shared::message::{Answer, Command, Manage};
use fuin_shared::sad::Purpose;
use fuin_shared::statement::{ManageAction, ManageStatement};

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

fn generated(world: &mut World) -> Enrolled {
    let key = world.generate("hanako", P256).unwrap();
    Enrolled { id: key.key, spki: key.spki.0, passkey: TestPasskey::new(21) }
}

fn linked(world: &mut World) -> Enrolled {
    let key = generated(world);
    world.link_means(&key).unwrap();
    key
}

/// A proof with one thing changed.
fn refused_proof(change: impl Fn(&mut ManageStatement)) {
    let mut world = World::operational(5);
    let mut statement = world.manage(generate_action("hanako", P256), None);
    change(&mut statement);
    let manage = world.signed_manage(&statement, None);
    assert_eq!(world.call(Command::GenerateKey(manage)), Err(Fault::InvalidProof));
}

#[test]
fn proof_for_another_service_ledger_or_time_is_refused() {
    refused_proof(|s| s.service = ServiceId([0; 32]));
    refused_proof(|s| s.ledger.push('0'));
    refused_proof(|s| s.not_after = START);
    refused_proof(|s| s.not_after += 3600);
    refused_proof(|s| s.action = ManageAction::DeleteKey {});
}

#[test]
fn proof_by_a_stranger_is_refused() {
    let mut world = World::operational(5);
    let statement = world.manage(generate_action("hanako", P256), None);
    for stranger in [Person::new("ra", 66), Person::new("stranger", 66)] {
        let manage = Manage { proof: stranger.prove(&statement), evidence: None, record: None, nonce: None };
        assert_eq!(world.call(Command::GenerateKey(manage)), Err(Fault::InvalidProof));
    }
}

#[test]
fn replayed_proof_is_refused() {
    let mut world = World::operational(5);
    let statement = world.manage(generate_action("hanako", P256), None);
    let manage = world.signed_manage(&statement, None);
    world.call(Command::GenerateKey(manage.clone())).unwrap();
    assert_eq!(world.call(Command::GenerateKey(manage.clone())), Err(Fault::InvalidProof));
    // Nor after another boot: the ledger remembers.
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.call(Command::GenerateKey(manage)), Err(Fault::InvalidProof));
}

#[test]
fn altered_proof_is_refused() {
    let mut world = World::operational(5);
    let statement = world.manage(generate_action("hanako", P256), None);
    let proof = world.ra.prove(&statement);
    for position in (0..proof.len()).step_by(7) {
        let mut octets = proof.clone().into_bytes();
        octets[position] = if octets[position] == b'A' { b'B' } else { b'A' };
        let manage =
            Manage { proof: String::from_utf8(octets).unwrap(), evidence: None, record: None, nonce: None };
        assert_eq!(world.call(Command::GenerateKey(manage)), Err(Fault::InvalidProof), "{position}");
    }
}

#[test]
fn key_for_an_unknown_ca_is_refused() {
    let mut world = World::operational(5);
    let ManageAction::GenerateKey { user, key_algorithm, multisign, subject, .. } =
        generate_action("hanako", P256)
    else {
        panic!()
    };
    let authority = CaId::new("other-ca").unwrap();
    let action = ManageAction::GenerateKey { user, authority, key_algorithm, multisign, subject };
    let statement = world.manage(action, None);
    let manage = world.signed_manage(&statement, None);
    assert_eq!(world.call(Command::GenerateKey(manage)), Err(Fault::UnknownAuthority));
}

#[test]
fn key_of_another_client_is_unknown_to_a_client() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let record = world.store.records.get(&key.id).cloned();
    let manage = Manage { proof: world.other_ra.prove(&statement), evidence: None, record, nonce: None };
    assert_eq!(world.call(Command::DeleteKey(manage)), Err(Fault::UnknownCredential));
}

#[test]
fn record_of_another_key_is_refused() {
    let mut world = World::operational(5);
    let (key, other) = (generated(&mut world), generated(&mut world));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let mut manage = world.signed_manage(&statement, None);
    manage.record = world.store.records.get(&other.id).cloned();
    assert_eq!(world.call(Command::DeleteKey(manage.clone())), Err(Fault::RecordMissing));
    // Renamed by the host: the seal binds the name.
    if let Some(record) = &mut manage.record {
        record.id = key.id.clone();
    }
    assert_eq!(world.call(Command::DeleteKey(manage)), Err(Fault::RecordForeign));
}

#[test]
fn altered_record_is_refused() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let manage = world.signed_manage(&statement, None);
    let length = manage.record.as_ref().unwrap().body.0.len();
    for position in (0..length).step_by(11) {
        let mut altered = manage.clone();
        altered.record.as_mut().unwrap().body.0[position] ^= 1;
        assert_eq!(world.call(Command::DeleteKey(altered)), Err(Fault::RecordForeign));
    }
    let mut altered = manage;
    altered.record.as_mut().unwrap().version += 1;
    assert_eq!(world.call(Command::DeleteKey(altered)), Err(Fault::RecordForeign));
}

#[test]
fn old_record_is_refused() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    let old = world.store.records[&key.id].clone();
    world.link_means(&key).unwrap();
    let statement = world.manage(pop_action(None), Some(&key.id));
    let mut manage = world.signed_manage(&statement, None);
    manage.record = Some(old);
    assert_eq!(world.call(Command::AuthorizePop(manage)), Err(Fault::RecordStale));
}

#[test]
fn proof_for_another_version_is_refused() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    let mut statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    for version in [None, Some(2)] {
        statement.version = version;
        let manage = world.signed_manage(&statement, None);
        assert_eq!(world.call(Command::DeleteKey(manage)), Err(Fault::InvalidProof));
    }
}

#[test]
fn each_command_in_each_wrong_state_is_refused() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    assert_eq!(world.request_info(&key), Err(Fault::InvalidKeyState));
    assert_eq!(world.link_certificate(&key), Err(Fault::InvalidKeyState));
    assert_eq!(world.challenge(&key.id, Purpose::Sign), Err(Fault::CredentialDisabled));
    assert_eq!(world.challenge(&key.id, Purpose::Pop), Err(Fault::InvalidKeyState));
    world.link_means(&key).unwrap();
    assert_eq!(world.challenge(&key.id, Purpose::Link), Err(Fault::InvalidKeyState));
    assert_eq!(world.challenge(&key.id, Purpose::Sign), Err(Fault::CredentialDisabled));
    let token = vec![0; 32].into();
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::CredentialDisabled));
    world.link_certificate(&key).unwrap();
    assert_eq!(world.request_info(&key), Err(Fault::InvalidKeyState));
    assert_eq!(world.link_certificate(&key), Err(Fault::InvalidKeyState));
    assert_eq!(world.challenge(&key.id, Purpose::Pop), Err(Fault::InvalidKeyState));
}

#[test]
fn second_link_of_a_means_is_refused() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    let first = world.sad(&key.id, &key.spki, Purpose::Link, Vec::new());
    world.link_means(&key).unwrap();
    let evidence = evidence(&first, |digest| key.passkey.register(digest));
    let statement = world.manage(link_action(&key.passkey), Some(&key.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::InvalidKeyState));
}

#[test]
fn link_for_another_identity_is_refused() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    let mut sad = world.sad(&key.id, &key.spki, Purpose::Link, Vec::new());
    sad.link.as_mut().unwrap().identity = Digest32([8; 32]);
    let evidence = evidence(&sad, |digest| key.passkey.register(digest));
    let statement = world.manage(link_action(&key.passkey), Some(&key.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::EidMismatch));
}

#[test]
fn link_under_a_relying_party_of_nobody_is_refused() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    let ManageAction::LinkEid { means, identity, registration, .. } = link_action(&key.passkey) else {
        panic!()
    };
    let action =
        ManageAction::LinkEid { means, identity, relying_party: "host.example".to_owned(), registration };
    let statement = world.manage(action, Some(&key.id));
    let manage = world.signed_manage(&statement, None);
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::InvalidProof));
}

#[test]
fn hosts_own_passkey_at_linking_is_refused() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    // The host knows all that the SAD says, and answers it with a registration of its own.
    let sad = world.sad(&key.id, &key.spki, Purpose::Link, Vec::new());
    let evidence = evidence(&sad, |digest| TestPasskey::new(99).register(digest));
    let statement = world.manage(link_action(&key.passkey), Some(&key.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::EidMismatch));
    assert!(world.link_means(&key).is_ok());
}

#[test]
fn link_without_the_signers_evidence_is_refused() {
    let mut world = World::operational(5);
    let key = generated(&mut world);
    let statement = world.manage(link_action(&key.passkey), Some(&key.id));
    let manage = world.signed_manage(&statement, None);
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::SadMalformed));
}

#[test]
fn proof_of_possession_never_signs_a_document() {
    let mut world = World::operational(5);
    let key = linked(&mut world);
    // A contract in place of request information.
    let contract = b"a contract".to_vec();
    assert_eq!(world.sign_request(&key, &contract.into()), Err(Fault::RequestInfoMalformed));
}

#[test]
fn request_with_another_key_is_refused() {
    let mut world = World::operational(5);
    let (key, other) = (linked(&mut world), linked(&mut world));
    let info = world.request_info(&other).unwrap();
    assert_eq!(world.sign_request(&key, &info), Err(Fault::KeyMismatch));
}

#[test]
fn consent_to_another_request_is_refused() {
    let mut world = World::operational(5);
    let key = linked(&mut world);
    let info = world.request_info(&key).unwrap();
    let sad = world.sad(&key.id, &key.spki, Purpose::Pop, vec![hash(1)]);
    let evidence = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(pop_action(Some(info)), Some(&key.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::AuthorizePop(manage)), Err(Fault::SadRequest));
}

#[test]
fn consent_under_another_algorithm_is_refused() {
    let mut world = World::operational(5);
    let key = linked(&mut world);
    let info = world.request_info(&key).unwrap();
    let digest = HashAlgorithm::Sha256.digest(info.as_slice());
    let sad = world.sad(&key.id, &key.spki, Purpose::Pop, vec![digest.into()]);
    let evidence = evidence(&sad, |digest| key.passkey.assert(digest));
    let action = ManageAction::AuthorizePop {
        request_info: Some(info),
        signature_algorithm: SignatureAlgorithm::EcdsaSha512,
    };
    let statement = world.manage(action, Some(&key.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::AuthorizePop(manage)), Err(Fault::SadRequest));
}

#[test]
fn proofs_of_possession_are_counted_and_the_count_survives_a_boot() {
    let mut world = World::operational(5);
    let key = linked(&mut world);
    let info = world.request_info(&key).unwrap();
    for _ in 0..3 {
        assert!(matches!(world.sign_request(&key, &info), Ok(Answer::Request { .. })));
    }
    assert_eq!(world.sign_request(&key, &info), Err(Fault::PopLimit));
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.sign_request(&key, &info), Err(Fault::PopLimit));
}

#[test]
fn refused_request_spends_no_count() {
    let mut world = World::operational(5);
    let key = linked(&mut world);
    let info = world.request_info(&key).unwrap();
    for _ in 0..5 {
        assert_eq!(world.sign_request(&key, &b"x".to_vec().into()), Err(Fault::RequestInfoMalformed));
    }
    assert!(world.sign_request(&key, &info).is_ok());
}

#[test]
fn certificate_of_another_key_is_refused() {
    let mut world = World::operational(5);
    let (key, other) = (linked(&mut world), linked(&mut world));
    let certificate = world.ca.certify(&other.spki, SUBJECT, 900);
    let chain = vec![certificate.into(), world.ca.root.clone().into()];
    assert_eq!(world.link_chain(&key, chain), Err(Fault::KeyMismatch));
}

#[test]
fn certificate_of_another_ca_is_refused() {
    let mut world = World::operational(5);
    let key = linked(&mut world);
    let foreign = Authority::new(66);
    let chain = vec![foreign.certify(&key.spki, SUBJECT, 900).into(), foreign.root.clone().into()];
    assert_eq!(world.link_chain(&key, chain), Err(Fault::UntrustedIssuer));
}

#[test]
fn certificate_for_another_subject_is_refused() {
    let mut world = World::operational(5);
    let key = linked(&mut world);
    let certificate = world.ca.certify(&key.spki, "CN=Taro,O=Test,C=JP", 900);
    let chain = vec![certificate.into(), world.ca.root.clone().into()];
    assert_eq!(world.link_chain(&key, chain), Err(Fault::CertificateNotAcceptable));
}

#[test]
fn malformed_certificates_are_refused() {
    let mut world = World::operational(5);
    let key = linked(&mut world);
    // An empty list is refused with the form of the proof that carries it.
    assert_eq!(world.link_chain(&key, vec![]), Err(Fault::InvalidProof));
    assert_eq!(world.link_chain(&key, vec![vec![0x30, 0].into()]), Err(Fault::CertificatesMalformed));
}

#[test]
fn certificate_that_outlives_its_algorithm_is_refused() {
    let mut world = World::operational(5);
    let key = linked(&mut world);
    let certificate = world.ca.certify_until(&key.spki, SUBJECT, 900, START + 50_000_001);
    let chain = vec![certificate.into(), world.ca.root.clone().into()];
    assert_eq!(world.link_chain(&key, chain), Err(Fault::CertificateNotAcceptable));
}

#[test]
fn counter_of_the_means_must_grow_from_consent_to_signing() {
    let mut world = World::operational(5);
    let key = world.enrol(P256, 21);
    // A copy of the passkey, made before it was used.
    let copy = Enrolled { passkey: TestPasskey::new(21), ..key };
    assert_eq!(world.authorize(&copy, vec![hash(1)]), Err(Fault::AssertionCounter));
}

#[test]
fn destroyed_key_signs_nothing_even_with_its_old_record() {
    let mut world = World::operational(5);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let backup = world.store.records[&key.id].clone();
    let sad = world.sad(&key.id, &key.spki, Purpose::Delete, Vec::new());
    let evidence = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert!(matches!(world.call(Command::DeleteKey(manage)), Ok(Answer::Deleted(_))));
    assert!(!world.store.records.contains_key(&key.id));
    world.store.records.insert(key.id.clone(), backup);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::UnknownCredential));
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.challenge(&key.id, Purpose::Sign), Err(Fault::UnknownCredential));
}

#[test]
fn key_is_not_destroyed_on_a_signing_sad() {
    let mut world = World::operational(5);
    let key = world.enrol(P256, 21);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let evidence = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::DeleteKey(manage)), Err(Fault::SadPurpose));
    let manage = world.signed_manage(&statement, None);
    assert_eq!(world.call(Command::DeleteKey(manage)), Err(Fault::SadMalformed));
}

#[test]
fn unknown_and_foreign_records_are_refused_alike_by_signing() {
    let mut world = World::operational(5);
    let key = world.enrol(P256, 21);
    let mut elsewhere = World::operational(6);
    let foreign = elsewhere.enrol(P256, 22);
    let mut request = world.sign_request_for(&key, &vec![0; 32].into(), vec![hash(1)]);
    request.credential = CredentialId::new("unknown").unwrap();
    assert_eq!(world.call(Command::SignHash(request.clone())), Err(Fault::RecordMissing));
    request.credential = foreign.id.clone();
    request.record = elsewhere.store.records[&foreign.id].clone();
    assert_eq!(world.call(Command::SignHash(request)), Err(Fault::RecordForeign));
}
