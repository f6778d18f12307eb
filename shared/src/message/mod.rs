//! Place: none. Messages between host and enclave: [`Command`] and [`Answer`] from host to enclave and back,
//! [`StoreRequest`] and [`StoreAnswer`] from enclave to host and back.

mod answer;
mod ceremony;
mod command;
mod lane;
mod seals;
mod standing;
mod store;

pub use answer::*;
pub use ceremony::*;
pub use command::*;
pub use lane::{LANE_PLACES, Lane, WAITING_PLACES};
pub use seals::*;
pub use standing::*;
pub use store::*;

use crate::ids::InstanceId;
use serde::{Deserialize, Serialize};

/// First frame of each connection, from the enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// [`crate::frame::VERSION`].
    pub version: u16,
    /// The boot: equal on all connections of one process.
    pub instance: InstanceId,
}
