//! Place: SSA. The ledger's witnesses: asks them to cosign what the enclave wants cosigned (C2SP tlog-witness), and tells
//! the operator why they do not. The enclave believes the cosignatures alone.
//!
//! | module | what it holds |
//! |---|---|
//! | `config` | `[[witnesses]]` |
//! | `client` | one witness over HTTP |
//! | `refusal` | why there is no cosignature |

mod client;
mod config;
mod refusal;

pub use config::WitnessConfig;
pub use refusal::Refusal;

use crate::config::ConfigError;
use crate::store::SharedStore;
use client::Client;
use fuin_shared::evidence::LedgerIdentity;
use fuin_shared::fault::Fault;
use fuin_shared::log::checkpoint::Checkpoint;
use fuin_shared::log::note::Note;
use fuin_shared::message::{Cosign, StoreAnswer};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Most witnesses.
pub const MAX_WITNESSES: usize = 16;
/// Time for one question of the enclave: well within its own patience.
const PATIENCE: Duration = Duration::from_secs(10);

/// The witnesses of this host.
pub struct Witnesses {
    clients: Vec<Arc<Client>>,
    store: SharedStore,
    ledger: watch::Sender<Option<LedgerIdentity>>,
    contradiction: watch::Sender<Option<Refusal>>,
}

impl Witnesses {
    /// Those that the configuration names.
    ///
    /// # Errors
    /// [`ConfigError::Field`].
    pub fn new(configs: &[WitnessConfig], store: SharedStore) -> Result<Self, ConfigError> {
        let client = |config: &WitnessConfig| {
            let key = config.check().map_err(|(field, remedy)| ConfigError::Field { field, remedy })?;
            let failed = |_| ConfigError::Field { field: "witnesses", remedy: "no HTTP client can be made" };
            Client::new(config, key).map(Arc::new).map_err(failed)
        };
        let clients = configs.iter().map(client).collect::<Result<_, _>>()?;
        Ok(Self { clients, store, ledger: watch::Sender::new(None), contradiction: watch::Sender::new(None) })
    }

    /// The ledger for which the enclave last asked: known as soon as it waits for its first cosignature.
    #[must_use]
    pub fn ledger(&self) -> watch::Receiver<Option<LedgerIdentity>> {
        self.ledger.subscribe()
    }

    /// What a witness says that knows a newer or another ledger than this store; none once all is well.
    #[must_use]
    pub fn contradiction(&self) -> watch::Receiver<Option<Refusal>> {
        self.contradiction.subscribe()
    }

    /// Asks for cosignatures: lines of a note, as many as came in time, at least `quorum` if there are that many. Then the
    /// store keeps them too, for people outside.
    ///
    /// # Errors
    /// [`Fault::Malformed`]: what the enclave wants cosigned is no checkpoint.
    pub(crate) async fn cosign(&self, wanted: Cosign) -> Result<StoreAnswer, Fault> {
        let note = Note::parse(wanted.checkpoint.as_bytes()).map_err(|_| Fault::Malformed)?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|_| Fault::Malformed)?;
        self.ledger.send_if_modified(|known| {
            let changed = known.as_ref() != Some(&wanted.ledger);
            *known = Some(wanted.ledger.clone());
            if changed {
                tracing::info!(vkey = %wanted.ledger.vkey, "witnesses are asked about this ledger; each must know it");
            }
            changed
        });
        if self.clients.is_empty() {
            tracing::error!("the manifest names witnesses, the host's configuration none: add [[witnesses]]");
        }
        let enough = usize::from(wanted.quorum);
        let (mut lines, mut contradicted) = (Vec::new(), false);
        let (size, mut cosigned) = (checkpoint.size, wanted.checkpoint.clone());
        // What is there when the time is over is the answer.
        let collected = self.collect(Arc::new((wanted, checkpoint)), enough, &mut lines, &mut contradicted);
        let _ = tokio::time::timeout(PATIENCE, collected).await;
        let lines_of_witnesses = lines.concat();
        if !lines.is_empty() && lines.len() >= enough {
            cosigned += &lines_of_witnesses;
            // Before the answer, so that what the enclave releases has its proof. The enclave does not depend on it.
            if let Err(error) = self.store.put_cosigned(size, cosigned).await {
                tracing::error!(%error, size, "cannot keep the cosigned checkpoint");
            }
        }
        // For the ledger: the enclave makes an alarm of it, whatever becomes of the lines.
        let answer = if contradicted { StoreAnswer::Contradicted } else { StoreAnswer::Cosigned };
        Ok(answer(lines_of_witnesses))
    }

    /// One witness first, the others once it has accepted: so twins do not split the witnesses between them. One that did
    /// not answer last time is not the first, unless it knew more.
    async fn collect(
        &self,
        wanted: Arc<(Cosign, Checkpoint)>,
        enough: usize,
        lines: &mut Vec<String>,
        contradicted: &mut bool,
    ) {
        let mut clients: Vec<_> = self.clients.iter().collect();
        clients.sort_by_key(|client| client.last().is_some_and(|refusal| !refusal.contradicts()));
        let mut clients = clients.into_iter();
        for client in clients.by_ref() {
            match client.ask(&wanted.0, &wanted.1, &*self.store).await {
                Ok(line) => {
                    lines.push(line);
                    break;
                }
                Err(refusal) if refusal.contradicts() => {
                    *contradicted = true;
                    return self.contradicted(client, refusal);
                }
                Err(_) => {}
            }
        }
        let (sender, mut answers) = mpsc::unbounded_channel();
        for client in clients {
            let (client, store) = (Arc::clone(client), Arc::clone(&self.store));
            let (wanted, sender) = (Arc::clone(&wanted), sender.clone());
            // It goes on when enough others have answered: the witness shall know the newest head.
            tokio::spawn(async move {
                let answer = client.ask(&wanted.0, &wanted.1, &*store).await;
                let _ = sender.send((client, answer));
            });
        }
        drop(sender);
        while lines.len() < enough {
            match answers.recv().await {
                Some((_, Ok(line))) => lines.push(line),
                Some((client, Err(refusal))) if refusal.contradicts() => {
                    *contradicted = true;
                    self.contradicted(&client, refusal);
                }
                Some((_, Err(_))) => {}
                None => return,
            }
        }
        self.contradiction.send_if_modified(|known| known.take().is_some());
    }

    fn contradicted(&self, client: &Client, refusal: Refusal) {
        tracing::error!(witness = client.name(), "{refusal}");
        self.contradiction.send_replace(Some(refusal));
    }
}
