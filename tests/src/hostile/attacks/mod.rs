//! Place: none. The attacks that have names: each on a world that is operational, and leaves one.
//!
//! An attack answers with what went wrong.

mod boots;
mod hand_over;
mod ledgers;
mod operation;
mod own_means;
mod restored;
mod rotated;
mod time;
mod witnessed;

pub(crate) use ledgers::refused_boot;
pub use own_means::{own_answer, own_key, own_registration};
pub(crate) use witnessed::forgotten;

use crate::hostile::host::Refused;
use crate::hostile::signer::Enrolled;
use crate::hostile::world::{Release, World};
use fuin_shared::message::Answer;

/// What went wrong, if anything.
pub type Outcome = Result<(), String>;

/// An attack on the world and one of its credentials.
pub type Attack = fn(&mut World, &Enrolled) -> Outcome;

/// Those on any service.
const ANYWHERE: [(&str, Attack); 14] = [
    ("host's own passkey at linkEid", operation::own_passkey_at_link),
    ("swapped SAD purpose", operation::swapped_purposes),
    ("extendTransaction with a new hash", operation::extended_beyond),
    ("RA B on RA A's signer and key", operation::another_ra),
    ("foreign root shares", boots::foreign_root_shares),
    ("foreign manifest", boots::foreign_manifest),
    ("old manifest", boots::old_manifest),
    ("old statement", boots::old_statements),
    ("truncated tail", ledgers::truncated_tail),
    ("false time", time::false_time),
    ("hand-over to others", hand_over::handed_to_others),
    ("guesses over boots and older stores", restored::guesses),
    ("orders over boots and older stores", restored::orders),
    ("old share after a rotation", rotated::old_share),
];
/// On a service without witnesses.
const DURABLE: [(&str, Attack); 1] = [("live twin", ledgers::live_twin)];
/// On a service with witnesses.
const COSIGNED: [(&str, Attack); 4] = [
    ("live twin", witnessed::live_twin),
    ("truncated tail that no custodian has seen", witnessed::truncated_tail),
    ("amnesiac witness", witnessed::amnesiac_witness),
    ("witnesses out of reach", witnessed::out_of_reach),
];

/// All that there are on such a service.
#[must_use]
pub fn attacks(release: Release) -> Vec<(&'static str, Attack)> {
    let further: &[_] = match release {
        Release::Durable => &DURABLE,
        Release::Cosigned => &COSIGNED,
    };
    ANYWHERE.iter().chain(further).copied().collect()
}

/// The attack of this name on such a service.
#[must_use]
pub fn named(name: &str, release: Release) -> Attack {
    let all = attacks(release);
    all.iter().find(|(other, _)| *other == name).unwrap_or_else(|| panic!("there is no attack {name:?}")).1
}

/// The enclave must have refused with one of these numbers.
fn refused(what: &str, result: Result<Answer, Refused>, numbers: &[u16]) -> Outcome {
    match result {
        Ok(answer) => Err(format!("{what}: obeyed with {answer:?}")),
        Err(refusal) if numbers.contains(&refusal.number()) => Ok(()),
        Err(refusal) => {
            Err(format!("{what}: refused with {refusal:?}, and should be with one of {numbers:?}"))
        }
    }
}

/// It must be so.
fn holds(what: &str, so: bool) -> Outcome {
    if so { Ok(()) } else { Err(what.to_owned()) }
}
