//! Place: SAM. Suspension by signer, RA client and officer, its end, and what works meanwhile.

use super::passkey::TestPasskey;
use super::people::Person;
use super::world::{Enrolled, START, Sink, Witnessing, World, evidence, hash};
use fuin_enclave::sam::Input;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, ServiceId};
use fuin_shared::log::event::{EventBody, Holder};
use fuin_shared::manifest::Officer;
use fuin_shared::message::{Answer, Command, CredentialQuestion, CredentialStatus, Order, Suspend};
use fuin_shared::phase::Phase;
use fuin_shared::sad::{Purpose, sad_digest};
use fuin_shared::statement::{CredentialOrder, CredentialOrderKind, ManageAction};

fn ready(seed: u64) -> (World, Enrolled) {
    let mut world = World::operational(seed);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    (world, key)
}

fn told(result: Result<Answer, Fault>) -> Result<CredentialStatus, Fault> {
    match result? {
        Answer::CredentialStatus(status) => Ok(status),
        other => panic!("{other:?}"),
    }
}

pub fn status(world: &mut World, key: &Enrolled) -> CredentialStatus {
    let record = world.store.records[&key.id].clone();
    let question = CredentialQuestion { credential: key.id.clone(), record };
    told(world.call(Command::CredentialStatus(question))).unwrap()
}

pub fn by_signer(
    world: &mut World,
    key: &Enrolled,
    passkey: &TestPasskey,
) -> Result<CredentialStatus, Fault> {
    let sad = world.sad(&key.id, &key.spki, Purpose::Suspend, Vec::new());
    let evidence = world.sealed(&sad, passkey.assert(&sad_digest(&sad.to_bytes())));
    let record = world.store.records[&key.id].clone();
    told(world.call(Command::Suspend(Suspend { credential: key.id.clone(), evidence, record })))
}

pub fn by_ra(world: &mut World, key: &Enrolled) -> Result<CredentialStatus, Fault> {
    let statement = world.manage(ManageAction::Suspend {}, Some(&key.id));
    told(world.call(Command::Hold(world.signed_manage(&statement, None))))
}

fn order(world: &mut World, credential: &CredentialId, order: CredentialOrderKind) -> CredentialOrder {
    // Without an answer there is no such credential, and no suspension to name.
    let standing = world.store.records.get(credential).cloned().and_then(|record| {
        let question = CredentialQuestion { credential: credential.clone(), record };
        told(world.call(Command::CredentialStatus(question))).ok()
    });
    let named = standing.and_then(|status| status.officers_event);
    CredentialOrder {
        suspension: if order == CredentialOrderKind::Release { named } else { None },
        service: world.service,
        ledger: world.ledger.as_ref().unwrap().origin.clone(),
        credential: credential.clone(),
        order,
        statement: world.statement_id(),
        not_after: world.seconds() + 60,
    }
}

fn ordered(world: &mut World, key: &Enrolled, orders: Vec<Blob>) -> Result<Answer, Fault> {
    let record = world.store.records[&key.id].clone();
    world.call(Command::Order(Order { credential: key.id.clone(), orders, record }))
}

pub fn by_officer(world: &mut World, key: &Enrolled) -> Result<CredentialStatus, Fault> {
    let body = order(world, &key.id, CredentialOrderKind::Suspend);
    let signed = world.officer.state(&body);
    told(ordered(world, key, vec![signed]))
}

pub fn release(world: &mut World, key: &Enrolled) -> Result<Answer, Fault> {
    let body = order(world, &key.id, CredentialOrderKind::Release);
    let signed = world.officer.state(&body);
    ordered(world, key, vec![signed])
}

pub fn resume(world: &mut World, key: &Enrolled, passkey: &TestPasskey) -> Result<Answer, Fault> {
    let sad = world.sad(&key.id, &key.spki, Purpose::Resume, Vec::new());
    let consent = evidence(&sad, |digest| passkey.assert(digest));
    let statement = world.manage(ManageAction::Resume {}, Some(&key.id));
    world.call(Command::Hold(world.signed_manage(&statement, Some(consent))))
}

/// Neither challenge nor SAD nor token is of use.
fn refuses(world: &mut World, key: &Enrolled, token: &Blob, sad: &fuin_shared::sad::Sad) {
    assert_eq!(world.challenge(&key.id, Purpose::Sign), Err(Fault::CredentialDisabled));
    assert_eq!(world.authorize_sad(key, sad), Err(Fault::CredentialDisabled));
    assert_eq!(world.sign(key, token, vec![hash(1)]), Err(Fault::CredentialDisabled));
}

#[test]
fn signer_ra_and_officer_each_suspend_at_once_and_live_tokens_end() {
    for holder in [Holder::Signer, Holder::Ra, Holder::Officer] {
        let (mut world, key) = ready(61);
        let token = world.authorize(&key, vec![hash(1)]).unwrap();
        let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
        let told = match holder {
            Holder::Signer => by_signer(&mut world, &key, &key.passkey),
            Holder::Ra => by_ra(&mut world, &key),
            Holder::Officer => by_officer(&mut world, &key),
        };
        let told = told.unwrap();
        assert_eq!((told.suspended, told.pending, told.locked), (vec![holder], true, false));
        assert!(!status(&mut world, &key).pending, "its event is released meanwhile");
        assert!(matches!(world.last(), EventBody::CredentialSuspended { by, .. } if by == holder));
        refuses(&mut world, &key, &token, &sad);
        // Also after another boot, whose fold has the event.
        world.reboot();
        world.provide().unwrap();
        assert_eq!(status(&mut world, &key).suspended, [holder]);
        assert_eq!(world.challenge(&key.id, Purpose::Sign), Err(Fault::CredentialDisabled));
    }
}

#[test]
fn a_token_from_before_the_suspension_is_dead_after_it() {
    let (mut world, key) = ready(62);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    by_ra(&mut world, &key).unwrap();
    resume(&mut world, &key, &key.passkey).unwrap();
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::TokenUnknown));
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    assert!(world.sign(&key, &token, vec![hash(1)]).is_ok());
}

#[test]
fn a_signature_that_is_being_made_is_not_released_after_a_suspension() {
    let (mut world, key) = ready(63);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let request = world.sign_request_for(&key, &token, vec![hash(1)]);
    let ticket = fuin_enclave::sam::Ticket(9_000);
    let command = Command::SignHash(request);
    let effects = world.machine.handle(Input::Command { ticket, command }, world.now, &mut world.rng);
    let Some(fuin_enclave::sam::Effect::Sign(job)) = effects.into_iter().next() else { panic!() };
    by_ra(&mut world, &key).unwrap();
    let replies = world.run(Input::Signed { ticket, result: job.run() });
    assert_eq!(replies, [(ticket, Err(Fault::CredentialDisabled))]);
}

#[test]
fn a_suspension_is_answered_and_binds_while_no_witness_answers() {
    let mut world = World::cosigned(64, 3);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    let token = world.authorize(&key, vec![hash(1)]).unwrap();
    let sad = world.sad(&key.id, &key.spki, Purpose::Sign, vec![hash(1)]);
    world.witnessing = Witnessing::Holds;
    assert!(by_ra(&mut world, &key).unwrap().pending);
    assert!(status(&mut world, &key).pending);
    refuses(&mut world, &key, &token, &sad);
    let asked = world.asked.clone().expect("a question is held");
    let lines = world.lines(&asked);
    let told = world.answer(Ok(lines));
    assert!(told.is_empty(), "it was answered already: {told:?}");
    assert!(!status(&mut world, &key).pending);
}

#[test]
fn a_suspension_that_never_became_durable_halts_without_a_second_answer() {
    let (mut world, key) = ready(65);
    world.sink = Sink::Refuses;
    // Told at once, as pending; then the host refuses its event.
    let statement = world.manage(ManageAction::Suspend {}, Some(&key.id));
    let command = Command::Hold(world.signed_manage(&statement, None));
    let replies = world.run(Input::Command { ticket: fuin_enclave::sam::Ticket(9_000), command });
    let [(_, Ok(Answer::CredentialStatus(told)))] = replies.as_slice() else { panic!("{replies:?}") };
    assert!(told.pending);
    assert_eq!(world.phase(), Phase::Halted);
}

#[test]
fn the_same_holder_again_changes_nothing_and_another_adds_to_it() {
    let (mut world, key) = ready(66);
    by_ra(&mut world, &key).unwrap();
    let told = by_ra(&mut world, &key).unwrap();
    assert_eq!(told.suspended, [Holder::Ra]);
    by_officer(&mut world, &key).unwrap();
    let told = by_signer(&mut world, &key, &key.passkey).unwrap();
    assert_eq!(told.suspended, [Holder::Signer, Holder::Ra, Holder::Officer]);
}

#[test]
fn a_suspension_said_again_is_spent_and_cannot_be_kept_for_later() {
    let (mut world, key) = ready(75);
    by_ra(&mut world, &key).unwrap();
    let statement = world.manage(ManageAction::Suspend {}, Some(&key.id));
    let again = Command::Hold(world.signed_manage(&statement, None));
    told(world.call(again.clone())).unwrap();
    let body = order(&mut world, &key.id, CredentialOrderKind::Suspend);
    let signed = world.officer.state(&body);
    by_officer(&mut world, &key).unwrap();
    told(ordered(&mut world, &key, vec![signed.clone()])).unwrap();
    release(&mut world, &key).unwrap();
    resume(&mut world, &key, &key.passkey).unwrap();
    assert_eq!(world.call(again), Err(Fault::InvalidProof));
    assert_eq!(ordered(&mut world, &key, vec![signed]), Err(Fault::StatementSpent));
    assert!(world.authorize(&key, vec![hash(1)]).is_ok());
}

#[test]
fn nobody_else_suspends() {
    let (mut world, key) = ready(67);
    let impostor = key.passkey.impostor(66);
    assert_eq!(by_signer(&mut world, &key, &impostor), Err(Fault::AssertionSignature));
    // Another client, an officer's name with another key, somebody the manifest does not know, another service.
    let statement = world.manage(ManageAction::Suspend {}, Some(&key.id));
    let mut manage = world.signed_manage(&statement, None);
    manage.proof = world.other_ra.prove(&statement);
    assert_eq!(world.call(Command::Hold(manage)), Err(Fault::UnknownCredential));
    let body = order(&mut world, &key.id, CredentialOrderKind::Suspend);
    let forged = Person::new("officer", 66).state(&body);
    assert_eq!(ordered(&mut world, &key, vec![forged]), Err(Fault::StatementSignature));
    let stranger = Person::new("stranger", 67).state(&body);
    assert_eq!(ordered(&mut world, &key, vec![stranger]), Err(Fault::UnknownPerson));
    assert_eq!(ordered(&mut world, &key, Vec::new()), Err(Fault::UnknownPerson));
    assert_eq!(status(&mut world, &key).suspended, []);
    assert!(world.authorize(&key, vec![hash(1)]).is_ok());
}

#[test]
fn an_order_for_another_target_or_time_or_used_before_is_refused() {
    let (mut world, key) = ready(68);
    let good = order(&mut world, &key.id, CredentialOrderKind::Suspend);
    for (body, fault) in [
        (CredentialOrder { service: ServiceId([0; 32]), ..good.clone() }, Fault::StatementForeign),
        (CredentialOrder { ledger: "elsewhere".into(), ..good.clone() }, Fault::StatementForeign),
        (
            CredentialOrder { credential: CredentialId::new("other").unwrap(), ..good.clone() },
            Fault::StatementForeign,
        ),
        (CredentialOrder { not_after: START, ..good.clone() }, Fault::StatementExpired),
        (CredentialOrder { not_after: START + 90_000, ..good.clone() }, Fault::StatementExpired),
    ] {
        let signed = world.officer.state(&body);
        assert_eq!(ordered(&mut world, &key, vec![signed]), Err(fault));
    }
    assert_eq!(ordered(&mut world, &key, vec![vec![1, 2, 3].into()]), Err(Fault::StatementMalformed));
    let signed = world.officer.state(&good);
    ordered(&mut world, &key, vec![signed.clone()]).unwrap();
    assert_eq!(ordered(&mut world, &key, vec![signed]), Err(Fault::StatementSpent));
}

#[test]
fn a_suspension_by_signer_or_ra_ends_on_the_word_of_both_only() {
    let (mut world, key) = ready(69);
    by_signer(&mut world, &key, &key.passkey).unwrap();
    by_ra(&mut world, &key).unwrap();
    // The RA alone.
    let statement = world.manage(ManageAction::Resume {}, Some(&key.id));
    let alone = world.signed_manage(&statement, None);
    assert_eq!(world.call(Command::Hold(alone)), Err(Fault::SadMalformed));
    // With somebody else's means, or with a SAD for something else.
    assert_eq!(resume(&mut world, &key, &key.passkey.impostor(66)), Err(Fault::AssertionSignature));
    let sad = world.sad(&key.id, &key.spki, Purpose::Suspend, Vec::new());
    let other = evidence(&sad, |digest| key.passkey.assert(digest));
    let manage = world.signed_manage(&statement, Some(other));
    assert_eq!(world.call(Command::Hold(manage)), Err(Fault::SadPurpose));
    assert_eq!(status(&mut world, &key).suspended.len(), 2);
    // The signer's SAD under the word of another client.
    let sad = world.sad(&key.id, &key.spki, Purpose::Resume, Vec::new());
    let consent = evidence(&sad, |digest| key.passkey.assert(digest));
    let mut manage = world.signed_manage(&statement, Some(consent));
    manage.proof = world.other_ra.prove(&statement);
    assert_eq!(world.call(Command::Hold(manage)), Err(Fault::UnknownCredential));
    assert!(matches!(resume(&mut world, &key, &key.passkey), Ok(Answer::Restored(_))));
    assert_eq!(status(&mut world, &key).suspended, []);
    assert!(world.authorize(&key, vec![hash(1)]).is_ok());
    assert_eq!(resume(&mut world, &key, &key.passkey), Err(Fault::InvalidKeyState));
}

#[test]
fn an_officers_suspension_outlives_signer_and_ra() {
    let (mut world, key) = ready(70);
    by_officer(&mut world, &key).unwrap();
    assert_eq!(resume(&mut world, &key, &key.passkey), Err(Fault::InvalidKeyState));
    by_ra(&mut world, &key).unwrap();
    resume(&mut world, &key, &key.passkey).unwrap();
    assert_eq!(status(&mut world, &key).suspended, [Holder::Officer]);
    assert_eq!(world.challenge(&key.id, Purpose::Sign), Err(Fault::CredentialDisabled));
    assert!(matches!(release(&mut world, &key), Ok(Answer::Restored(_))));
    assert!(world.authorize(&key, vec![hash(1)]).is_ok());
    assert_eq!(release(&mut world, &key), Err(Fault::InvalidKeyState));
}

#[test]
fn an_end_of_a_suspension_waits_for_its_event() {
    let (mut world, key) = ready(71);
    by_officer(&mut world, &key).unwrap();
    world.sink = Sink::Refuses;
    assert_eq!(release(&mut world, &key), Err(Fault::SinkRefused));
    assert_eq!(world.phase(), Phase::Halted);
}

#[test]
fn a_release_takes_the_quorum_and_orders_that_agree() {
    use CredentialOrderKind::{Release, Suspend};
    let (mut world, key) = ready(72);
    let [ada, ben] = [Person::new("ada", 41), Person::new("ben", 42)];
    let listed = [&ada, &ben].map(|person| Officer { id: person.id.clone(), key: person.spki() }).to_vec();
    let change = world.approved(|manifest| (manifest.officers, manifest.officer_quorum) = (listed, 2));
    world.change(change).unwrap();
    let by = |world: &mut World, who: &Person, kind| {
        let body = order(world, &key.id, kind);
        who.state(&body)
    };
    // To restrict, one is enough.
    let one = by(&mut world, &ada, Suspend);
    told(ordered(&mut world, &key, vec![one])).unwrap();
    for (orders, fault) in [
        (vec![(&ada, Release)], Fault::UnknownPerson),
        (vec![(&ada, Release), (&ada, Release)], Fault::UnknownPerson),
        (vec![(&ada, Release), (&ben, Suspend)], Fault::StatementForeign),
        (vec![(&ada, Release), (&ben, Release), (&ada, Release)], Fault::StatementMalformed),
    ] {
        let signed = orders.into_iter().map(|(who, kind)| by(&mut world, who, kind)).collect();
        assert_eq!(ordered(&mut world, &key, signed), Err(fault));
    }
    assert_eq!(status(&mut world, &key).suspended, [Holder::Officer]);
    let both = vec![by(&mut world, &ada, Release), by(&mut world, &ben, Release)];
    assert!(matches!(ordered(&mut world, &key, both), Ok(Answer::Restored(_))));
}

#[test]
fn a_release_that_was_kept_back_ends_no_later_suspension() {
    let (mut world, key) = ready(76);
    by_officer(&mut world, &key).unwrap();
    let body = order(&mut world, &key.id, CredentialOrderKind::Release);
    let kept = world.officer.state(&body);
    release(&mut world, &key).unwrap();
    by_officer(&mut world, &key).unwrap();
    assert_eq!(ordered(&mut world, &key, vec![kept]), Err(Fault::StatementForeign));
    // Nor does one that names none.
    let none =
        CredentialOrder { suspension: None, ..order(&mut world, &key.id, CredentialOrderKind::Release) };
    let none = world.officer.state(&none);
    assert_eq!(ordered(&mut world, &key, vec![none]), Err(Fault::StatementForeign));
    assert_eq!(status(&mut world, &key).suspended, [Holder::Officer]);
    release(&mut world, &key).unwrap();
}

#[test]
fn a_key_whose_algorithm_has_ended_can_still_be_suspended_and_destroyed() {
    let (mut world, key) = ready(77);
    let now = world.seconds();
    let change = world.approved(|manifest| {
        manifest.algorithms.iter_mut().for_each(|policy| policy.until = now);
    });
    world.change(change).unwrap();
    assert_eq!(world.authorize(&key, vec![hash(1)]), Err(Fault::SadAlgorithm));
    by_signer(&mut world, &key, &key.passkey).unwrap();
    let sad = world.sad(&key.id, &key.spki, Purpose::Delete, Vec::new());
    let consent = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let manage = world.signed_manage(&statement, Some(consent));
    assert!(matches!(world.call(Command::DeleteKey(manage)), Ok(Answer::Deleted(_))));
}

#[test]
fn with_the_ledger_full_signers_still_suspend_and_refused_answers_are_still_events() {
    let mut world = World::cosigned(78, 3);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    world.witnessing = Witnessing::Holds;
    // Until the queue is full: each waits for the witnesses.
    let full = (0..5_000).any(|n| {
        let made = world.generate(&format!("user-{n}"), KeyAlgorithm::EcdsaP256);
        made.err() == Some(Fault::LedgerBusy)
    });
    assert!(full);
    let impostor = key.passkey.impostor(66);
    let before = world.store.entries.len();
    assert_eq!(by_signer(&mut world, &key, &impostor), Err(Fault::Busy), "it waits for its event");
    let told = by_signer(&mut world, &key, &key.passkey).unwrap();
    assert_eq!((told.suspended, told.pending), (vec![Holder::Signer], true));
    assert_eq!(world.store.entries.len(), before + 2);
    assert!(matches!(world.last(), EventBody::CredentialSuspended { .. }));
}

#[test]
fn with_the_witnesses_away_suspensions_bind_however_many_answers_wait_and_none_keeps_a_place() {
    let mut world = World::cosigned(79, 3);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    let other = world.enrol(KeyAlgorithm::EcdsaP256, 22);
    world.witnessing = Witnessing::Holds;
    let impostor = key.passkey.impostor(66);
    // Refused answers, ends of suspensions and resumptions wait; suspensions are answered.
    for round in 0..12 {
        assert_eq!(by_signer(&mut world, &key, &impostor), Err(Fault::Busy));
        let told = by_officer(&mut world, &key).unwrap();
        assert_eq!((told.suspended, told.pending), (vec![Holder::Officer], true));
        assert_eq!(release(&mut world, &key), Err(Fault::Busy));
        by_ra(&mut world, &other).unwrap();
        assert_eq!(resume(&mut world, &other, &other.passkey), Err(Fault::Busy));
        assert_eq!(world.waits.len(), 3 * (round + 1));
    }
    // Work waits in places of its own.
    assert_eq!(world.generate("hanako", KeyAlgorithm::EcdsaP256).err(), Some(Fault::Busy));
    assert_eq!(world.waits.len(), 36);
    world.witnessing = Witnessing::Honest;
    let asked = world.asked.clone().unwrap();
    let lines = world.lines(&asked);
    let answered: Vec<_> = world.answer(Ok(lines)).into_iter().map(|(ticket, _)| ticket).collect();
    assert!(world.waits.iter().all(|ticket| answered.contains(ticket)), "each has its answer");
}

#[test]
fn a_key_that_is_not_active_is_not_suspended_and_nothing_is_unlocked_that_is_not_locked() {
    let mut world = World::operational(73);
    let made = world.generate("hanako", KeyAlgorithm::EcdsaP256).unwrap();
    let key = Enrolled { id: made.key, spki: made.spki.0, passkey: TestPasskey::new(21) };
    assert_eq!(by_ra(&mut world, &key), Err(Fault::InvalidKeyState));
    assert_eq!(by_officer(&mut world, &key), Err(Fault::InvalidKeyState));
    assert_eq!(world.challenge(&key.id, Purpose::Suspend), Err(Fault::InvalidKeyState));
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 22);
    let statement = world.manage(ManageAction::Unlock {}, Some(&key.id));
    let manage = world.signed_manage(&statement, None);
    assert_eq!(world.call(Command::Hold(manage)), Err(Fault::InvalidKeyState));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let manage = world.signed_manage(&statement, None);
    assert_eq!(world.call(Command::Hold(manage)), Err(Fault::InvalidProof));
}

#[test]
fn a_suspended_key_can_be_destroyed_on_the_signers_word() {
    let (mut world, key) = ready(74);
    by_ra(&mut world, &key).unwrap();
    let sad = world.sad(&key.id, &key.spki, Purpose::Delete, Vec::new());
    let consent = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    world.call(Command::DeleteKey(world.signed_manage(&statement, Some(consent)))).unwrap();
}
