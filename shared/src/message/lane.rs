//! Place: SSA, SAM. Places for commands under way, in the enclave and at the host.

use crate::message::Command;
use crate::sad::Purpose;

/// Places on one connection for questions, and as many for restrictions, in the enclave and at the host.
pub const LANE_PLACES: usize = 8;

/// Places for commands under way, so that none waits behind others that wait for the witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// May wait for long.
    Work,
    /// Only asks how things are, and waits for no commit.
    Question,
    /// Suspends a credential, ends a mandate, or says how they stand: it binds however much work waits.
    Restriction,
}

impl Command {
    /// Which places it takes.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Self::Status | Self::GetEvidence(_) | Self::CeremonyStatus => Lane::Question,
            Self::Suspend(_)
            | Self::Hold(_)
            | Self::Order(_)
            | Self::CredentialStatus(_)
            | Self::EndMandate(_)
            | Self::MandateStatus(_) => Lane::Restriction,
            Self::GetChallenge(request) if matches!(request.purpose, Purpose::Suspend) => Lane::Restriction,
            Self::GetApproverChallenge(request) if matches!(request.purpose, Purpose::EndMandate) => {
                Lane::Restriction
            }
            _ => Lane::Work,
        }
    }
}
