//! Place: none. Thousands of real messages, each changed somewhere: not one unauthorized signature, and the enclave lives.
//!
//! `FUIN_HOSTILE_EXCHANGES` sets their number, `FUIN_HOSTILE_SEED` another sequence of changes.

use crate::host::Refused;
use crate::mutation::{Random, mutate, octets, structure};
use crate::oracle::Oracle;
use crate::signer::{Enrolled, hash};
use crate::world::World;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::message::{Command, GetChallenge, GetEvidence};
use fuin_shared::sad::Purpose;
use fuin_shared::statement::ManageAction;
use fuin_sic::TrustedInstance;
use fuin_tests::programs::number;

/// One in this many messages that are none any more is sent all the same: each costs a connection.
const BROKEN: usize = 40;
/// Tokens that lie unused before they are used up.
const LIVE: usize = 6;
const POOL: usize = 64;

struct Attack {
    world: World,
    on: TrustedInstance,
    keys: Vec<Enrolled>,
    oracle: Oracle,
    random: Random,
    /// Messages that passed through the host's hands.
    pool: Vec<Command>,
}

impl Attack {
    fn new(seed: u64) -> Self {
        let mut world = World::operational();
        let keys = vec![world.enrol(), world.enrol()];
        let mut oracle = Oracle::default();
        keys.iter().for_each(|key| oracle.knows(key));
        let on = world.trusted();
        let share = {
            world.observe();
            let installed = Command::InstallManifest(fuin_shared::message::InstallManifest {
                first: world.signed.clone(),
                current: world.signed.clone(),
            });
            vec![
                installed,
                Command::Status,
                Command::GetEvidence(GetEvidence { nonce: Some(vec![1; 16].into()) }),
            ]
        };
        let mut attack = Self { world, on, keys, oracle, random: Random(seed), pool: share };
        attack.collect_proofs();
        attack
    }

    /// Proofs of the RA, each used once already, and challenges.
    fn collect_proofs(&mut self) {
        let key = self.keys[0].clone();
        let generate = ManageAction::GenerateKey {
            user: fuin_shared::ids::UserId::new("jiro").unwrap(),
            authority: fuin_shared::ids::CaId::new(crate::world::AUTHORITY).unwrap(),
            key_algorithm: fuin_shared::algorithm::KeyAlgorithm::EcdsaP256,
            multisign: 1,
            subject: None,
        };
        let generate = Command::GenerateKey(self.world.manage(generate, None, None));
        self.world.host.call(generate.clone()).unwrap();
        self.pool.push(generate);
        // Refused now, and so must every change of it be: the key is active.
        let certificates = vec![Blob::from(self.world.authority.root())];
        let link = self.world.manage(ManageAction::LinkCert { certificates }, Some(&key.id), None);
        self.pool.push(Command::LinkCert(link));
        let record = self.world.record(&key.id);
        let challenge = GetChallenge { credential: key.id, purpose: Purpose::Sign, record };
        self.pool.push(Command::GetChallenge(challenge));
    }

    fn key(&mut self) -> Enrolled {
        self.keys[self.random.below(self.keys.len())].clone()
    }

    fn keep(&mut self, command: Command) {
        if self.pool.len() < POOL {
            self.pool.push(command);
        } else {
            // The first ones stay.
            let place = POOL / 4 + self.random.below(POOL - POOL / 4);
            self.pool[place] = command;
        }
    }

    /// An honest message, or one that has passed already.
    fn message(&mut self) -> Command {
        match self.random.below(4) {
            0 => {
                let place = self.random.below(self.pool.len());
                return self.pool[place].clone();
            }
            1 | 2 if !self.oracle.tokens.is_empty() => {
                let place = self.random.below(self.oracle.tokens.len());
                let (token, permission) = self.oracle.tokens.iter().nth(place).unwrap();
                let key = self.keys.iter().find(|k| k.id == permission.credential).unwrap();
                let count = 1 + self.random.below(permission.hashes.len());
                let request =
                    self.world.sign_request(key, &token.clone().into(), &permission.hashes[..count]);
                return Command::SignHash(request);
            }
            _ => {}
        }
        let key = self.key();
        let hashes: Vec<_> = (0..1 + self.random.below(3)).map(|_| hash()).collect();
        let (evidence, _) = self.world.consent(&self.on, &key, Purpose::Sign, &hashes);
        let request = self.world.authorize_request(&key, evidence, &hashes);
        self.oracle.consented(&request);
        Command::Authorize(request)
    }

    /// Sends it and judges the answer.
    fn send(&mut self, command: Command) -> Result<(), Refused> {
        let answer = self.world.host.call(command.clone())?;
        self.oracle.judge(&command, &answer);
        Ok(())
    }

    fn exchange(&mut self) {
        let honest = self.message();
        let mut message = structure(&honest);
        let place = self.random.below(self.pool.len());
        let other = structure(&self.pool[place]);
        for _ in 0..1 + self.random.below(2) {
            mutate(&mut message, &other, &mut self.random);
        }
        let changed = octets(&message);
        match codec::decode::<Command>(&changed) {
            Ok(command) => {
                let result = self.send(command);
                assert_ne!(result, Err(Refused::Lost), "a whole frame has cost the connection: {message:?}");
            }
            Err(_) if self.random.below(BROKEN) == 0 => {
                let connection = self.world.host.connection();
                self.world.host.write(connection, &broken_frame(&message));
                self.world.host.closed(connection);
            }
            Err(_) => {}
        }
        // What was sent in vain may be sent as it was meant; what was used may not.
        if self.random.below(2) == 0 {
            let _ = self.send(honest.clone());
        }
        self.keep(honest);
        while self.oracle.tokens.len() > LIVE {
            self.use_up();
        }
    }

    /// The honest call for all that the oldest token still allows: no attack has cost the signer anything.
    fn use_up(&mut self) {
        let (token, permission) = self.oracle.tokens.iter().min_by_key(|(_, p)| p.since).unwrap();
        let key = self.keys.iter().find(|k| k.id == permission.credential).unwrap();
        let request = self.world.sign_request(key, &token.clone().into(), &permission.hashes);
        self.send(Command::SignHash(request.clone())).unwrap();
        self.keep(Command::SignHash(request));
    }
}

/// A request whose body is no command.
fn broken_frame(body: &ciborium::Value) -> Vec<u8> {
    use ciborium::Value;
    let text = |name: &str| Value::Text(name.to_owned());
    let request = Value::Map(vec![
        (text("id"), Value::Integer((1u64 << 50).into())),
        (text("deadline_ms"), Value::Integer(1000.into())),
        (text("body"), body.clone()),
    ]);
    let frame = octets(&Value::Map(vec![(text("request"), request)]));
    [&u32::try_from(frame.len()).unwrap().to_be_bytes()[..], &frame].concat()
}

#[test]
fn no_altered_message_makes_an_unauthorized_signature() {
    let (exchanges, seed) = (number("FUIN_HOSTILE_EXCHANGES", 3000), number("FUIN_HOSTILE_SEED", 1));
    let mut attack = Attack::new(seed);
    for _ in 0..exchanges {
        attack.exchange();
    }
    while !attack.oracle.tokens.is_empty() {
        attack.use_up();
    }
    attack.world.enclave.assert_alive();
    assert!(
        attack.oracle.signed > exchanges / 20,
        "the attack has hardly reached the key: {}",
        attack.oracle.signed
    );
    // What came out is what the ledger says, no more and no less.
    assert_eq!(attack.world.host.state().store.signed(), attack.oracle.signed);
    let key = attack.keys[0].clone();
    attack.world.works(&key);
}
