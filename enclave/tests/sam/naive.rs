//! Place: none. What a naive implementation misses: the ten points of the requirements' list (spec/sam.md, section 7), each a
//! test under its number. Where a point has more sides than these, docs/conformance.md names the tests beside it.

use super::attributes::revocation_list;
use super::passkey::TestPasskey;
use super::quorum::Quorum;
use super::succession::three_officers;
use super::world::{
    Enrolled, SUBJECT, Sink, Store, World, evidence, generate_action, hash, link_action, pop_action,
};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::manifest::SignedManifest;
use fuin_shared::message::{Answer, Command, Genesis, InstallManifest, Manage, ReportRevocation};
use fuin_shared::phase::Phase;
use fuin_shared::sad::{Assertion, MeansProfile, Purpose, sad_digest};
use fuin_shared::statement::ManageAction;
use sha2::{Digest, Sha256};

const P256: KeyAlgorithm = KeyAlgorithm::EcdsaP256;

fn generated(world: &mut World, passkey: u8) -> Enrolled {
    let key = world.generate("hanako", P256).unwrap();
    Enrolled { id: key.key, spki: key.spki.0, passkey: TestPasskey::new(passkey) }
}

fn linked(world: &mut World) -> Enrolled {
    let key = generated(world, 21);
    world.link_means(&key).unwrap();
    key
}

fn delete(world: &mut World, key: &Enrolled) {
    let sad = world.sad(&key.id, &key.spki, Purpose::Delete, Vec::new());
    let evidence = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert!(matches!(world.call(Command::DeleteKey(manage)), Ok(Answer::Deleted(_))));
}

/// Boots on the world's store; what the custodian saw stays as it is.
fn boot(world: &mut World) -> Result<(), Fault> {
    world.reboot();
    world.provide()
}

/// Boots on this store before witnesses who know more; the custodian remembers nothing that could help.
fn never_operational(world: &mut World, store: &Store) {
    world.store = store.clone();
    world.held.seen = None;
    assert_eq!(boot(world), Err(Fault::Busy), "no answer");
    for _ in 0..3 {
        assert_eq!(world.phase(), Phase::Recovering);
        assert!(world.rested().is_empty());
    }
}

#[test]
fn point_01_the_sam_not_the_host_verifies_the_sad_and_makes_the_handle() {
    let mut world = World::operational(1);
    let key = world.enrol(P256, 21);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    let digest = sad_digest(&sad.to_bytes());
    // Handles that the host makes, out of whatever it knows.
    for made in [Vec::new(), vec![0; 32], digest.as_ref().to_vec(), sad.nonce.0.clone(), sad.to_bytes()] {
        assert_eq!(world.sign(&key, &made.into(), vec![hash(1)]), Err(Fault::TokenUnknown));
    }
    // The host has the whole SAD and everything but the signer's means. Each try costs it the nonce.
    let unsigned = |digest: &Digest32, signature| match key.passkey.assert(digest) {
        Assertion::Passkey { credential_id, client_data, authenticator_data, .. } => {
            Assertion::Passkey { credential_id, client_data, authenticator_data, signature }
        }
        other => other,
    };
    for (try_of_host, fault) in [
        (0, Fault::AssertionSignature),
        (1, Fault::AssertionCredential),
        (2, Fault::AssertionSignature),
        (3, Fault::AssertionChallenge),
    ] {
        let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
        let digest = sad_digest(&sad.to_bytes());
        let assertion = match try_of_host {
            0 => unsigned(&digest, world.officer.sign(digest.as_ref())),
            1 => TestPasskey::new(99).assert(&digest),
            2 => key.passkey.impostor(99).assert(&digest),
            _ => key.passkey.assert(&sad_digest(b"another SAD")),
        };
        let evidence = world.sealed(&sad, assertion);
        let request = world.authorize_request(&key, &sad, evidence);
        assert_eq!(world.authorize_call(request), Err(fault));
    }
    // The signer's own answer is what the handle is made for, inside: two for equal wishes have nothing in common.
    let token = world.authorize_sad(&key, &sad).unwrap();
    let other = world.authorize(&key, vec![hash(1)]).unwrap();
    assert_ne!(token, other);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]).map(|s| s.len()), Ok(1));
}

#[test]
fn point_02_a_proof_of_possession_signs_a_certification_request_and_nothing_else() {
    let mut world = World::operational(2);
    let key = linked(&mut world);
    let info = world.request_info(&key).unwrap();
    let certificate = world.ca.certify(&key.spki, SUBJECT, 900);
    // A contract, a digest, signed attributes, a certificate with this very key, a request with something after it.
    let attributes =
        vec![0x31, 0x0f, 0x30, 0x0d, 0x06, 0x03, 0x2a, 0x03, 0x04, 0x31, 0x06, 0x04, 0x04, 1, 2, 3, 4];
    let longer = [info.as_slice(), &[0]].concat();
    for other in [b"a contract".to_vec(), hash(1).0, attributes, certificate, longer, Vec::new()] {
        assert_eq!(world.sign_request(&key, &other.into()), Err(Fault::RequestInfoMalformed));
    }
    // A request for another key, or in another name.
    let stranger = generated(&mut world, 22);
    world.link_means(&stranger).unwrap();
    let theirs = world.request_info(&stranger).unwrap();
    assert_eq!(world.sign_request(&key, &theirs), Err(Fault::KeyMismatch));
    let named = fuin_enclave::sam::pkcs10::build(&key.spki, "CN=Taro,O=Test,C=JP").unwrap();
    assert!(world.sign_request(&key, &named.into()).is_err());
    // Consent to a document's hash is no consent to a request.
    let sad = world.sad(&key.id, &key.spki, Purpose::Pop, vec![hash(1)]);
    let consent = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(pop_action(Some(info.clone())), Some(&key.id));
    let manage = world.signed_manage(&statement, Some(consent));
    assert_eq!(world.call(Command::AuthorizePop(manage)), Err(Fault::SadRequest));
    assert!(matches!(world.sign_request(&key, &info), Ok(Answer::Request { .. })));
}

#[test]
fn point_03_link_eid_comes_before_any_use_the_proof_of_possession_included() {
    let mut world = World::operational(3);
    let key = generated(&mut world, 21);
    assert_eq!(world.challenge(&key.id, Purpose::Pop), Err(Fault::InvalidKeyState));
    assert_eq!(world.challenge(&key.id, Purpose::Delete), Err(Fault::InvalidKeyState));
    assert_eq!(world.challenge(&key.id, Purpose::Sign), Err(Fault::CredentialDisabled));
    assert_eq!(world.request_info(&key), Err(Fault::InvalidKeyState));
    assert_eq!(world.link_certificate(&key), Err(Fault::InvalidKeyState));
    assert_eq!(world.sign(&key, &vec![0; 32].into(), vec![hash(1)]), Err(Fault::CredentialDisabled));
    // With the one challenge that there is, and a passkey that will be linked later.
    let challenge = world.challenge(&key.id, Purpose::Link).unwrap();
    let info = fuin_enclave::sam::pkcs10::build(&key.spki, SUBJECT).unwrap();
    let digest = HashAlgorithm::Sha256.digest(&info);
    let sad = world.sad_for(&challenge, &key.id, &key.spki, Purpose::Pop, vec![digest.into()]);
    let consent = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(pop_action(Some(info.into())), Some(&key.id));
    let manage = world.signed_manage(&statement, Some(consent));
    assert_eq!(world.call(Command::AuthorizePop(manage)), Err(Fault::InvalidKeyState));
    let sad = world.sad_for(&challenge, &key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    assert_eq!(world.authorize_sad(&key, &sad), Err(Fault::CredentialDisabled));
    world.link_means(&key).unwrap();
    let info = world.request_info(&key).unwrap();
    assert!(world.sign_request(&key, &info).is_ok());
}

#[test]
fn point_04_one_key_one_certificate_one_mechanism() {
    let mut world = World::operational(4);
    let key = world.enrol(P256, 21);
    // Another certificate for the same key, the same one again, and one whose name and number another key has.
    assert_eq!(world.link_certificate(&key), Err(Fault::InvalidKeyState));
    let other = linked(&mut world);
    let theirs = world.ca.certify(&key.spki, SUBJECT, 101);
    let chain = vec![theirs.into(), world.ca.root.clone().into()];
    assert_eq!(world.link_chain(&other, chain), Err(Fault::KeyMismatch));
    let doubled = world.ca.certify(&other.spki, SUBJECT, 101);
    let chain = vec![doubled.into(), world.ca.root.clone().into()];
    assert_eq!(world.link_chain(&other, chain), Err(Fault::CertificateLinked));
    // Another passkey of the same signer, linked to nothing or to another key.
    for stranger in [TestPasskey::new(22), TestPasskey::new(23)] {
        let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
        let evidence = world.sealed(&sad, stranger.assert(&sad_digest(&sad.to_bytes())));
        let request = world.authorize_request(&key, &sad, evidence);
        assert_eq!(world.authorize_call(request), Err(Fault::AssertionCredential));
    }
    // Another mechanism, whatever it would answer.
    for means in [MeansProfile::DeviceKey, MeansProfile::X509, MeansProfile::Oidc] {
        let mut sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
        sad.means = means;
        assert_eq!(world.authorize_sad(&key, &sad), Err(Fault::SadForeign));
    }
    assert!(world.authorize(&key, vec![hash(1)]).is_ok());
}

#[test]
fn point_05_counters_survive_a_boot_an_old_store_and_a_second_copy() {
    let mut world = World::cosigned(5, 3);
    let key = linked(&mut world);
    let early = world.store.clone();
    let info = world.request_info(&key).unwrap();
    for _ in 0..3 {
        assert!(world.sign_request(&key, &info).is_ok());
    }
    assert_eq!(world.sign_request(&key, &info), Err(Fault::PopLimit));
    let late = world.store.clone();
    // Another boot, and the host gives the record from before.
    assert_eq!(boot(&mut world), Ok(()));
    assert_eq!(world.sign_request(&key, &info), Err(Fault::PopLimit));
    let now = world.store.clone();
    let statement = world.manage(pop_action(Some(info.clone())), Some(&key.id));
    let mut manage = world.signed_manage(&statement, None);
    manage.record = Some(early.records[&key.id].clone());
    assert_eq!(world.call(Command::AuthorizePop(manage)), Err(Fault::RecordStale));
    // The passkey's counter: a copy of the passkey from before its uses.
    let copy = Enrolled { id: key.id.clone(), spki: key.spki.clone(), passkey: TestPasskey::new(21) };
    world.link_certificate(&key).unwrap();
    assert_eq!(world.authorize(&copy, vec![hash(1)]), Err(Fault::AssertionCounter));
    // A second copy on the store of then or of now: the first has grown since.
    for store in [&late, &now] {
        let mut twin = world.twin(77);
        twin.witnesses = world.witnesses.clone();
        never_operational(&mut twin, store);
    }
    // The store from before the uses, in place of the first.
    never_operational(&mut world, &early);
    assert_eq!(world.request_info(&key), Err(Fault::WrongPhase));
}

#[test]
fn point_06_nobody_resets_or_swaps_the_signers_means() {
    let mut world = World::operational(6);
    let key = generated(&mut world, 21);
    let before = world.store.records[&key.id].clone();
    let challenge = world.challenge(&key.id, Purpose::Link).unwrap();
    world.link_means(&key).unwrap();
    let sad = world.sad_for(&challenge, &key.id, &key.spki, Purpose::Link, Vec::new());
    let swapped = TestPasskey::new(66);
    let registered = evidence(&sad, |digest| swapped.register(digest));
    let statement = world.manage(link_action(&swapped), Some(&key.id));
    // RA, another RA, an officer, a custodian, whoever signs, with the passkey of the RA's choice.
    let proofs = [
        (world.ra.prove(&statement), Fault::InvalidKeyState),
        (world.other_ra.prove(&statement), Fault::UnknownCredential),
        (world.officer.prove(&statement), Fault::RoleForbidden),
        (world.custodian.person.prove(&statement), Fault::RoleForbidden),
    ];
    for (proof, fault) in proofs {
        let record = world.store.records.get(&key.id).cloned();
        let manage = Manage { proof, evidence: Some(registered.clone()), record, nonce: None };
        assert_eq!(world.call(Command::LinkEid(manage)), Err(fault));
    }
    // The record from before the link, which had none: under its own version and under the current one.
    for version in [before.version, before.version + 1] {
        let mut statement = world.manage(link_action(&swapped), Some(&key.id));
        statement.version = Some(version);
        let mut manage = world.signed_manage(&statement, Some(registered.clone()));
        manage.record = Some(before.clone());
        assert_eq!(world.call(Command::LinkEid(manage.clone())), Err(Fault::RecordStale));
        if let Some(record) = &mut manage.record {
            record.version += 1;
        }
        assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::RecordForeign));
    }
    assert_eq!(world.challenge(&key.id, Purpose::Link), Err(Fault::InvalidKeyState));
    // The signer's passkey is the one that serves, after all of that.
    let info = world.request_info(&key).unwrap();
    assert!(world.sign_request(&key, &info).is_ok());
}

#[test]
fn point_07_deletion_reaches_backups() {
    let mut world = World::cosigned(7, 3);
    let key = world.enrol(P256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let backup = world.store.clone();
    delete(&mut world, &key);
    assert!(!world.store.records.contains_key(&key.id));
    // The record comes back from a backup: the tombstone refuses it, now and after another boot.
    let record = backup.records[&key.id].clone();
    world.store.records.insert(key.id.clone(), record.clone());
    let refused = |world: &mut World| {
        assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::UnknownCredential));
        assert_eq!(world.challenge(&key.id, Purpose::Sign), Err(Fault::UnknownCredential));
        assert_eq!(world.request_info(&key), Err(Fault::UnknownCredential));
        let statement = world.manage(link_action(&key.passkey), Some(&key.id));
        let manage = world.signed_manage(&statement, None);
        assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::UnknownCredential));
    };
    refused(&mut world);
    world.held.seen = world.store.checkpoint.clone();
    assert_eq!(boot(&mut world), Ok(()));
    refused(&mut world);
    // The whole store comes back: a custodian who has seen the tombstone, or the witnesses, refuse it.
    let deleted = world.store.clone();
    world.store = backup.clone();
    assert_eq!(boot(&mut world), Err(Fault::LedgerShortened));
    never_operational(&mut world, &backup);
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::WrongPhase));
    world.store = deleted;
    assert_eq!(boot(&mut world), Ok(()));
}

#[test]
fn point_07_revocation_of_the_certificate_destroys_the_key() {
    let mut world = World::cosigned(17, 3);
    // Their certificates have the numbers 101 and 102.
    let (key, other) = (world.enrol(P256, 21), world.enrol(P256, 22));
    let token = world.authorize(&key, vec![hash(1), hash(2)]).unwrap();
    let backup = world.store.clone();
    let report = |world: &mut World, key: &Enrolled, list: &[u8]| {
        let record = backup.records[&key.id].clone();
        let request = ReportRevocation { credential: key.id.clone(), list: list.to_vec().into(), record };
        world.call(Command::ReportRevocation(request))
    };
    let good = revocation_list(&world.ca, &[(5, None), (101, Some(1))]);
    let mut altered = good.clone();
    *altered.last_mut().unwrap() ^= 1;
    let stranger = super::people::Authority::new(66);
    for wrong in [
        revocation_list(&world.ca, &[]),
        revocation_list(&world.ca, &[(102, None)]),
        // On hold is not for good.
        revocation_list(&world.ca, &[(101, Some(6))]),
        revocation_list(&stranger, &[(101, None)]),
        altered,
        [&good[..], &[0]].concat(),
        b"a list".to_vec(),
    ] {
        assert_eq!(report(&mut world, &key, &wrong), Err(Fault::NotRevoked));
    }
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
    let Ok(Answer::Deleted(receipt)) = report(&mut world, &key, &good) else { panic!() };
    let event: Event = codec::decode(receipt.event.as_slice()).unwrap();
    assert!(matches!(event.body, EventBody::KeyRevoked { list, .. } if list.0 == *Sha256::digest(&good)));
    assert!(!world.store.records.contains_key(&key.id));
    // Its record, and the whole store, come back from a backup.
    world.store.records.insert(key.id.clone(), backup.records[&key.id].clone());
    let refused = |world: &mut World| {
        assert_eq!(world.sign(&key, &token, vec![hash(2)]), Err(Fault::UnknownCredential));
        assert_eq!(world.challenge(&key.id, Purpose::Sign), Err(Fault::UnknownCredential));
        assert_eq!(report(world, &key, &good), Err(Fault::UnknownCredential));
    };
    refused(&mut world);
    world.held.seen = world.store.checkpoint.clone();
    assert_eq!(boot(&mut world), Ok(()));
    refused(&mut world);
    let token = world.authorize(&other, vec![hash(3)]).unwrap();
    assert!(world.sign(&other, &token, vec![hash(3)]).is_ok(), "the other key lives");
    never_operational(&mut world, &backup);
}

#[test]
fn point_08_without_its_ledger_nothing_is_signed_and_the_chain_shows_what_is_missing() {
    let ready = || {
        let mut world = World::operational(8);
        let key = world.enrol(P256, 21);
        let token = world.authorize(&key, vec![hash(1), hash(2)]).unwrap();
        (world, key, token)
    };
    // The sink is gone: no answer, and the next one waits behind it.
    let (mut world, key, token) = ready();
    world.sink = Sink::Silent;
    for n in 1..=2 {
        assert_eq!(world.sign(&key, &token, vec![hash(n)]), Err(Fault::Busy), "no answer");
    }
    // The sink refuses: no signature, and none ever after.
    let (mut world, key, token) = ready();
    world.sink = Sink::Refuses;
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::SinkRefused));
    assert_eq!(world.sign(&key, &token, vec![hash(2)]), Err(Fault::Halted));
    // An entry is taken out, whichever it is.
    let entries = world.store.entries.len();
    for index in 0..entries {
        let (mut world, ..) = ready();
        world.store.entries.remove(index);
        assert!(boot(&mut world).is_err(), "entry {index}");
        assert_eq!(world.phase(), Phase::Halted);
    }
}

#[test]
fn point_09_replay_is_refused_across_boots_and_the_sad_is_not_kept() {
    let mut world = World::operational(9);
    let key = world.enrol(P256, 21);
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1), hash(2)]);
    let digest = sad_digest(&sad.to_bytes());
    let assertion = key.passkey.assert(&digest);
    let evidence = world.sealed(&sad, assertion.clone());
    let request = world.authorize_request(&key, &sad, evidence);
    let token = world.authorize_call(request.clone()).unwrap();
    let statement = world.manage(generate_action("hanako", P256), None);
    let manage = world.signed_manage(&statement, None);
    world.call(Command::GenerateKey(manage.clone())).unwrap();
    world.sign(&key, &token, vec![hash(1)]).unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::HashNotAuthorized));
    assert_eq!(world.authorize_call(request.clone()), Err(Fault::SadReplayed));
    assert_eq!(world.call(Command::GenerateKey(manage.clone())), Err(Fault::InvalidProof));
    // Nothing of it is in what the enclave gives its host to keep.
    let Assertion::Passkey { signature, client_data, .. } = &assertion else { panic!() };
    let kept: Vec<&[u8]> = world
        .store
        .entries
        .iter()
        .map(Vec::as_slice)
        .chain(world.store.records.values().map(|record| record.body.as_slice()))
        .collect();
    let secrets: [&[u8]; 7] =
        [&sad.to_bytes(), digest.as_ref(), &sad.nonce.0, &token.0, &signature.0, &client_data.0, &hash(1).0];
    for (which, secret) in secrets.iter().enumerate() {
        let found = kept.iter().any(|octets| octets.windows(secret.len()).any(|window| window == *secret));
        assert!(!found, "{which}");
    }
    // After another boot nothing of it serves: neither token, nor SAD, nor the RA's statement.
    assert_eq!(boot(&mut world), Ok(()));
    assert_eq!(world.sign(&key, &token, vec![hash(2)]), Err(Fault::TokenUnknown));
    assert_eq!(world.authorize_call(request), Err(Fault::SadForeign));
    let mut renamed = sad.clone();
    renamed.instance = world.machine.instance();
    assert_eq!(world.authorize_sad(&key, &renamed), Err(Fault::SadNonce));
    assert_eq!(world.call(Command::GenerateKey(manage)), Err(Fault::InvalidProof));
}

#[test]
fn point_10_initialization_and_anchors_are_under_dual_control() {
    // One officer of two begins nothing, not even twice.
    let mut quorum = Quorum::installed();
    assert_eq!(quorum.begin(&[0]), Err(Fault::UnknownPerson));
    assert_eq!(quorum.begin(&[0, 0]), Err(Fault::UnknownPerson));
    let both = quorum.approvals(&[0, 1]);
    let one = vec![both[0].clone()];
    assert_eq!(quorum.world.call(Command::Genesis(Genesis { approvals: one })), Err(Fault::UnknownPerson));
    assert_eq!(quorum.world.phase(), Phase::Uninitialized);
    assert_eq!(quorum.begin(&[0, 1]), Ok(()));
    // A manifest, with the anchors, RA clients and identity providers in it, needs both signatures at the boot.
    let signed: SignedManifest = codec::decode(quorum.world.signed_manifest.as_slice()).unwrap();
    let install = |world: &mut World, signed: &SignedManifest| {
        let octets: Blob = codec::encode(signed).into();
        world.call(Command::InstallManifest(InstallManifest { first: octets.clone(), current: octets }))
    };
    let mut half = signed.clone();
    half.signatures.truncate(1);
    let mut twice = half.clone();
    twice.signatures.push(half.signatures[0].clone());
    let mut foreign = signed.parse().unwrap();
    foreign.authorities[0].anchors = vec![super::people::Authority::new(66).root.into()];
    let swapped = SignedManifest { manifest: codec::encode(&foreign).into(), ..signed.clone() };
    for refused in [half, twice, swapped] {
        let mut world = World::new(10);
        assert_eq!(install(&mut world, &refused), Err(Fault::ManifestSignature));
        assert_eq!(world.phase(), Phase::Booted);
    }
    // In operation one follows another, and only by the quorum too: neither nobody's word nor one of two is enough.
    let (mut world, [ada, ben, _]) = three_officers();
    let anchor: Blob = super::people::Authority::new(66).root.into();
    let draft = world.draft(|m| m.authorities[0].anchors = vec![anchor]);
    let before = world.evident_manifest();
    for few in [&[][..], &[&ada], &[&ada, &ada]] {
        let change = world.approved_by(&draft, few);
        assert_eq!(world.change(change), Err(Fault::ManifestSignature));
        assert_eq!(world.evident_manifest(), before);
    }
    let change = world.approved_by(&draft, &[&ada, &ben]);
    let next = change.as_signed().hash();
    assert_eq!(world.change(change).unwrap().manifest, next);
    // Whoever asks for a CA that is not listed is refused.
    let mut world = World::operational(10);
    let mut action = generate_action("hanako", P256);
    if let ManageAction::GenerateKey { authority, .. } = &mut action {
        *authority = "other-ca".parse().unwrap();
    }
    let statement = world.manage(action, None::<&CredentialId>);
    let manage = world.signed_manage(&statement, None);
    assert_eq!(world.call(Command::GenerateKey(manage)), Err(Fault::UnknownAuthority));
    assert_eq!(install(&mut world, &signed), Err(Fault::WrongPhase));
}
