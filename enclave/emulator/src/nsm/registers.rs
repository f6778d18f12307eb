//! Place: none. The platform configuration registers: 32 of SHA-384, extended and locked, never set.

use aws_nitro_enclaves_nsm_api::api::ErrorCode;
use fuin_attestation::eif::Measurements;
use sha2::{Digest, Sha384};

/// Number of registers.
pub const PCR_COUNT: u16 = 32;
/// Octets of a register.
pub const PCR_LENGTH: usize = 48;
/// Registers below this are locked from boot.
const PLATFORM: u16 = 16;

#[derive(Clone, Copy)]
struct Register {
    value: [u8; PCR_LENGTH],
    locked: bool,
}

pub(super) struct Registers([Register; PCR_COUNT as usize]);

impl Registers {
    /// The registers as the enclave finds them at boot.
    pub(super) fn boot(measured: &Measurements, instance: &str) -> Self {
        let mut registers = Self([Register { value: [0; PCR_LENGTH], locked: false }; PCR_COUNT as usize]);
        let instance = extended(&[0; PCR_LENGTH], instance.as_bytes());
        let values = [
            (0, measured.pcr0),
            (1, measured.pcr1),
            (2, measured.pcr2),
            (4, instance),
            (8, measured.pcr8.unwrap_or([0; PCR_LENGTH])),
        ];
        for (index, value) in values {
            if let Ok(register) = registers.at(index) {
                register.value = value;
            }
        }
        for register in registers.0.iter_mut().take(usize::from(PLATFORM)) {
            register.locked = true;
        }
        registers
    }

    fn at(&mut self, index: u16) -> Result<&mut Register, ErrorCode> {
        self.0.get_mut(usize::from(index)).ok_or(ErrorCode::InvalidIndex)
    }

    fn unlocked(&mut self, index: u16) -> Result<&mut Register, ErrorCode> {
        let register = self.at(index)?;
        if register.locked { Err(ErrorCode::ReadOnlyIndex) } else { Ok(register) }
    }

    pub(super) fn describe(&mut self, index: u16) -> Result<(bool, [u8; PCR_LENGTH]), ErrorCode> {
        self.at(index).map(|register| (register.locked, register.value))
    }

    /// `new = SHA384(old || data)`; data of any length.
    pub(super) fn extend(&mut self, index: u16, data: &[u8]) -> Result<[u8; PCR_LENGTH], ErrorCode> {
        let register = self.unlocked(index)?;
        register.value = extended(&register.value, data);
        Ok(register.value)
    }

    pub(super) fn lock(&mut self, index: u16) -> Result<(), ErrorCode> {
        self.unlocked(index)?.locked = true;
        Ok(())
    }

    /// Locks the registers below `range`, locked ones included.
    pub(super) fn lock_range(&mut self, range: u16) -> Result<(), ErrorCode> {
        let registers = self.0.get_mut(..usize::from(range)).ok_or(ErrorCode::InvalidIndex)?;
        for register in registers {
            register.locked = true;
        }
        Ok(())
    }

    /// The locked registers in order of their numbers.
    pub(super) fn locked(&self) -> impl Iterator<Item = (u16, &[u8; PCR_LENGTH])> {
        (0..)
            .zip(&self.0)
            .filter(|(_, register)| register.locked)
            .map(|(index, register)| (index, &register.value))
    }
}

fn extended(old: &[u8; PCR_LENGTH], data: &[u8]) -> [u8; PCR_LENGTH] {
    Sha384::new_with_prefix(old).chain_update(data).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Extend(u16, Vec<u8>),
        Lock(u16),
        LockRange(u16),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..40u16, proptest::collection::vec(any::<u8>(), 0..60))
                .prop_map(|(at, data)| Step::Extend(at, data)),
            (0..40u16).prop_map(Step::Lock),
            (0..40u16).prop_map(Step::LockRange),
        ]
    }

    proptest! {
        #[test]
        fn a_locked_register_never_changes_and_never_opens(steps in proptest::collection::vec(step(), 0..40)) {
            let measured = Measurements { pcr0: [1; 48], pcr1: [2; 48], pcr2: [3; 48], pcr8: None };
            let mut registers = Registers::boot(&measured, "i-0");
            for step in steps {
                let before: Vec<_> = (0..PCR_COUNT).map(|index| registers.describe(index).unwrap()).collect();
                let outcome = match &step {
                    Step::Extend(at, data) => registers.extend(*at, data).map(|_| ()),
                    Step::Lock(at) => registers.lock(*at),
                    Step::LockRange(range) => registers.lock_range(*range),
                };
                for (index, (locked, value)) in (0..).zip(before) {
                    let (now_locked, now) = registers.describe(index).unwrap();
                    let touched = match &step {
                        Step::Extend(at, _) | Step::Lock(at) => *at == index,
                        Step::LockRange(range) => index < *range,
                    };
                    if locked || outcome.is_err() || !touched {
                        prop_assert_eq!((now_locked, now), (locked, value));
                    } else if let Step::Extend(_, data) = &step {
                        prop_assert_eq!((now_locked, now), (false, extended(&value, data)));
                    } else {
                        prop_assert_eq!((now_locked, now), (true, value));
                    }
                }
            }
        }
    }
}
