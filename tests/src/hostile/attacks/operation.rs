//! Place: none. Attacks on a running service.

use super::own_means::own_registration;
use super::{Outcome, refused};
use crate::hostile::means::link_action;
use crate::hostile::people::Person;
use crate::hostile::signer::{ECDSA, Enrolled, SHA256, hash};
use crate::hostile::world::World;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::message::{Answer, Command, ExtendTransaction, Manage};
use fuin_shared::sad::{MeansProfile, Purpose, sad_digest};
use fuin_shared::statement::ManageAction;
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// The host answers the challenge with a passkey of its own and has everything else: the RA's proof, evidence, record.
pub(super) fn own_passkey_at_link(world: &mut World, _: &Enrolled) -> Outcome {
    let on = world.trusted();
    let key = world.generate(&world.ra);
    let (sad, _) = world.sad(&on, &key, Purpose::Link, &[]);
    let digest = sad_digest(&sad.to_bytes());
    let own = own_registration(&digest);
    let own_name = own.registration().unwrap();
    let sealed: Blob = codec::encode(&on.seal(&sad, own, &mut UnwrapErr(SysRng)).unwrap()).into();

    // The RA names the registration that the signer made before its eyes.
    let (honest, seen) = world.consent(&on, &key, Purpose::Link, &[]);
    let proof = world.manage(link_action(MeansProfile::Passkey, seen.unwrap()), Some(&key.id), Some(honest));
    let swapped = Manage { evidence: Some(sealed.clone()), ..proof.clone() };
    refused("the host's passkey under the RA's proof", world.host.call(Command::LinkEid(swapped)), &[425])?;

    // A proof that names the host's registration, by somebody who says to be the RA.
    let record = world.record(&key.id);
    let statement = world.statement(link_action(MeansProfile::Passkey, own_name), Some(&record));
    let forged = Person::new(world.ra.id.as_str()).prove(&statement);
    let forged = Manage { proof: forged, evidence: Some(sealed), record: Some(record), nonce: None };
    refused("the host's passkey under the host's proof", world.host.call(Command::LinkEid(forged)), &[421])?;

    // What the signer and the RA meant goes through, once.
    world.call(Command::LinkEid(proof.clone())).map_err(|e| format!("the honest link: {e:?}"))?;
    refused("a second link", world.host.call(Command::LinkEid(proof)), &[421, 401])
}

/// Consent to one thing, presented as consent to another.
pub(super) fn swapped_purposes(world: &mut World, key: &Enrolled) -> Outcome {
    let on = world.trusted();
    let hashes = [hash()];
    let delete = |world: &World, key: &Enrolled, evidence| {
        Command::DeleteKey(world.manage(ManageAction::DeleteKey {}, Some(&key.id), Some(evidence)))
    };
    // An active key: sign and delete.
    let (to_delete, _) = world.consent(&on, key, Purpose::Delete, &[]);
    let request = world.authorize_request(key, to_delete, &hashes);
    refused("a SAD to delete, used to sign", world.host.call(Command::Authorize(request)), &[605])?;
    let (to_sign, _) = world.consent(&on, key, Purpose::Sign, &hashes);
    let deletion = delete(world, key, to_sign);
    refused("a SAD to sign, used to delete", world.host.call(deletion), &[605])?;

    // A key that waits for its certificate: pop and delete.
    let waiting = world.generate(&world.ra);
    world.link(&on, &waiting);
    let pop = |request_info| ManageAction::AuthorizePop { request_info, signature_algorithm: ECDSA };
    let ask = Command::AuthorizePop(world.manage(pop(None), Some(&waiting.id), None));
    let Ok(Answer::RequestInfo(info)) = world.call(ask) else {
        return Err("no request information".to_owned());
    };
    let digest: Blob = SHA256.digest(info.as_slice()).into();
    let (to_pop, _) = world.consent(&on, &waiting, Purpose::Pop, std::slice::from_ref(&digest));
    let deletion = delete(world, &waiting, to_pop.clone());
    refused("a SAD for a request, used to delete", world.host.call(deletion), &[605])?;
    let request = world.authorize_request(&waiting, to_pop.clone(), std::slice::from_ref(&digest));
    refused("a SAD for a request, used to sign", world.host.call(Command::Authorize(request)), &[706])?;
    let request = world.authorize_request(key, to_pop, &[digest]);
    refused(
        "a SAD for a request, used with another key",
        world.host.call(Command::Authorize(request)),
        &[601],
    )?;
    let (to_delete, _) = world.consent(&on, &waiting, Purpose::Delete, &[]);
    let request = Command::AuthorizePop(world.manage(pop(Some(info)), Some(&waiting.id), Some(to_delete)));
    refused("a SAD to delete, used for a request", world.host.call(request), &[605])?;
    world.works(key);
    Ok(())
}

/// The host asks for a token for more than the signer authorized: another hash, one too often, one that was signed.
pub(super) fn extended_beyond(world: &mut World, key: &Enrolled) -> Outcome {
    let hashes = [hash(), hash()];
    let token = world.token(key, &hashes);
    let extend = |world: &World, token: &Blob, hashes: Option<&[Blob]>| {
        Command::ExtendTransaction(ExtendTransaction {
            credential: key.id.clone(),
            token: token.clone(),
            hashes: hashes.map(<[Blob]>::to_vec),
            hash_algorithm: None,
            record: world.record(&key.id),
        })
    };
    let [first, second] = &hashes;
    let beyond = [vec![hash()], vec![first.clone(), hash()], vec![first.clone(), first.clone()]];
    for wrong in &beyond {
        let command = extend(world, &token, Some(wrong));
        refused("a token for a new hash", world.host.call(command), &[702])?;
    }
    world.sign(key, &token, std::slice::from_ref(first)).map_err(|e| format!("the honest call: {e:?}"))?;
    let Ok(Answer::Activation { token: new, .. }) = world.call(extend(world, &token, None)) else {
        return Err("no token for what is left".to_owned());
    };
    let again = world.sign_request(key, &new, std::slice::from_ref(first));
    refused("a hash that was signed before", world.host.call(Command::SignHash(again)), &[702])?;
    let former = world.sign_request(key, &token, std::slice::from_ref(second));
    refused("the former token", world.host.call(Command::SignHash(former)), &[700])?;
    world.sign(key, &new, std::slice::from_ref(second)).map_err(|e| format!("what is left: {e:?}"))?;
    refused("a token that is used up", world.host.call(extend(world, &new, None)), &[700])
}

/// An RA client with rights of its own turns to the signer and the key of another.
pub(super) fn another_ra(world: &mut World, key: &Enrolled) -> Outcome {
    let record = world.record(&key.id);
    let own_name = own_registration(&sad_digest(b"any")).registration().unwrap();
    let actions = [
        ManageAction::DeleteKey {},
        ManageAction::LinkCert { certificates: vec![world.authority.root().into()] },
        ManageAction::AuthorizePop { request_info: None, signature_algorithm: ECDSA },
        link_action(MeansProfile::Passkey, own_name),
    ];
    for action in actions {
        let statement = world.statement(action.clone(), Some(&record));
        let command = |proof| {
            let manage = Manage { proof, evidence: None, record: Some(record.clone()), nonce: None };
            match &action {
                ManageAction::LinkCert { .. } => Command::LinkCert(manage),
                ManageAction::AuthorizePop { .. } => Command::AuthorizePop(manage),
                ManageAction::LinkEid { .. } => Command::LinkEid(manage),
                _ => Command::DeleteKey(manage),
            }
        };
        let own = command(world.other_ra.prove(&statement));
        refused("another RA client's proof for this one's key", world.host.call(own), &[403])?;
        // Under the name of the RA whose key it is.
        let mut named = Person::new("x").prove(&statement);
        refused("a stranger's proof", world.host.call(command(std::mem::take(&mut named))), &[421])?;
        let borrowed = world.other_ra.prove_as(&world.ra.id, &statement);
        refused("another RA client's key under this one's name", world.host.call(command(borrowed)), &[421])?;
    }
    // With the same userID it gets keys of its own, and nothing of this one's.
    let theirs = world.generate(&world.other_ra);
    let record = world.record(&theirs.id);
    let statement = world.statement(ManageAction::DeleteKey {}, Some(&record));
    let proof = world.ra.prove(&statement);
    let manage = Manage { proof, evidence: None, record: Some(record), nonce: None };
    refused("this one's proof for the other's key", world.host.call(Command::DeleteKey(manage)), &[403])?;
    world.works(key);
    Ok(())
}
