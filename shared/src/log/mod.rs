//! Place: none. The ledger as data: RFC 6962 tree, proofs, signed notes, checkpoints, tiles.
//!
//! | module | what it holds |
//! |---|---|
//! | [`tree`] | leaf and node hashes, roots, the append-only frontier |
//! | [`nodes`] | stored perfect subtrees and proofs made from them |
//! | [`proof`] | verification of inclusion and consistency |
//! | [`note`] | C2SP signed-note: text, signature lines, verifier keys |
//! | [`checkpoint`] | C2SP tlog-checkpoint of exactly three lines |
//! | [`cosignature`] | C2SP tlog-cosignature: what witnesses sign, and their keys |
//! | [`witness_policy`] | which witnesses, and how many of them, make a quorum |
//! | [`add_checkpoint`] | C2SP tlog-witness: request and answers |
//! | [`event`] | the typed events, the leaves of the tree |
//! | [`detail`] | what auditors alone read of an event, sealed beside the ledger |
//! | [`tiles`], [`bundle`] | C2SP tlog-tiles: paths, widths, entry bundles |
//! | [`tlog_policy`] | C2SP tlog-policy: the quorum that an outsider demands, as a text file |
//! | [`tlog_proof`] | C2SP tlog-proof: one text that shows that an entry is in the ledger |
//! | [`receipt`] | a signer's receipt: such a proof, with what opens the event |
//! | [`sealing`], [`mandates`] | seals of a credential, approvers and mandates, as both folds of the events keep them |
//! | [`possession`], [`epoch`] | which boot has the ledger, and its epochs, as both folds keep them |
//! | [`state`] | what all events add up to: the enclave's fold |
//! | [`snapshot`] | that state in pieces, from which a boot can begin |
//! | [`growth`] | a consistency proof made while the leaves go by |
//! | [`marks`], [`audit`] | what events say to outsiders, and the rules that show from outside |

pub mod add_checkpoint;
pub mod audit;
pub mod bundle;
pub mod checkpoint;
pub mod cosignature;
pub mod detail;
pub mod epoch;
pub mod event;
pub mod growth;
pub mod mandates;
pub mod marks;
pub mod nodes;
pub mod note;
pub mod possession;
pub mod proof;
pub mod receipt;
pub mod roots;
pub mod sealing;
pub mod snapshot;
pub mod state;
pub mod tiles;
pub mod tlog_policy;
pub mod tlog_proof;
pub mod tree;
pub mod witness_policy;

/// An event breaks a rule of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ledger rule broken: {0}")]
pub struct RuleBroken(pub &'static str);
