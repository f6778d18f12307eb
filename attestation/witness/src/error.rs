//! Place: none. Why a witness does not work. What it refuses of others is an answer, not an error.

use fuin_shared::log::cosignature::CosignatureError;
use fuin_shared::log::note::KeyError;
use std::path::PathBuf;
use thiserror::Error;

/// The witness cannot go on. Nothing was cosigned.
#[derive(Debug, Error)]
pub enum WitnessError {
    /// A file could not be read or written.
    #[error("{path}: {error}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file of the witness does not hold what it should.
    #[error("{path} is damaged ({what}): a witness must not guess what it has seen; make a new one in another folder", path = path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Key without records, or an origin without its record.
    #[error("{path} is lost, the key is not: this witness no longer knows what it has cosigned and may never cosign again. \
             Make a new one in another folder, and have the logs' policies name its vkey instead; never restore a backup", path = path.display())]
    Amnesia {
        /// What is missing.
        path: PathBuf,
    },
    /// The key can be read by others.
    #[error("{path} can be read by others: say chmod 600, and consider whether to make a new witness", path = path.display())]
    Exposed {
        /// Which.
        path: PathBuf,
    },
    /// No witness in the folder.
    #[error("{path} holds no witness: make one with `fuin witness init`", path = path.display())]
    NoWitness {
        /// Where.
        path: PathBuf,
    },
    /// There is one already, or something else.
    #[error("{path} is there already and not empty: name a new folder", path = path.display())]
    Occupied {
        /// Where.
        path: PathBuf,
    },
    /// Another program serves it.
    #[error("{path}: another program serves this witness: only one may", path = path.display())]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// Name or key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The origin is no valid name.
    #[error("origin: {0}")]
    Origin(KeyError),
    /// Keys of a log that have the same name and ID, or too many of them.
    #[error("a log may have 1 to 4 keys, each different: {0}")]
    LogKeys(&'static str),
    /// The cosignature could not be made.
    #[error(transparent)]
    Cosignature(#[from] CosignatureError),
}
