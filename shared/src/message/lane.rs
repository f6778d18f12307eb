//! Place: SSA, SAM. Places for commands under way, in the enclave and at the host.

use crate::message::Command;
use crate::sad::Purpose;

/// Places on one connection in each lane but that of work, in the enclave and at the host.
pub const LANE_PLACES: usize = 8;

/// Commands of lanes that bind at once ([`Lane::binds_at_once`]) that may wait for their answers on one connection beside
/// these places, of all such lanes together.
pub const WAITING_PLACES: usize = 512;

/// Places for commands under way, so that none waits behind others that wait for the witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// May wait for long.
    Work,
    /// Asks whether the enclave is there, however many ask for more.
    Life,
    /// Only asks how things are, and waits for no commit.
    Question,
    /// Suspends a credential, or says how credential or mandate stand: it binds however much work waits, and is answered at
    /// once.
    Restriction,
    /// Ends a mandate: it binds at once, and is answered when witnesses have seen it.
    Ending,
}

impl Lane {
    /// Those besides work.
    pub const BESIDE: [Self; 4] = [Self::Life, Self::Question, Self::Restriction, Self::Ending];

    /// Whether its commands keep no place while their answers wait for the ledger: further ones bind meanwhile.
    #[must_use]
    pub const fn binds_at_once(self) -> bool {
        matches!(self, Self::Restriction | Self::Ending)
    }
}

impl Command {
    /// Which places it takes.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Self::Status => Lane::Life,
            Self::GetEvidence(_) | Self::CeremonyStatus => Lane::Question,
            Self::EndMandate(_) => Lane::Ending,
            Self::Suspend(_)
            | Self::Hold(_)
            | Self::Order(_)
            | Self::CredentialStatus(_)
            | Self::MandateStatus(_) => Lane::Restriction,
            Self::GetChallenge(request) if matches!(request.purpose, Purpose::Suspend) => Lane::Restriction,
            Self::GetApproverChallenge(request) if matches!(request.purpose, Purpose::EndMandate) => {
                Lane::Restriction
            }
            _ => Lane::Work,
        }
    }
}
