//! Place: SAM. Several officers and custodians: 2 of 3 of each, whatever one of them does, and a kill at every step.

mod rotation;

use super::people::{Custodian, Person};
use super::world::{Fuse, Kind, Sink, World};
use fuin_enclave::ceremony::sharing::split;
use fuin_enclave::channel::InstanceKeyPairs;
use fuin_enclave::ledger::keys::RootKey;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, ManifestHash, PersonId, RootCommitment};
use fuin_shared::manifest::{self, Officer, OfficerSignature, SignedManifest, service_id};
use fuin_shared::message::*;
use fuin_shared::phase::Phase;
use fuin_shared::statement::*;
use sha2::{Digest, Sha256};

const PAIRS: [[usize; 2]; 6] = [[0, 1], [1, 0], [0, 2], [2, 0], [1, 2], [2, 1]];

/// A world of three officers and three custodians, two of whom are needed.
pub struct Quorum {
    pub world: World,
    officers: Vec<Person>,
    custodians: Vec<Custodian>,
    /// What each custodian holds.
    held: Option<GenesisShares>,
    /// What each has seen.
    seen: [Option<String>; 3],
}

fn named(names: [&'static str; 3], seed: u8) -> Vec<Person> {
    names.iter().zip(seed..).map(|(name, seed)| Person::new(name, seed)).collect()
}

impl Quorum {
    /// Manifest installed, nothing else.
    pub fn installed() -> Self {
        let mut world = World::new(3);
        let officers = named(["ada", "ben", "cem"], 41);
        let custodians: Vec<Custodian> = named(["kei", "lea", "mio"], 51)
            .into_iter()
            .map(|person| Custodian { person, opening: InstanceKeyPairs::generate(&mut world.rng) })
            .collect();
        let signed: SignedManifest = codec::decode(world.signed_manifest.as_slice()).unwrap();
        let mut manifest = signed.parse().unwrap();
        manifest.officers = officers.iter().map(|o| Officer { id: o.id.clone(), key: o.spki() }).collect();
        manifest.custodians = custodians
            .iter()
            .map(|c| manifest::Custodian {
                id: c.person.id.clone(),
                signing: c.person.spki(),
                sealing: c.opening.public().hpke,
            })
            .collect();
        (manifest.officer_quorum, manifest.share_threshold) = (2, 2);
        let octets = codec::encode(&manifest);
        let message = SignedManifest::message(&octets);
        let signatures = officers
            .iter()
            .take(2)
            .map(|o| OfficerSignature { officer: o.id.clone(), signature: o.sign(&message) })
            .collect();
        world.service = service_id(&octets);
        world.signed_manifest = codec::encode(&SignedManifest { manifest: octets.into(), signatures }).into();
        world.install().unwrap();
        Self { world, officers, custodians, held: None, seen: Default::default() }
    }

    fn operational() -> Self {
        let mut quorum = Self::installed();
        quorum.begin(&[0, 1]).unwrap();
        for custodian in 0..2 {
            assert_eq!(quorum.receipt(custodian), Err(Fault::GenesisPending));
        }
        quorum.receipt(2).unwrap();
        quorum
    }

    pub fn approvals(&mut self, officers: &[usize]) -> Vec<Blob> {
        officers
            .iter()
            .map(|officer| {
                let approval = self.world.approval();
                self.officers[*officer].state(&approval)
            })
            .collect()
    }

    pub fn begin(&mut self, officers: &[usize]) -> Result<(), Fault> {
        let approvals = self.approvals(officers);
        match self.world.call(Command::Genesis(Genesis { approvals }))? {
            Answer::GenesisShares(shares) => self.held = Some(shares),
            other => panic!("{other:?}"),
        }
        Ok(())
    }

    fn receipt_of(&self, custodian: usize) -> Blob {
        let held = self.held.as_ref().unwrap();
        self.custodians[custodian].person.state(&ShareReceipt {
            service: self.world.service,
            instance: self.world.machine.instance(),
            commitment: held.commitment,
            share: Digest32(Sha256::digest(codec::encode(&held.shares[custodian])).into()),
        })
    }

    fn receipt(&mut self, custodian: usize) -> Result<Answer, Fault> {
        let receipts = vec![self.receipt_of(custodian)];
        self.world.call(Command::ConfirmGenesis(ConfirmGenesis { receipts }))
    }

    /// The octets of a custodian's share.
    fn share(&self, custodian: usize) -> (Vec<u8>, RootCommitment) {
        let held = self.held.as_ref().unwrap();
        let share = &held.shares[custodian];
        let aad = share_aad(&self.world.service, &held.commitment, &share.custodian);
        let (encapsulated, ciphertext) = (&share.sealed.encapsulated, &share.sealed.ciphertext);
        let opened = self.custodians[custodian].opening.open(
            SHARE_TO_CUSTODIAN,
            &aad,
            encapsulated.as_slice(),
            ciphertext.as_slice(),
        );
        (opened.unwrap().to_vec(), held.commitment)
    }

    /// Any octets as the share of a custodian, sealed and signed as they should be.
    fn message(&mut self, custodian: usize, share: &[u8], commitment: RootCommitment) -> ProvideShare {
        let instance = self.world.instance_keys();
        let person = &self.custodians[custodian].person;
        let aad = share_aad(&self.world.service, &commitment, &person.id);
        let hpke = instance.hpke.as_slice();
        let sealed =
            fuin_enclave::channel::seal_to(hpke, SHARE_TO_INSTANCE, &aad, share, &mut self.world.rng);
        let sealed: Blob = codec::encode(&sealed.unwrap()).into();
        let statement = person.state(&ShareStatement {
            service: self.world.service,
            instance: self.world.machine.instance(),
            manifest: ManifestHash(self.world.service.0),
            commitment,
            newest_checkpoint: self.seen[custodian].clone(),
            sealed: Digest32(Sha256::digest(sealed.as_slice()).into()),
        });
        ProvideShare { statement, sealed, other: None }
    }

    fn give(&mut self, custodian: usize, share: &[u8], commitment: RootCommitment) -> Result<Answer, Fault> {
        let message = self.message(custodian, share, commitment);
        self.world.call(Command::ProvideShare(message))
    }

    fn provide(&mut self, custodian: usize) -> Result<Answer, Fault> {
        let (share, commitment) = self.share(custodian);
        self.give(custodian, &share, commitment)
    }

    fn status(&mut self) -> CeremonyStatus {
        match self.world.call(Command::CeremonyStatus).unwrap() {
            Answer::CeremonyStatus(status) => status,
            other => panic!("{other:?}"),
        }
    }

    fn ids(&self, custodians: &[usize]) -> Vec<PersonId> {
        custodians.iter().map(|i| self.custodians[*i].person.id.clone()).collect()
    }
}

const WANTED: Result<Answer, Fault> = Ok(Answer::ShareAccepted { missing: 1 });

#[test]
fn genesis_needs_two_of_three_officers() {
    let mut quorum = Quorum::installed();
    assert_eq!(quorum.begin(&[0]), Err(Fault::UnknownPerson));
    assert_eq!(quorum.begin(&[0, 0]), Err(Fault::UnknownPerson));
    let mut approvals = quorum.approvals(&[0, 1]);
    approvals[1] = Person::new("ben", 66).state(&quorum.world.approval());
    let refused = quorum.world.call(Command::Genesis(Genesis { approvals }));
    assert_eq!(refused, Err(Fault::StatementSignature));
    assert_eq!(quorum.status().genesis, None);
    for pair in PAIRS {
        assert_eq!(quorum.begin(&pair), Ok(()), "{pair:?}");
    }
    assert_eq!(quorum.begin(&[0, 1, 2]), Ok(()));
}

#[test]
fn genesis_ends_only_on_the_receipts_of_all_custodians() {
    let mut quorum = Quorum::installed();
    quorum.begin(&[1, 2]).unwrap();
    assert_eq!(quorum.status().genesis, quorum.held);
    assert_eq!(quorum.status().receipts_missing, quorum.ids(&[0, 1, 2]));
    assert_eq!(quorum.receipt(2), Err(Fault::GenesisPending));
    // Once more is no more.
    assert_eq!(quorum.receipt(2), Err(Fault::GenesisPending));
    assert_eq!(quorum.status().receipts_missing, quorum.ids(&[0, 1]));
    assert_eq!(quorum.receipt(0), Err(Fault::GenesisPending));
    assert_eq!(quorum.world.phase(), Phase::Uninitialized);
    assert!(matches!(quorum.receipt(1), Ok(Answer::Operational { .. })));
    assert_eq!((quorum.status().genesis, quorum.status().rotation), (None, None));
}

#[test]
fn any_two_of_three_custodians_bring_the_service_back() {
    let mut quorum = Quorum::operational();
    for [first, second] in PAIRS {
        quorum.world.reboot();
        assert_eq!(quorum.provide(first), WANTED);
        assert!(matches!(quorum.provide(second), Ok(Answer::Operational { .. })), "{first} {second}");
        assert_eq!(quorum.world.phase(), Phase::Operational);
    }
}

#[test]
fn one_custodian_alone_is_not_enough() {
    let mut quorum = Quorum::operational();
    quorum.world.reboot();
    assert_eq!(quorum.status().shares_missing, 2);
    assert_eq!(quorum.provide(0), WANTED);
    for _ in 0..3 {
        assert_eq!(quorum.provide(0), Err(Fault::StatementSpent));
    }
    let status = quorum.status();
    assert_eq!((status.shares, status.shares_missing), (quorum.ids(&[0]), 1));
    assert_eq!(quorum.world.phase(), Phase::Uninitialized);
}

#[test]
fn a_share_that_another_custodian_gave_is_refused() {
    let mut quorum = Quorum::operational();
    quorum.world.reboot();
    assert_eq!(quorum.provide(0), WANTED);
    let (share, commitment) = quorum.share(0);
    assert_eq!(quorum.give(1, &share, commitment), Err(Fault::StatementSpent));
    assert_eq!(quorum.status().shares, quorum.ids(&[0]));
    assert!(matches!(quorum.provide(1), Ok(Answer::Operational { .. })));
}

#[test]
fn a_bad_share_is_refused_to_its_custodian_and_the_others_stay() {
    let mut quorum = Quorum::operational();
    quorum.world.reboot();
    let (good, commitment) = quorum.share(1);
    // In turn: threshold, x, an octet of the share, digest of the root key, a digest of a share.
    for place in [1, 2, 10, 40, 80] {
        let mut altered = good.clone();
        altered[place] ^= 1;
        assert_eq!(quorum.give(1, &altered, commitment), Err(Fault::RootMismatch), "octet {place}");
    }
    assert_eq!(quorum.provide(0), WANTED);
    let mut altered = good;
    altered[20] ^= 0x80;
    assert_eq!(quorum.give(1, &altered, commitment), Err(Fault::RootMismatch));
    assert_eq!(quorum.status().shares, quorum.ids(&[0]));
    assert_eq!(quorum.world.phase(), Phase::Uninitialized);
    assert!(matches!(quorum.provide(2), Ok(Answer::Operational { .. })));
}

#[test]
fn a_custodian_who_names_another_root_stands_in_nobodys_way() {
    let mut quorum = Quorum::operational();
    quorum.world.reboot();
    let service = quorum.world.service;
    let foreign = RootKey::new([66; 32]);
    let made = split(&foreign, &service, 2, 3, &mut quorum.world.rng).unwrap();
    let octets = made.shares[1].to_octets();
    assert_eq!(quorum.give(1, &octets, made.commitment), WANTED);
    // With a threshold of its own it would be enough by itself.
    let alone = split(&foreign, &service, 1, 3, &mut quorum.world.rng).unwrap();
    let octets = alone.shares[1].to_octets();
    assert_eq!(quorum.give(1, &octets, alone.commitment), Err(Fault::RootMismatch));
    assert_eq!(quorum.provide(0), WANTED);
    assert!(matches!(quorum.provide(2), Ok(Answer::Operational { .. })));
}

#[test]
fn a_custodian_who_named_another_root_may_give_the_right_share() {
    let mut quorum = Quorum::operational();
    quorum.world.reboot();
    let service = quorum.world.service;
    let made = split(&RootKey::new([66; 32]), &service, 2, 3, &mut quorum.world.rng).unwrap();
    assert_eq!(quorum.give(1, &made.shares[1].to_octets(), made.commitment), WANTED);
    assert_eq!(quorum.provide(1), WANTED);
    assert!(matches!(quorum.provide(0), Ok(Answer::Operational { .. })));
}

#[test]
fn the_newest_of_all_checkpoints_must_be_met() {
    let mut quorum = Quorum::operational();
    let (old, early) = (quorum.world.store.clone(), quorum.world.store.checkpoint.clone());
    quorum.world.reboot();
    quorum.provide(0).unwrap();
    quorum.provide(1).unwrap();
    let late = quorum.world.store.checkpoint.clone();
    assert_ne!(early, late);
    // One saw the newest, the other only an earlier one; the host shows the ledger as it was then.
    quorum.seen = [early, late, None];
    for (pair, met) in [([0, 1], false), ([1, 2], false), ([2, 1], false), ([0, 2], true)] {
        let new = std::mem::replace(&mut quorum.world.store, old.clone());
        quorum.world.reboot();
        assert_eq!(quorum.provide(pair[0]), WANTED);
        let answer = quorum.provide(pair[1]);
        if met {
            assert!(matches!(answer, Ok(Answer::Operational { .. })));
        } else {
            assert_eq!(answer, Err(Fault::LedgerShortened), "{pair:?}");
            assert_eq!(quorum.world.phase(), Phase::Halted);
        }
        quorum.world.store = new;
    }
    quorum.world.reboot();
    assert_eq!(quorum.provide(0), WANTED);
    assert!(matches!(quorum.provide(1), Ok(Answer::Operational { .. })));
}

/// Killed after `receipts` of the three came: another genesis makes another root key, and nothing of the first counts.
fn killed_in_genesis(receipts: usize) {
    let mut quorum = Quorum::installed();
    quorum.begin(&[0, 1]).unwrap();
    for custodian in 0..receipts {
        assert_eq!(quorum.receipt(custodian), Err(Fault::GenesisPending));
    }
    let first = quorum.held.clone().unwrap();
    let (stale_approvals, stale_receipt) = (quorum.approvals(&[0, 1]), quorum.receipt_of(2));
    quorum.world.reboot();
    assert!(quorum.world.store.entries.is_empty());
    assert_eq!(quorum.status().genesis, None);
    let refused = quorum.world.call(Command::Genesis(Genesis { approvals: stale_approvals }));
    assert_eq!(refused, Err(Fault::StatementForeign));
    quorum.begin(&[1, 2]).unwrap();
    assert_ne!(quorum.held.as_ref().unwrap().commitment, first.commitment);
    let confirm = ConfirmGenesis { receipts: vec![stale_receipt] };
    assert_eq!(quorum.world.call(Command::ConfirmGenesis(confirm)), Err(Fault::StatementForeign));
    assert_eq!(quorum.status().receipts_missing.len(), 3);
    for custodian in 0..2 {
        assert_eq!(quorum.receipt(custodian), Err(Fault::GenesisPending));
    }
    quorum.receipt(2).unwrap();
    quorum.world.reboot();
    quorum.provide(2).unwrap();
    assert!(matches!(quorum.provide(0), Ok(Answer::Operational { .. })));
}

#[test]
fn killed_after_genesis_before_any_receipt_another_genesis_works() {
    killed_in_genesis(0);
}

#[test]
fn killed_after_some_receipts_another_genesis_works() {
    killed_in_genesis(1);
    killed_in_genesis(2);
}

#[test]
fn killed_before_the_first_event_is_durable_another_genesis_works() {
    let mut quorum = Quorum::installed();
    quorum.begin(&[0, 1]).unwrap();
    let _ = (quorum.receipt(0), quorum.receipt(1));
    quorum.world.sink = Sink::Silent;
    assert_eq!(quorum.receipt(2), Err(Fault::Busy), "nobody was told that it ended");
    assert_eq!(quorum.world.phase(), Phase::Recovering);
    quorum.world.reboot();
    assert!(quorum.world.store.entries.is_empty());
    quorum.begin(&[0, 2]).unwrap();
    let _ = (quorum.receipt(0), quorum.receipt(1));
    assert!(matches!(quorum.receipt(2), Ok(Answer::Operational { .. })));
}

#[test]
fn killed_between_shares_the_next_boot_begins_anew() {
    let mut quorum = Quorum::operational();
    quorum.world.reboot();
    let (share, commitment) = quorum.share(0);
    let first = quorum.message(0, &share, commitment);
    assert_eq!(quorum.world.call(Command::ProvideShare(first.clone())), WANTED);
    quorum.world.reboot();
    assert_eq!(quorum.status().shares_missing, 2);
    assert_eq!(quorum.world.call(Command::ProvideShare(first)), Err(Fault::StatementForeign));
    assert_eq!(quorum.provide(1), WANTED);
    assert!(matches!(quorum.provide(0), Ok(Answer::Operational { .. })));
}

impl Quorum {
    /// From a machine that was switched on to an operational one, as officers and custodians go about it.
    fn bring_up(&mut self) -> Result<(), Fault> {
        self.world.install()?;
        if self.world.store.entries.is_empty() {
            self.begin(&[0, 1])?;
            for custodian in 0..3 {
                match self.receipt(custodian) {
                    Ok(_) | Err(Fault::GenesisPending) => {}
                    Err(fault) => return Err(fault),
                }
            }
            return Ok(());
        }
        self.provide(0)?;
        self.provide(2).map(drop)
    }

    /// Brings it up with this fuse, and again if the power failed. Answers whether it did.
    fn survives(&mut self, fuse: Fuse) -> bool {
        self.world.power_on();
        self.world.fuse = Some(fuse);
        let up = self.bring_up();
        let failed = self.world.dead;
        if failed {
            // Told, if the power failed after the answer.
            assert!(matches!(up, Ok(()) | Err(Fault::Busy)), "{up:?}");
            self.world.power_on();
            assert_eq!(self.bring_up(), Ok(()));
        } else {
            assert_eq!(up, Ok(()));
        }
        assert_eq!(self.world.phase(), Phase::Operational);
        failed
    }
}

/// Every command of a ceremony of three custodians, and of the boot after it, with the power cut before its first effect,
/// after it, after the second, and so on until it has none left.
#[test]
fn power_cut_after_any_effect_of_a_ceremony_recovers() {
    let commands: [(Kind, usize, bool); 7] = [
        (|command| matches!(command, Command::InstallManifest(_)), 0, true),
        (|command| matches!(command, Command::Genesis(_)), 0, true),
        (|command| matches!(command, Command::ConfirmGenesis(_)), 0, true),
        (|command| matches!(command, Command::ConfirmGenesis(_)), 1, true),
        (|command| matches!(command, Command::ConfirmGenesis(_)), 2, true),
        (|command| matches!(command, Command::ProvideShare(_)), 0, false),
        (|command| matches!(command, Command::ProvideShare(_)), 1, false),
    ];
    for (of, skip, founding) in commands {
        let mut cuts = 0;
        loop {
            let mut quorum = if founding { Quorum::installed() } else { Quorum::operational() };
            let before = quorum.world.store.entries.clone();
            let failed = quorum.survives(Fuse { skip, ..Fuse::new(of, cuts) });
            assert!(quorum.world.store.entries.starts_with(&before));
            // And once more, without anything amiss.
            quorum.world.power_on();
            assert_eq!(quorum.bring_up(), Ok(()));
            if !failed {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 0, "the command has an effect");
    }
}
