//! Place: none. The oracle would notice: PINs that are guessed at or seen, seals that no mandate allows, a root key for somebody else.

use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::MandateId;
use fuin_shared::log::event::{Event, EventBody};
use fuin_shared::message::{
    Answer, Command, EndedBy, ExtendTransaction, HandOver, HandedOver, Order, Receipt, Seal, Suspend,
};
use fuin_shared::sad::{
    Assertion, AuthorizationEvidence, AuthorizedSad, MAX_ATTEMPTS, MeansProfile, Purpose,
};
use fuin_shared::seal::{MandateTerms, Rate, mandate_id};
use fuin_shared::statement::ManageAction;
use fuin_tests::hostile::organization::Organization;
use fuin_tests::hostile::signer::{Enrolled, hash, sad_request, verify};
use fuin_tests::hostile::world::World;
use getrandom::SysRng;
use rand_core::UnwrapErr;

fn with_pin() -> (World, Enrolled) {
    let mut world = World::operational();
    let pin = world.enrol_with(MeansProfile::PinTotp);
    (world, pin)
}

fn unauthorized(world: &World) -> usize {
    world.oracle.borrow().unauthorized.len()
}

/// A wrong answer, refused by the enclave.
fn guessed(world: &World, pin: &Enrolled) -> Command {
    let (on, hashes) = (world.trusted(), [hash()]);
    let challenge = world.challenge(&pin.id, Purpose::Sign);
    let request = sad_request(&pin.id, &pin.spki, Purpose::Sign, &hashes);
    let sad = on.build_sad_for(MeansProfile::PinTotp, &challenge, request).unwrap();
    let wrong = Assertion::PinTotp { pin: b"0000".to_vec().into(), code: b"000000".to_vec().into() };
    let sealed = on.seal(&sad, wrong, &mut UnwrapErr(SysRng)).unwrap();
    let request = world.authorize_request(pin, codec::encode(&sealed).into(), &hashes);
    assert_eq!(world.call(Command::Authorize(request.clone())).unwrap_err().number(), 501);
    Command::Authorize(request)
}

#[test]
fn the_oracle_tells_what_pins_and_providers_authorized_apart() {
    let mut world = World::operational();
    for (means, told) in [
        (MeansProfile::Passkey, (1, 0)),
        (MeansProfile::DeviceKey, (2, 0)),
        (MeansProfile::PinTotp, (2, 1)),
        (MeansProfile::Oidc, (2, 2)),
    ] {
        let key = world.enrol_with(means);
        let hashes = [hash()];
        let on = world.trusted();
        // The password of the next half minute may be the first one that is left.
        let (sad, answer) = loop {
            match world.try_authorized(&on, &key, Purpose::Sign, &hashes) {
                Some(word) => break word,
                None => std::thread::sleep(std::time::Duration::from_secs(1)),
            }
        };
        let evidence = codec::encode(&on.seal(&sad, answer, &mut UnwrapErr(SysRng)).unwrap()).into();
        let token = world.activated(&key, evidence, &hashes).unwrap();
        verify(&key, &hashes, &world.sign(&key, &token, &hashes).unwrap());
        let oracle = world.oracle.borrow();
        assert_eq!((oracle.signed, oracle.signed_scal1), told, "{means:?}");
    }
    assert_eq!(unauthorized(&world), 0);
}

#[test]
fn the_oracle_counts_a_pin_that_came_in_the_clear() {
    let (world, pin) = with_pin();
    let (on, hashes) = (world.trusted(), [hash()]);
    let challenge = world.challenge(&pin.id, Purpose::Sign);
    let request = sad_request(&pin.id, &pin.spki, Purpose::Sign, &hashes);
    let sad = on.build_sad_for(MeansProfile::PinTotp, &challenge, request).unwrap();
    world.oracle.borrow_mut().consented(&sad);
    let assertion = Assertion::PinTotp { pin: b"0000".to_vec().into(), code: b"000000".to_vec().into() };
    let plain = AuthorizationEvidence::Plain(AuthorizedSad { sad: sad.to_bytes().into(), assertion });
    let command = Command::Authorize(world.authorize_request(&pin, codec::encode(&plain).into(), &hashes));
    assert_eq!(world.call(command.clone()).unwrap_err().number(), Fault::SadUnsealed.number());
    let receipt = Receipt { index: 0, event: Blob::default(), salts: Vec::new(), checkpoint: String::new() };
    let answer = Answer::Activation { token: vec![1; 32].into(), expires: 0, receipt };
    world.oracle.borrow_mut().judge(Some(&command), &answer);
    assert_eq!(unauthorized(&world), 1, "consented to, and in the clear");
}

#[test]
fn the_oracle_counts_guesses_beyond_the_limit_and_those_that_no_event_tells_of() {
    let (world, pin) = with_pin();
    let command = guessed(&world, &pin);
    let entries = world.host.state().store.entries.clone();
    let read = |entries: &[Vec<u8>]| world.oracle.borrow_mut().guesses.read(entries);
    world.oracle.borrow_mut().guesses.refused(&command, Fault::AssertionSignature);
    assert_eq!(read(&entries), Vec::<String>::new(), "one guess, and one event");
    world.oracle.borrow_mut().guesses.refused(&command, Fault::AssertionSignature);
    assert_eq!(read(&entries).len(), 1, "a guess that the ledger does not know");
    // The same event again and again, as a ledger would have it that does not count.
    let more = |count: u32| [entries.clone(), vec![entries.last().unwrap().clone(); count as usize]].concat();
    assert_eq!(read(&more(MAX_ATTEMPTS - 1)), Vec::<String>::new());
    assert_eq!(read(&more(MAX_ATTEMPTS)).len(), 1, "one too many");
}

#[test]
fn the_oracle_counts_attempts_that_nobody_had_set_back() {
    let (world, pin) = with_pin();
    let entries = world.host.state().store.entries.clone();
    let of_request =
        |entry: &&Vec<u8>| matches!(codec::decode::<Event>(entry).unwrap().body, EventBody::PopSigned { .. });
    let popped = entries.iter().rev().find(of_request).unwrap().clone();
    assert_eq!(world.oracle.borrow_mut().guesses.read(&entries), Vec::<String>::new());
    let more = [entries, vec![popped; 3]].concat();
    assert_eq!(world.oracle.borrow_mut().guesses.read(&more).len(), 1, "{}", pin.id);
}

#[test]
fn the_oracle_takes_answers_about_a_token_in_any_order_and_counts_what_came_after_its_end() {
    for (later, minded) in [(0, 0), (2, 1)] {
        let mut world = World::operational();
        let key = world.enrol();
        let hashes = [hash(), hash()];
        let token = world.token(&key, &hashes);
        let sign = world.sign_request(&key, &token, &hashes[..1]);
        let signed = world.host.call(Command::SignHash(sign.clone())).unwrap();
        let extend = ExtendTransaction {
            credential: key.id.clone(),
            token,
            hashes: None,
            hash_algorithm: None,
            record: world.record(&key.id),
        };
        // The answer to what was done first comes last.
        world.call(Command::ExtendTransaction(extend)).unwrap();
        let Answer::Signatures { signatures, mut receipt } = signed else { panic!("{signed:?}") };
        receipt.index += later;
        let answer = Answer::Signatures { signatures, receipt };
        world.oracle.borrow_mut().judge(Some(&Command::SignHash(sign)), &answer);
        assert_eq!(unauthorized(&world), minded, "{later} events later");
    }
}

#[test]
fn the_oracle_counts_a_suspension_that_the_signer_did_not_ask_for() {
    let mut world = World::operational();
    let key = world.enrol();
    let on = world.trusted();
    let (evidence, _) = world.consent(&on, &key, Purpose::Suspend, &[]);
    let record = world.record(&key.id);
    let command = Command::Suspend(Suspend { credential: key.id, evidence, record });
    let answer = world.call(command.clone()).unwrap();
    assert_eq!(unauthorized(&world), 0);
    world.oracle.borrow_mut().judge(Some(&command), &answer);
    assert_eq!(unauthorized(&world), 1, "a consent used twice");
}

/// Whether the oracle minds that this was obeyed.
fn minds(world: &World, command: Command, answer: &Answer) -> bool {
    let before = unauthorized(world);
    world.oracle.borrow_mut().judge(Some(&command), answer);
    unauthorized(world) > before
}

#[test]
fn the_oracle_counts_what_was_said_of_another_credential() {
    let mut world = World::operational();
    let (key, other) = (world.enrol(), world.enrol());
    let on = world.trusted();
    let (evidence, _) = world.consent(&on, &key, Purpose::Suspend, &[]);
    let (elsewhere, _) = world.consent(&on, &key, Purpose::Suspend, &[]);
    let (of_key, _) = world.consent(&on, &key, Purpose::Delete, &[]);
    let (of_other, _) = world.consent(&on, &other, Purpose::Delete, &[]);
    let mixed = world.manage(ManageAction::DeleteKey {}, Some(&other.id), Some(of_key));
    let record = world.record(&key.id);
    let suspend = Suspend { credential: key.id.clone(), evidence, record };
    let answer = world.call(Command::Suspend(suspend.clone())).unwrap();
    let moved = Suspend { credential: other.id.clone(), evidence: elsewhere, ..suspend };
    assert!(minds(&world, Command::Suspend(moved), &answer), "another credential stopped");
    // A deletion: the RA names one key, its signer another.
    let honest = world.manage(ManageAction::DeleteKey {}, Some(&other.id), Some(of_other));
    let deleted = world.call(Command::DeleteKey(honest)).unwrap();
    assert_eq!(unauthorized(&world), 1);
    assert!(minds(&world, Command::DeleteKey(mixed), &deleted), "another key destroyed");
}

#[test]
fn the_oracle_counts_a_suspension_that_neither_ra_nor_officer_asked_for() {
    let mut world = World::operational();
    let key = world.enrol();
    let hold = Command::Hold(world.manage(ManageAction::Suspend {}, Some(&key.id), None));
    let answer = world.call(hold.clone()).unwrap();
    assert_eq!(unauthorized(&world), 0);
    assert!(minds(&world, hold, &answer), "a proof obeyed twice");
    let unlock = Command::Hold(world.manage(ManageAction::Unlock {}, Some(&key.id), None));
    assert!(minds(&world, unlock, &answer), "a proof of something else");
    let order = Order { credential: key.id.clone(), orders: Vec::new(), record: world.record(&key.id) };
    assert!(minds(&world, Command::Order(order), &answer), "an officer's order");
}

/// An organization with a mandate of two seals, and one seal under it.
struct Sealed {
    world: World,
    organization: Organization,
    terms: MandateTerms,
    hash: Blob,
    request: Seal,
    seals: Vec<Blob>,
    receipt: Receipt,
}

fn sealed() -> Sealed {
    let mut world = World::operational();
    let organization = world.organization();
    let terms = world.terms(&organization.key, &organization.programs[0], 2, Rate { seals: 9, seconds: 1 });
    let (mandate, hash) = (world.grant(&organization.key, &terms), hash());
    let order = world.order(mandate, 1, vec![hash.clone()]);
    let request = world.ordered(&organization.key, &order, &organization.programs[0]).unwrap();
    let Ok(Answer::Signatures { signatures: seals, receipt }) = world.call(Command::Seal(request.clone()))
    else {
        panic!("seal")
    };
    assert_eq!((unauthorized(&world), world.oracle.borrow().seals), (0, 1));
    Sealed { world, organization, terms, hash, request, seals, receipt }
}

impl Sealed {
    fn mandate(&self) -> MandateId {
        mandate_id(&self.terms.to_bytes())
    }

    /// A receipt of an order with this number, so many events after the first.
    fn receipt(&self, mandate: MandateId, number: u64, later: u64) -> Receipt {
        let mut event: Event = codec::decode(self.receipt.event.as_slice()).unwrap();
        let EventBody::Sealed { mandate: of, number: numbered, .. } = &mut event.body else { panic!() };
        (*of, *numbered) = (mandate, number);
        event.time += 5000 * later;
        let index = self.receipt.index + later;
        Receipt { index, event: codec::encode(&event).into(), ..self.receipt.clone() }
    }

    /// Whether the oracle minds that this order, of this program's, gave the seal.
    fn minds(&self, mandate: MandateId, number: u64, later: u64, program: usize) -> bool {
        let order = self.world.order(mandate, number, vec![self.hash.clone()]);
        let program = &self.organization.programs[program];
        self.world.oracle.borrow_mut().mandates.ordered(&order, program.spki());
        let order = codec::encode(&program.sign(&order)).into();
        let request = Seal { order, ..self.request.clone() };
        self.minds_answer(request, self.receipt(mandate, number, later))
    }

    fn minds_answer(&self, request: Seal, receipt: Receipt) -> bool {
        let before = unauthorized(&self.world);
        let answer = Answer::Signatures { signatures: self.seals.clone(), receipt };
        self.world.oracle.borrow_mut().judge(Some(&Command::Seal(request)), &answer);
        unauthorized(&self.world) > before
    }
}

#[test]
fn the_oracle_counts_seals_beyond_their_mandate() {
    let sealed = sealed();
    let mandate = sealed.mandate();
    assert!(!sealed.minds(mandate, 2, 1, 0), "the second of two");
    assert!(sealed.minds(mandate, 3, 2, 0), "the third of two");
}

#[test]
fn the_oracle_counts_an_order_that_is_obeyed_twice_or_out_of_its_order() {
    let sealed = sealed();
    assert!(sealed.minds_answer(sealed.request.clone(), sealed.receipt.clone()), "the very same order");
    assert!(sealed.minds(sealed.mandate(), 1, 1, 0), "another with its number");
}

#[test]
fn the_oracle_counts_seals_on_a_strangers_order_or_under_the_event_of_another() {
    let sealed = sealed();
    let mandate = sealed.mandate();
    assert!(sealed.minds(mandate, 2, 1, 1), "another program's order");
    let order = sealed.world.order(mandate, 2, vec![sealed.hash.clone()]);
    let order = codec::encode(&sealed.organization.programs[0].sign(&order)).into();
    let request = Seal { order, ..sealed.request.clone() };
    assert!(sealed.minds_answer(request, sealed.receipt(mandate, 2, 1)), "an order that no program meant");
    assert!(sealed.minds(MandateId([7; 16]), 2, 1, 0), "a mandate of nobody's");
}

#[test]
fn the_oracle_counts_seals_under_a_mandate_that_too_few_approved() {
    let mut sealed = sealed();
    let on = sealed.world.trusted();
    let (key, program) = (sealed.organization.key.clone(), &sealed.organization.programs[0]);
    let terms = sealed.world.terms(&key, program, 2, Rate { seals: 9, seconds: 1 });
    let request = sealed.world.grant_request(&on, &key, &terms, &[1]);
    assert_eq!(sealed.world.call(Command::GrantMandate(request)).unwrap_err().number(), 443);
    assert!(sealed.minds(mandate_id(&terms.to_bytes()), 1, 1, 0));
}

#[test]
fn the_oracle_counts_a_seal_after_the_end_whichever_answer_came_first() {
    for sealed_first in [true, false] {
        let sealed = sealed();
        let (world, mandate) = (&sealed.world, sealed.mandate());
        let by = world.end_by_officer(mandate);
        let end = Command::EndMandate(world.end_request(&sealed.organization.key, mandate, by));
        let late = || sealed.minds(mandate, 2, 100, 0);
        if sealed_first {
            assert!(!late());
            let before = unauthorized(world);
            world.call(end).unwrap();
            assert!(unauthorized(world) > before);
        } else {
            world.call(end).unwrap();
            assert_eq!(unauthorized(world), 0);
            assert!(late());
        }
    }
}

#[test]
fn the_oracle_counts_mandates_and_ends_on_words_of_nobody() {
    let mut sealed = sealed();
    let (on, key) = (sealed.world.trusted(), sealed.organization.key.clone());
    let terms = sealed.world.terms(&key, &sealed.organization.programs[0], 2, Rate { seals: 9, seconds: 1 });
    let granted = |terms: &MandateTerms| Answer::MandateGranted {
        mandate: mandate_id(&terms.to_bytes()),
        receipt: sealed.receipt.clone(),
    };
    let judge = |world: &World, command: Command, answer: Answer| {
        let before = unauthorized(world);
        world.oracle.borrow_mut().judge(Some(&command), &answer);
        unauthorized(world) > before
    };
    let twice = sealed.world.grant_request(&on, &key, &terms, &[1, 1]);
    assert!(judge(&sealed.world, Command::GrantMandate(twice), granted(&terms)), "one approver twice");
    let honest = sealed.world.grant_request(&on, &key, &terms, &[1, 3]);
    let moved = sealed.world.grant_with(&key, &sealed.terms, honest.approvals);
    assert!(judge(&sealed.world, Command::GrantMandate(moved), granted(&sealed.terms)), "other terms");
    let unseen = MandateTerms { count: 1000, ..terms };
    let unseen = sealed.world.grant_with(&key, &unseen, Vec::new());
    let answer = granted(&sealed.terms);
    assert!(judge(&sealed.world, Command::GrantMandate(unseen), answer), "terms that nobody proposed");
    let by = EndedBy::Officer(vec![1].into());
    let end = Command::EndMandate(sealed.world.end_request(&key, sealed.mandate(), by));
    assert!(judge(&sealed.world, end, Answer::MandateEnded(sealed.receipt.clone())), "no officer's end");
}

#[test]
fn the_oracle_counts_a_root_key_that_somebody_else_got() {
    let world = World::operational();
    let (bundle, _) = world.evidence();
    let receipt = Receipt { index: 9, event: Blob::default(), salts: Vec::new(), checkpoint: String::new() };
    let handed =
        HandedOver { statement: Blob::default(), signature: Blob::default(), sealed: Blob::default() };
    let answer = Answer::HandedOver { handed, receipt };
    let give = Command::HandOver(HandOver { evidence: bundle.clone().into() });
    world.oracle.borrow_mut().judge(Some(&give), &answer);
    assert_eq!(unauthorized(&world), 1);
    world.oracle.borrow_mut().may_inherit(bundle.into());
    world.oracle.borrow_mut().judge(Some(&give), &answer);
    assert_eq!(unauthorized(&world), 1, "one that may have it");
}
