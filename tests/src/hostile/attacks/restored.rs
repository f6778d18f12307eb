//! Place: none. What the ledger counts, held against boots and older stores: guesses at a PIN, and seals under a mandate.

use super::ledgers::refused_boot;
use super::witnessed::forgotten;
use super::{Outcome, holds, refused};
use crate::hostile::host::Refused;
use crate::hostile::organization::Organization;
use crate::hostile::signer::{Enrolled, hash, sad_request, verify};
use crate::hostile::world::{Release, Snapshot, World};
use fuin_sca::seal::ScaKey;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::MandateId;
use fuin_shared::message::{Answer, Command, GetChallenge, Seal};
use fuin_shared::sad::{Assertion, MAX_ATTEMPTS, MeansProfile, Purpose};
use fuin_shared::seal::{Rate, SealOrder, SignedOrder};
use fuin_shared::statement::ManageAction;
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// The host boots the enclave on an older store, in vain, and then on the newest.
fn restored(world: &mut World, older: &Snapshot) -> Outcome {
    match world.kind().release {
        Release::Durable => {
            world.observe();
            refused_boot(world, "an older store", older.store.clone(), &[Fault::LedgerShortened.number()])?;
        }
        Release::Cosigned => forgotten(world, "an older store", older)?,
    }
    world.observe();
    world.recover();
    Ok(())
}

/// An answer of anybody's under a SAD of the host's own.
fn answered(world: &World, pin: &Enrolled, assertion: Assertion) -> Command {
    let (on, hashes) = (world.trusted(), [hash()]);
    let challenge = world.challenge(&pin.id, Purpose::Sign);
    let request = sad_request(&pin.id, &pin.spki, Purpose::Sign, &hashes);
    let sad = on.build_sad_for(MeansProfile::PinTotp, &challenge, request).unwrap();
    let sealed = on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap();
    Command::Authorize(world.authorize_request(pin, codec::encode(&sealed).into(), &hashes))
}

/// Five wrong guesses, with boots and older stores between them; the next is compared by nobody, nor is the right PIN.
pub(super) fn guesses(world: &mut World, key: &Enrolled) -> Outcome {
    let pin = world.enrol_with(MeansProfile::PinTotp);
    let (wrong, locked) = ([Fault::AssertionSignature.number()], [Fault::CredentialDisabled.number()]);
    let guess = || Assertion::PinTotp { pin: b"00000000".to_vec().into(), code: b"000000".to_vec().into() };
    let before = world.snapshot();
    // What the signer answers now serves now, and never again.
    let (served, mut left) = served(world, &pin)?;
    if let Some(answer) = &served {
        refused("a password twice", call(world, answered(world, &pin, answer.clone())), &wrong)?;
        restored(world, &before)?;
        refused("a password twice, over a boot", call(world, answered(world, &pin, answer.clone())), &wrong)?;
        left -= 2;
    }
    for guessed in 0..left {
        refused("a guess", call(world, answered(world, &pin, guess())), &wrong)?;
        match guessed % 3 {
            0 => restored(world, &before)?,
            1 => {
                world.observe();
                world.recover();
            }
            _ => {}
        }
    }
    let sixth = answered_or_refused(world, &pin, guess());
    refused("a guess beyond the limit", sixth, &locked)?;
    restored(world, &before)?;
    let sixth = answered_or_refused(world, &pin, guess());
    refused("a guess beyond the limit, over a boot", sixth, &locked)?;
    // The RA client has it unlocked, once on one word.
    let unlock = Command::Hold(world.manage(ManageAction::Unlock {}, Some(&pin.id), None));
    world.call(unlock.clone()).map_err(|e| format!("unlocking: {e:?}"))?;
    refused("a word to unlock, twice", world.host.call(unlock), &[Fault::InvalidProof.number()])?;
    refused("a guess", call(world, answered(world, &pin, guess())), &wrong)?;
    let found = world.oracle.borrow_mut().guesses.read(&world.host.state().store.entries);
    holds(&format!("the ledger tells of five at a time: {found:?}"), found.is_empty())?;
    world.works(key);
    Ok(())
}

/// The locked credential refuses already to begin.
fn answered_or_refused(world: &World, pin: &Enrolled, assertion: Assertion) -> Result<Answer, Refused> {
    let record = world.record(&pin.id);
    let purpose = Purpose::Sign;
    let question = GetChallenge { credential: pin.id.clone(), purpose, record };
    match world.host.call(Command::GetChallenge(question)) {
        Ok(_) => call(world, answered(world, pin, assertion)),
        Err(refusal) => Err(refusal),
    }
}

/// A command of the host's own, and what the oracle has to know of it.
fn call(world: &World, command: Command) -> Result<Answer, Refused> {
    let answer = world.host.call(command.clone());
    if let Err(Refused::Fault(fault)) = &answer {
        world.oracle.borrow_mut().guesses.refused(&command, *fault);
    }
    answer
}

/// The signer authorizes with PIN and password, if there is one now, and they serve; and how many attempts are left then.
fn served(world: &mut World, pin: &Enrolled) -> Result<(Option<Assertion>, u32), String> {
    let (on, hashes) = (world.trusted(), [hash()]);
    let Some((sad, answer)) = world.try_authorized(&on, pin, Purpose::Sign, &hashes) else {
        return Ok((None, MAX_ATTEMPTS));
    };
    let sealed = on.seal(&sad, answer.clone(), &mut UnwrapErr(SysRng)).unwrap();
    let command = Command::Authorize(world.authorize_request(pin, codec::encode(&sealed).into(), &hashes));
    let token = match world.call(command) {
        Ok(Answer::Activation { token, .. }) => token,
        // On a machine that is too slow the password is late.
        Err(Refused::Fault(Fault::AssertionSignature)) => return Ok((None, MAX_ATTEMPTS - 1)),
        other => return Err(format!("a PIN: {other:?}")),
    };
    verify(pin, &hashes, &world.sign(pin, &token, &hashes).map_err(|e| format!("a PIN's token: {e:?}"))?);
    Ok((Some(answer), MAX_ATTEMPTS))
}

/// A mandate of this many seals, and its program.
fn granted(world: &mut World, organization: &Organization, program: usize) -> MandateId {
    let (key, rate) = (&organization.key, Rate { seals: 1000, seconds: 1 });
    let terms = world.terms(key, &organization.programs[program], 3, rate);
    world.grant(key, &terms)
}

fn order(
    world: &World,
    organization: &Organization,
    mandate: MandateId,
    number: u64,
    count: usize,
) -> Result<Seal, String> {
    let order = world.order(mandate, number, (0..count).map(|_| hash()).collect());
    let request = world.ordered(&organization.key, &order, &organization.programs[0]);
    request.ok_or_else(|| "the host has no record of the mandate".to_owned())
}

/// Orders that served, under other numbers, beyond the count and after the end, with boots and older stores between them.
pub(super) fn orders(world: &mut World, key: &Enrolled) -> Outcome {
    let organization = world.organization();
    let mandate = granted(world, &organization, 0);
    let before = world.snapshot();
    let first = order(world, &organization, mandate, 1, 1)?;
    let seal = |world: &World, request: &Seal| world.call(Command::Seal(request.clone()));
    let number = [Fault::OrderNumber.number()];
    seal(world, &first).map_err(|e| format!("the first order: {e:?}"))?;
    refused("an order twice", world.host.call(Command::Seal(first.clone())), &number)?;
    restored(world, &before)?;
    refused("an order twice, over a boot", world.host.call(Command::Seal(first.clone())), &number)?;
    let signed: SignedOrder = codec::decode(first.order.as_slice()).map_err(|e| e.to_string())?;
    let mut renumbered: SealOrder = codec::decode(signed.order.as_slice()).map_err(|e| e.to_string())?;
    renumbered.number = 2;
    let own = ScaKey::generate(&mut UnwrapErr(SysRng)).sign(&renumbered);
    let kept = SignedOrder { order: codec::encode(&renumbered).into(), signature: signed.signature };
    for forged in [own, kept] {
        let request = world.carried(&organization.key, forged, &mandate).ok_or("no record")?;
        let not_its = [Fault::OrderSignature.number()];
        refused("an order under another number", world.host.call(Command::Seal(request)), &not_its)?;
    }
    let spent = [Fault::MandateSpent.number()];
    let over = Command::Seal(order(world, &organization, mandate, 2, 3)?);
    refused("one seal too many", world.host.call(over), &spent)?;
    seal(world, &order(world, &organization, mandate, 2, 2)?).map_err(|e| format!("the rest: {e:?}"))?;
    restored(world, &before)?;
    let over = Command::Seal(order(world, &organization, mandate, 3, 1)?);
    refused("a seal under a mandate that is used up", world.host.call(over), &spent)?;
    approvals_elsewhere(world, &organization)?;
    ended(world, &organization)?;
    world.works(key);
    Ok(())
}

/// Approvals of one mandate under the terms of another.
fn approvals_elsewhere(world: &mut World, organization: &Organization) -> Outcome {
    let (on, rate) = (world.trusted(), Rate { seals: 1000, seconds: 1 });
    let terms = |world: &World, count| world.terms(&organization.key, &organization.programs[0], count, rate);
    let (few, many) = (terms(world, 1), terms(world, 1000));
    let honest = world.grant_request(&on, &organization.key, &few, &[2, 3]);
    let moved = world.grant_with(&organization.key, &many, honest.approvals.clone());
    let other = [Fault::SadRequest.number()];
    refused("approvals under other terms", world.host.call(Command::GrantMandate(moved)), &other)?;
    world.call(Command::GrantMandate(honest.clone())).map_err(|e| format!("the honest grant: {e:?}"))?;
    let moved = world.grant_with(&organization.key, &many, honest.approvals);
    let used = [Fault::SadReplayed.number()];
    refused("approvals that were used", world.host.call(Command::GrantMandate(moved)), &used)
}

/// Nothing is sealed after the end, whatever is restored.
fn ended(world: &mut World, organization: &Organization) -> Outcome {
    let mandate = granted(world, organization, 0);
    let unused: Blob = order(world, organization, mandate, 1, 1)?.order;
    let before = world.snapshot();
    let by = world.end_by_officer(mandate);
    let end = Command::EndMandate(world.end_request(&organization.key, mandate, by));
    world.call(end).map_err(|e| format!("the end of a mandate: {e:?}"))?;
    let over = [Fault::MandateEnded.number()];
    let late = |world: &World| {
        let signed = codec::decode(unused.as_slice()).map_err(|e| e.to_string())?;
        let request = world.carried(&organization.key, signed, &mandate).ok_or("no record")?;
        refused("a seal after the end", world.host.call(Command::Seal(request)), &over)
    };
    late(world)?;
    restored(world, &before)?;
    late(world)
}
