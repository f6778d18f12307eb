//! Place: none. The campaign, in short, and that it would notice.

use fuin_shared::bytes::Blob;
use fuin_shared::ids::CredentialId;
use fuin_shared::message::{Answer, Command, Manage};
use fuin_shared::statement::ManageAction;
use fuin_tests::hostile::campaign::{Campaign, Settings};
use fuin_tests::hostile::people::Person;
use fuin_tests::hostile::process::Place;
use fuin_tests::hostile::signer::{Enrolled, hash};
use fuin_tests::hostile::world::{Kind, Release, World};
use fuin_tests::programs::number;

#[test]
fn a_campaign_finds_no_unauthorized_signature_no_panic_and_no_lost_event() {
    finds_nothing(Release::Durable);
}

#[test]
fn a_campaign_against_a_cosigned_service_finds_nothing_either() {
    finds_nothing(Release::Cosigned);
}

fn settings(exchanges: u64, seed: u64, release: Release) -> Settings {
    Settings { exchanges, seed, kind: Kind { release, place: Place::Process } }
}

/// `FUIN_HOSTILE_EXCHANGES` sets the number of exchanges in both together, `FUIN_HOSTILE_SEED` another sequence.
fn finds_nothing(release: Release) {
    let exchanges = number("FUIN_HOSTILE_EXCHANGES", 4000) / 2;
    let mut campaign = Campaign::new(settings(exchanges, number("FUIN_HOSTILE_SEED", 1), release));
    campaign.run(&mut |_| {});
    let report = &campaign.report;
    assert!(report.is_clean(), "{report}\n{:#?}", report.findings);
    assert!(report.exchanges >= exchanges);
    // The attack reaches the key, and most of it is refused.
    assert!(report.signed > exchanges / 50, "{report:?}");
    assert!(report.refused.values().sum::<u64>() > exchanges / 5, "{report:?}");
    assert!(report.signed_scal1 > 0 && report.seals > 0 && report.rotations > 1, "{report:?}");
    for number in [400, 402, 421, 501, 600, 601, 604, 700, 702, 724, 727, 728] {
        assert!(report.refused.contains_key(&number), "nothing was refused with {number}: {report:?}");
    }
}

fn ready() -> (World, Enrolled) {
    let mut world = World::operational();
    let key = world.enrol();
    (world, key)
}

/// A signature that a signer authorized, with the call that asked for it.
fn signed(world: &mut World, key: &Enrolled, hashes: &[Blob]) -> (Command, Answer) {
    let token = world.token(key, hashes);
    let command = Command::SignHash(world.sign_request(key, &token, hashes));
    let answer = world.call(command.clone()).unwrap();
    (command, answer)
}

#[test]
fn the_oracle_counts_signatures_that_nobody_authorized() {
    let (mut world, key) = ready();
    let hashes = [hash(), hash()];
    let (command, answer) = signed(&mut world, &key, &hashes);
    assert_eq!(world.oracle.borrow().unauthorized.len(), 0);
    assert_eq!(world.oracle.borrow().signed, 2);
    // Once more than authorized; under a token of nobody's; for no command at all.
    world.oracle.borrow_mut().judge(Some(&command), &answer);
    let Command::SignHash(mut request) = command.clone() else { panic!("{command:?}") };
    request.token = Blob(vec![1; 32]);
    world.oracle.borrow_mut().judge(Some(&Command::SignHash(request)), &answer);
    world.oracle.borrow_mut().judge(None, &answer);
    assert_eq!(world.oracle.borrow().unauthorized.len(), 3);
    assert_eq!(world.oracle.borrow().signed, 2);
}

#[test]
fn the_oracle_counts_a_signature_of_another_hash_or_key() {
    let (mut world, key) = ready();
    let hashes = [hash()];
    let token = world.token(&key, &hashes);
    let command = world.sign_request(&key, &token, &hashes);
    let answer = world.host.call(Command::SignHash(command.clone())).unwrap();
    let other = [hash()];
    let judge = |command, answer: &Answer| {
        let before = world.oracle.borrow().unauthorized.len();
        world.oracle.borrow_mut().judge(Some(&Command::SignHash(command)), answer);
        world.oracle.borrow().unauthorized.len() - before
    };
    let Answer::Signatures { mut signatures, receipt } = answer.clone() else { panic!("{answer:?}") };
    let foreign = CredentialId::new("another").unwrap();
    assert_eq!(judge(fuin_shared::message::SignHash { credential: foreign, ..command.clone() }, &answer), 1);
    assert_eq!(
        judge(fuin_shared::message::SignHash { hashes: other.to_vec(), ..command.clone() }, &answer),
        1
    );
    let last = signatures[0].0.len() - 1;
    signatures[0].0[last] ^= 1;
    assert_eq!(judge(command.clone(), &Answer::Signatures { signatures, receipt }), 1);
    // The true one is still right.
    assert_eq!(judge(command, &answer), 0);
}

#[test]
fn the_oracle_counts_tokens_and_proofs_that_nobody_gave() {
    let (mut world, key) = ready();
    let hashes = [hash()];
    let on = world.trusted();
    let (evidence, _) = world.consent(&on, &key, fuin_shared::sad::Purpose::Sign, &hashes);
    let command = Command::Authorize(world.authorize_request(&key, evidence, &hashes));
    let answer = world.call(command.clone()).unwrap();
    assert_eq!(world.oracle.borrow().unauthorized.len(), 0);
    world.oracle.borrow_mut().judge(Some(&command), &answer);
    assert_eq!(world.oracle.borrow().unauthorized.len(), 1, "a consent used twice");

    let receipt = match answer {
        Answer::Activation { receipt, .. } => receipt,
        other => panic!("{other:?}"),
    };
    let record = world.record(&key.id);
    let statement = world.statement(ManageAction::DeleteKey {}, Some(&record));
    let proof = Person::new("stranger").prove(&statement);
    let manage = Manage { proof, evidence: None, record: Some(record), nonce: None };
    world.oracle.borrow_mut().judge(Some(&Command::DeleteKey(manage)), &Answer::Deleted(receipt));
    assert_eq!(world.oracle.borrow().unauthorized.len(), 2, "a deletion by a stranger");
}

#[test]
fn the_oracle_counts_events_that_are_gone() {
    let (mut world, key) = ready();
    world.works(&key);
    let entries = world.host.state().store.entries.clone();
    world.oracle.borrow_mut().look_for_lost(&entries);
    assert_eq!(world.oracle.borrow().lost.len(), 0);
    world.oracle.borrow_mut().look_for_lost(&entries[..entries.len() - 1]);
    assert_eq!(world.oracle.borrow().lost.len(), 1);
}

#[test]
fn a_campaign_counts_an_enclave_that_ends_by_itself() {
    let mut campaign = Campaign::new(settings(50, 3, Release::Durable));
    campaign.abort_enclave();
    campaign.run(&mut |_| {});
    assert!(campaign.report.panics > 0 && !campaign.report.is_clean(), "{:?}", campaign.report);
}
