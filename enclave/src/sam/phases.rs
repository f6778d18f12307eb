//! Place: SAM. Which command is allowed in which phase: one table (design section 3).

use fuin_shared::message::Command;
use fuin_shared::phase::Phase;

/// Phases of each command.
#[must_use]
pub const fn phases(command: &Command) -> &'static [Phase] {
    use Phase::{Booted, Halted, Operational, Recovering, Uninitialized};
    match command {
        Command::Status => &[Booted, Uninitialized, Recovering, Operational, Halted],
        Command::InstallManifest(_) => &[Booted],
        Command::GetEvidence(_) => &[Uninitialized, Recovering, Operational],
        Command::Genesis(_)
        | Command::ConfirmGenesis(_)
        | Command::ProvideShare(_)
        | Command::TakeOver(_)
        | Command::CeremonyStatus => &[Uninitialized],
        Command::GenerateKey(_)
        | Command::LinkEid(_)
        | Command::AuthorizePop(_)
        | Command::LinkCert(_)
        | Command::DeleteKey(_)
        | Command::AttestKey(_)
        | Command::GetChallenge(_)
        | Command::Authorize(_)
        | Command::SignHash(_)
        | Command::ExtendTransaction(_)
        | Command::HandOver(_) => &[Operational],
    }
}

/// Whether `command` is allowed in `phase`.
#[must_use]
pub fn allows(phase: Phase, command: &Command) -> bool {
    phases(command).contains(&phase)
}
