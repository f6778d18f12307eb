//! Place: SAM. Rights: every command, every role, every phase (SRG_M.1).

use super::people::Person;
use super::world::{Sink, World, generate_action};
use fuin_enclave::sam::roles;
use fuin_shared::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{Digest32, MandateId, RootCommitment};
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::*;
use fuin_shared::new_epoch::{EpochPlan, NewEpoch};
use fuin_shared::phase::Phase;
use fuin_shared::role::Role;
use fuin_shared::rotation::{EraseRoot, Rewrap, RotateRoot};
use fuin_shared::sad::Purpose;
use fuin_shared::statement::{ManageStatement, ShareReceipt};

/// Name, phases, roles: `x` for each of [`Phase::ALL`], and each of [`Role::ALL`], that may.
const TABLE: &[(&str, &str, &str)] = &[
    ("status", "xxxxx", "xxxxxxxx"),
    ("install-manifest", "x....", "x......."),
    ("follow-manifest", ".x...", "x......."),
    ("new-epoch", ".x...", "x......."),
    ("change-manifest", "...x.", "x......."),
    ("get-evidence", ".xxx.", "xxxxxxxx"),
    ("ceremony-status", ".x.x.", "xxxxxxxx"),
    ("rotate-root", "...x.", "x......."),
    ("confirm-rotation", "...x.", ".x......"),
    ("rewrap", "...x.", "xxxxxxxx"),
    ("erase-root", "...x.", ".x......"),
    ("genesis", ".x...", "x......."),
    ("confirm-genesis", ".x...", ".x......"),
    ("provide-share", ".x...", ".x......"),
    ("hand-over", "...x.", "xxxxxxxx"),
    ("take-over", ".x...", "xxxxxxxx"),
    ("generate-key", "...x.", "....x..."),
    ("link-eid", "...x.", "....x..."),
    ("authorize-pop", "...x.", "....x..."),
    ("link-cert", "...x.", "....x..."),
    ("delete-key", "...x.", "....x..."),
    ("attest-key", "...x.", "xxxxxxxx"),
    ("get-challenge", "...x.", "xxxxxxxx"),
    ("authorize", "...x.", "......x."),
    ("sign-hash", "...x.", ".......x"),
    ("extend-transaction", "...x.", ".......x"),
    ("sign-document", "...x.", ".......x"),
    ("provide-revocation", "...x.", "xxxxxxxx"),
    ("suspend", "...x.", "......x."),
    ("hold", "...x.", "....x..."),
    ("order", "...x.", "x......."),
    ("relink", "...x.", "....x..."),
    ("credential-status", "...x.", "xxxxxxxx"),
    ("get-approver-challenge", "...x.", "xxxxxxxx"),
    ("grant-mandate", "...x.", ".....x.."),
    ("seal", "...x.", ".......x"),
    ("end-mandate", "...x.", "x....x.."),
    ("mandate-status", "...x.", "xxxxxxxx"),
    ("report-revocation", "...x.", "xxxxxxxx"),
];

/// No wildcard: a new command does not compile until it has a name, and then wants a row above and a sample below.
fn name(command: &Command) -> &'static str {
    match command {
        Command::Status => "status",
        Command::InstallManifest(_) => "install-manifest",
        Command::FollowManifest(_) => "follow-manifest",
        Command::ChangeManifest(_) => "change-manifest",
        Command::GetEvidence(_) => "get-evidence",
        Command::CeremonyStatus => "ceremony-status",
        Command::Genesis(_) => "genesis",
        Command::ConfirmGenesis(_) => "confirm-genesis",
        Command::ProvideShare(_) => "provide-share",
        Command::HandOver(_) => "hand-over",
        Command::TakeOver(_) => "take-over",
        Command::NewEpoch(_) => "new-epoch",
        Command::RotateRoot(_) => "rotate-root",
        Command::ConfirmRotation(_) => "confirm-rotation",
        Command::Rewrap(_) => "rewrap",
        Command::EraseRoot(_) => "erase-root",
        Command::GenerateKey(_) => "generate-key",
        Command::LinkEid(_) => "link-eid",
        Command::AuthorizePop(_) => "authorize-pop",
        Command::LinkCert(_) => "link-cert",
        Command::DeleteKey(_) => "delete-key",
        Command::AttestKey(_) => "attest-key",
        Command::GetChallenge(_) => "get-challenge",
        Command::Authorize(_) => "authorize",
        Command::SignHash(_) => "sign-hash",
        Command::ExtendTransaction(_) => "extend-transaction",
        Command::SignDocument(_) => "sign-document",
        Command::ProvideRevocation(_) => "provide-revocation",
        Command::Suspend(_) => "suspend",
        Command::Hold(_) => "hold",
        Command::Order(_) => "order",
        Command::Relink(_) => "relink",
        Command::CredentialStatus(_) => "credential-status",
        Command::GetApproverChallenge(_) => "get-approver-challenge",
        Command::GrantMandate(_) => "grant-mandate",
        Command::Seal(_) => "seal",
        Command::EndMandate(_) => "end-mandate",
        Command::MandateStatus(_) => "mandate-status",
        Command::ReportRevocation(_) => "report-revocation",
    }
}

/// Each command, speaking for this person where it speaks for anybody. None of them can succeed: the statements are of a
/// kind that no command takes, so that a world stays as it is.
fn samples(world: &mut World, by: &Person) -> Vec<Command> {
    let nonsense = by.state(&ShareReceipt {
        service: world.service,
        instance: world.machine.instance(),
        commitment: RootCommitment([0; 32]),
        share: Digest32([0; 32]),
    });
    let statements = || vec![nonsense.clone()];
    let statement = ManageStatement {
        service: world.service,
        ledger: "none".to_owned(),
        action: generate_action("hanako", KeyAlgorithm::EcdsaP256),
        key: None,
        version: None,
        statement: world.statement_id(),
        not_after: world.seconds(),
    };
    let manage = Manage { proof: by.prove(&statement), evidence: None, record: None, nonce: None };
    let record = SealedRecord { id: "key".parse().unwrap(), version: 1, body: Blob::default() };
    let credential = record.id.clone();
    let draft = world.draft(|m| m.not_after += 1);
    let change = ManifestChange { manifest: draft, approvals: statements() };
    vec![
        Command::Status,
        Command::InstallManifest(InstallManifest { first: Blob::default(), current: Blob::default() }),
        Command::NewEpoch(Box::new(NewEpoch {
            plan: EpochPlan {
                service: world.service,
                ledger: "none".to_owned(),
                epoch: 1,
                checkpoint: String::new(),
                manifest: change.as_signed().hash(),
                instance: world.machine.instance(),
            },
            checkpoint: String::new(),
            change: Some(change.clone()),
            approvals: statements(),
        })),
        Command::FollowManifest(change.clone()),
        Command::ChangeManifest(change),
        Command::GetEvidence(GetEvidence { nonce: None }),
        Command::CeremonyStatus,
        Command::Genesis(Genesis { approvals: statements() }),
        Command::ConfirmGenesis(ConfirmGenesis { receipts: statements() }),
        Command::ProvideShare(ProvideShare {
            statement: nonsense.clone(),
            sealed: Blob::default(),
            other: None,
        }),
        Command::RotateRoot(RotateRoot { approvals: statements() }),
        Command::ConfirmRotation(ConfirmGenesis { receipts: statements() }),
        Command::Rewrap(Rewrap { records: vec![record.clone()] }),
        Command::EraseRoot(EraseRoot { deletions: statements() }),
        Command::HandOver(HandOver { evidence: Blob::default() }),
        Command::TakeOver(TakeOver {
            evidence: Blob::default(),
            handed: HandedOver {
                statement: nonsense.clone(),
                signature: Blob::default(),
                sealed: Blob::default(),
            },
        }),
        Command::GenerateKey(manage.clone()),
        Command::LinkEid(manage.clone()),
        Command::AuthorizePop(manage.clone()),
        Command::LinkCert(manage.clone()),
        Command::DeleteKey(manage.clone()),
        Command::Hold(manage.clone()),
        Command::Relink(Relink { manage, registration: Blob::default() }),
        Command::Order(Order {
            credential: credential.clone(),
            orders: statements(),
            record: record.clone(),
        }),
        Command::GetApproverChallenge(GetApproverChallenge {
            credential: credential.clone(),
            purpose: Purpose::Mandate,
            approver: 1,
            record: record.clone(),
        }),
        Command::GrantMandate(GrantMandate {
            credential: credential.clone(),
            terms: Blob::default(),
            approvals: statements(),
            record: record.clone(),
            evidence: None,
        }),
        Command::Seal(Seal {
            credential: credential.clone(),
            order: Blob::default(),
            record: record.clone(),
            mandate: record.clone(),
        }),
        Command::EndMandate(EndMandate {
            credential: credential.clone(),
            mandate: MandateId([0; 16]),
            by: EndedBy::Officer(nonsense.clone()),
            record: record.clone(),
        }),
        Command::MandateStatus(MandateId([0; 16])),
        Command::Suspend(Suspend {
            credential: credential.clone(),
            evidence: Blob::default(),
            record: record.clone(),
        }),
        Command::CredentialStatus(CredentialQuestion {
            credential: credential.clone(),
            record: record.clone(),
        }),
        Command::AttestKey(AttestKey { key: credential.clone(), record: record.clone(), nonce: None }),
        Command::GetChallenge(GetChallenge {
            credential: credential.clone(),
            purpose: Purpose::Sign,
            record: record.clone(),
        }),
        Command::Authorize(Authorize {
            credential: credential.clone(),
            evidence: Blob::default(),
            hashes: None,
            hash_algorithm: None,
            count: 1,
            record: record.clone(),
        }),
        Command::SignHash(SignHash {
            credential: credential.clone(),
            token: Blob::default(),
            hashes: Vec::new(),
            hash_algorithm: None,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
            record: record.clone(),
        }),
        Command::ExtendTransaction(ExtendTransaction {
            credential: credential.clone(),
            token: Blob::default(),
            hashes: None,
            hash_algorithm: None,
            record: record.clone(),
        }),
        Command::ProvideRevocation(ProvideRevocation { list: Blob::default(), issuer: Vec::new() }),
        Command::ReportRevocation(ReportRevocation {
            credential: credential.clone(),
            list: Blob::default(),
            record: record.clone(),
        }),
        Command::SignDocument(SignDocument {
            credential,
            token: Blob::default(),
            to_be_signed: Vec::new(),
            hash_algorithm: None,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
            record,
        }),
    ]
}

fn row(command: &Command) -> (&'static str, &'static str) {
    let row = TABLE.iter().find(|(row, ..)| *row == name(command)).expect("a row of the table");
    (row.1, row.2)
}

fn cell<T: PartialEq>(all: &[T], row: &str, wanted: &T) -> bool {
    all.iter().zip(row.chars()).any(|(each, cell)| each == wanted && cell == 'x')
}

#[test]
fn rights_cell_by_cell() {
    let mut world = World::new(4);
    let samples = samples(&mut world, &Person::new("officer", 11));
    assert_eq!(samples.len(), TABLE.len());
    for command in &samples {
        let (phases, who) = row(command);
        for phase in Phase::ALL {
            for role in Role::ALL {
                let expected = cell(&Phase::ALL, phases, &phase) && cell(&Role::ALL, who, &role);
                assert_eq!(
                    roles::allows(role, phase, command),
                    expected,
                    "{role}, {phase}, {}",
                    name(command)
                );
            }
        }
    }
}

/// The world in each phase, with its people.
fn in_phase(phase: Phase) -> (World, Vec<(Role, Person)>) {
    let (mut world, [operator, auditor]) = World::staffed(4);
    if phase != Phase::Booted {
        world.install().unwrap();
    }
    match phase {
        Phase::Booted | Phase::Uninitialized => {}
        Phase::Recovering => {
            world.genesis().unwrap();
            world.reboot();
            world.sink = Sink::Silent;
            assert_eq!(world.provide(), Err(Fault::Busy), "its first event is never durable");
        }
        Phase::Operational => world.genesis().unwrap(),
        Phase::Halted => {
            world.genesis().unwrap();
            world.sink = Sink::Refuses;
            assert_eq!(world.generate("hanako", KeyAlgorithm::EcdsaP256), Err(Fault::SinkRefused));
        }
    }
    assert_eq!(world.phase(), phase);
    let people = vec![
        (Role::Officer, Person::new("officer", 11)),
        (Role::Custodian, Person::new("custodian", 14)),
        (Role::Operator, operator),
        (Role::Auditor, auditor),
        (Role::RaClient, Person::new("ra", 12)),
    ];
    (world, people)
}

/// Each person whom the manifest names sends each command in each phase, signed with the person's own key.
#[test]
fn dispatch_keeps_the_table_in_every_phase() {
    for phase in Phase::ALL {
        let (mut world, people) = in_phase(phase);
        for (role, person) in &people {
            for command in samples(&mut world, person) {
                let (phases, who) = row(&command);
                let (right_phase, right_role) =
                    (cell(&Phase::ALL, phases, &phase), cell(&Role::ALL, who, role));
                // Signer, seal approver and SCA have no name in the manifest: what they send is held against means, token
                // and mandate.
                let unnamed = matches!(
                    name(&command),
                    "authorize"
                        | "suspend"
                        | "sign-hash"
                        | "sign-document"
                        | "extend-transaction"
                        | "grant-mandate"
                        | "seal"
                );
                let anybodys = !who.contains('.');
                let told = format!("{role}, {phase}, {}", name(&command));
                let result = world.call(command);
                match (right_phase, right_role || unnamed) {
                    (false, _) if phase == Phase::Halted => assert_eq!(result, Err(Fault::Halted), "{told}"),
                    (false, _) => assert_eq!(result, Err(Fault::WrongPhase), "{told}"),
                    // There is no manifest yet that would say who is who.
                    (true, _) if phase == Phase::Booted => {
                        assert_ne!(result, Err(Fault::WrongPhase), "{told}")
                    }
                    (true, false) => assert_eq!(result, Err(Fault::RoleForbidden), "{told}"),
                    (true, true) => {
                        let refused = [Fault::WrongPhase, Fault::RoleForbidden, Fault::Halted];
                        assert!(!refused.iter().any(|fault| result == Err(*fault)), "{told}: {result:?}");
                        assert!(anybodys || result.is_err(), "{told}: nothing here can succeed");
                    }
                }
                assert_eq!(world.phase(), phase, "{told}");
            }
        }
    }
}

/// Privileged and not privileged exclude each other (SRG_M.1.5).
#[test]
fn whom_the_manifest_names_gets_no_key() {
    let (mut world, _) = World::staffed(4);
    world.install().unwrap();
    world.genesis().unwrap();
    for name in ["officer", "custodian", "operator", "auditor", "ra", "other-ra"] {
        assert_eq!(world.generate(name, KeyAlgorithm::EcdsaP256), Err(Fault::RoleConflict), "{name}");
    }
    assert!(world.generate("hanako", KeyAlgorithm::EcdsaP256).is_ok());
}

/// Operator and auditor configure nothing, alone or together (SRG_M.1.2).
#[test]
fn operator_and_auditor_cannot_change_the_manifest() {
    let (mut world, [operator, auditor]) = World::staffed(4);
    world.install().unwrap();
    world.genesis().unwrap();
    let draft = world.draft(|m| m.not_after += 1);
    for people in [vec![&operator], vec![&auditor], vec![&operator, &auditor]] {
        let change = world.approved_by(&draft, &people);
        assert_eq!(world.change(change), Err(Fault::RoleForbidden));
    }
    let officer = Person::new("officer", 11);
    let change = world.approved_by(&draft, &[&officer, &operator]);
    assert_eq!(world.change(change), Err(Fault::RoleForbidden));
    let change = world.approved_by(&draft, &[&officer]);
    assert!(world.change(change).is_ok());
}
