//! Place: none. Attacks on a boot: shares, manifests and statements that do not belong to it.

use super::{Outcome, holds, refused};
use crate::hostile::people::{Person, Traitor};
use crate::hostile::signer::Enrolled;
use crate::hostile::world::World;
use crate::signer::now;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::manifest::{ManifestChange, Officer, service_id};
use fuin_shared::message::{Command, Genesis, InstallManifest};
use fuin_shared::phase::Phase;
use getrandom::SysRng;
use rand_core::UnwrapErr;

fn back(world: &mut World, key: &Enrolled) -> Outcome {
    world.recover();
    world.works(key);
    Ok(())
}

/// A custodian gone bad brings a root key of its own: under the true commitment, and under its own.
pub(super) fn foreign_root_shares(world: &mut World, key: &Enrolled) -> Outcome {
    world.observe();
    let commitment = world.custodian.root_commitment().unwrap();
    let before = world.host.state().store.clone();
    let traitor = Traitor::new(world);
    world.reboot();
    world.install().map_err(|e| format!("{e:?}"))?;
    let give = |world: &World, share: &[u8], commitment| {
        world.host.call(Command::ProvideShare(traitor.provide(world, share, commitment)))
    };
    let foreign = fuin_enclave::ledger::keys::RootKey::new([66; 32]);
    let made = fuin_enclave::ceremony::sharing::split(&foreign, &world.service, 1, 1, &mut UnwrapErr(SysRng))
        .map_err(|e| format!("{e:?}"))?;
    let share = made.shares.first().ok_or("no share was made")?.to_octets();
    refused("a root key that is not the commitment's", give(world, &share, commitment), &[357])?;
    refused("what is no share", give(world, &[66; 32], commitment), &[356])?;
    holds("no share was taken", world.phase() == Phase::Uninitialized)?;
    refused("a root key that the ledger is not under", give(world, &share, made.commitment), &[800, 802])?;
    holds("it has halted", world.phase() == Phase::Halted)?;
    holds("the store is as it was", world.host.state().store == before)?;
    back(world, key)
}

/// All as in the true manifest, but that the host is the officer.
pub(super) fn foreign_manifest(world: &mut World, key: &Enrolled) -> Outcome {
    world.observe();
    world.reboot();
    let officer = std::mem::replace(&mut world.officer, Person::new("officer"));
    let mut manifest = world.manifest();
    manifest.officers = vec![Officer { id: world.officer.id.clone(), key: world.officer.spki() }];
    let signed = world.sign_manifest(&manifest);
    world.officer = officer;
    holds("it is another service", service_id(&codec::encode(&manifest)) != world.service)?;
    let command = InstallManifest { first: signed.clone(), current: signed };
    world.host.call(Command::InstallManifest(command)).map_err(|e| format!("{e:?}"))?;
    holds("the custodian gives nothing to it", world.share().is_err())?;
    let (bundle, nonce) = world.evidence();
    holds("the signer's device refuses it", world.sic().check_evidence(&bundle, &nonce, now()).is_err())?;
    let sign = world.sign_request(key, &vec![0; 32].into(), &[vec![1; 32].into()]);
    refused("signing without a root key", world.host.call(Command::SignHash(sign)), &[200])?;
    back(world, key)
}

/// Yesterday's manifest, one past its end, and one that is not the founder's.
pub(super) fn old_manifest(world: &mut World, key: &Enrolled) -> Outcome {
    let never = world.approve_manifest(|m| m.not_after += 2);
    let next = world.approve_manifest(|m| m.not_after += 1);
    let unsigned = ManifestChange { approvals: Vec::new(), ..next.clone() };
    let changed = |world: &World, c: &ManifestChange| world.call(Command::ChangeManifest(c.clone()));
    refused("a manifest that nobody approved", changed(world, &unsigned), &[301])?;
    changed(world, &next).map_err(|e| format!("{e:?}"))?;
    refused("a manifest twice", changed(world, &next), &[303])?;
    refused("one that was approved after another", changed(world, &never), &[303])?;
    world.observe();
    let adopted = world.host.state().store.manifests.clone();
    let yesterday = adopted.get(..adopted.len() - 1).unwrap_or_default().to_vec();
    let instead = [yesterday.clone(), vec![never]].concat();
    for (brought, number) in [(yesterday, 307), (instead, 308)] {
        world.reboot();
        world.host.state().store.manifests = brought;
        world.install().map_err(|e| format!("{e:?}"))?;
        world.host.state().store.manifests = adopted.clone();
        let share = Command::ProvideShare(world.share().map_err(|e| e.to_string())?);
        refused("a boot under another manifest than the newest", world.host.call(share), &[number])?;
        holds("it has halted", world.phase() == Phase::Halted)?;
    }
    world.reboot();
    let install = |first: &Blob, current: &Blob| {
        let command = InstallManifest { first: first.clone(), current: current.clone() };
        world.host.call(Command::InstallManifest(command))
    };
    let mut ended = world.manifest();
    ended.not_after = now() - 10;
    let ended = world.sign_manifest(&ended);
    refused("a manifest past its end as the current one", install(&world.signed, &ended), &[303])?;
    let mut later = world.manifest();
    later.version = 2;
    let later = world.sign_manifest(&later);
    refused("a later one as the founder's", install(&later, &later), &[300])?;
    install(&ended, &ended).map_err(|e| format!("{e:?}"))?;
    let genesis = Command::Genesis(Genesis { approvals: Vec::new() });
    refused("a genesis under a manifest past its end", world.host.call(genesis), &[302])?;
    back(world, key)
}

/// What served an earlier boot: the officer's approval, the custodian's share, the RA's proofs.
pub(super) fn old_statements(world: &mut World, key: &Enrolled) -> Outcome {
    // Proofs that were obeyed are spent, now and after a boot.
    let seen = world.seen.borrow().clone();
    let spent =
        |c: &&Command| matches!(c, Command::GenerateKey(_) | Command::LinkEid(_) | Command::LinkCert(_));
    let proofs: Vec<_> = seen.iter().filter(spent).take(6).cloned().collect();
    holds("there are old proofs", !proofs.is_empty())?;
    let replay = |world: &World| -> Outcome {
        proofs.iter().try_for_each(|old| refused("an old proof", world.host.call(old.clone()), &[421]))
    };
    replay(world)?;
    world.observe();
    world.reboot();
    world.install().map_err(|e| format!("{e:?}"))?;
    let of_ceremony = |c: &&Command| matches!(c, Command::Genesis(_) | Command::ProvideShare(_));
    for old in seen.iter().filter(of_ceremony).take(6) {
        refused("an old statement of the ceremony", world.host.call(old.clone()), &[352])?;
    }
    let confirm = seen.iter().find(|c| matches!(c, Command::ConfirmGenesis(_)));
    if let Some(old) = confirm {
        refused("an old receipt", world.host.call(old.clone()), &[358])?;
    }
    // The share of this boot, kept and given to the next.
    let share = Command::ProvideShare(world.share().map_err(|e| e.to_string())?);
    world.reboot();
    world.install().map_err(|e| format!("{e:?}"))?;
    refused("a share for an earlier boot", world.host.call(share), &[352])?;
    world.provide().map_err(|e| format!("{e:?}"))?;
    replay(world)?;
    world.works(key);
    Ok(())
}
