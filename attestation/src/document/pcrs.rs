//! Place: none. Platform configuration registers of a document.

/// Number of registers of the device.
pub const PCR_COUNT: usize = 32;
/// SHA-384.
const PCR_LENGTH: usize = 48;

/// Value of one register.
pub type PcrValue = [u8; PCR_LENGTH];

/// The locked registers, by index. A register that is absent is absent: it is not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pcrs<'a> {
    values: [Option<&'a PcrValue>; PCR_COUNT],
}

impl<'a> Pcrs<'a> {
    /// The register `index`, when the document has it.
    #[must_use]
    pub fn get(&self, index: u8) -> Option<&'a PcrValue> {
        self.values.get(usize::from(index)).copied().flatten()
    }

    /// All registers the document has, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &'a PcrValue)> + '_ {
        (0_u8..).zip(self.values.iter()).filter_map(|(index, value)| value.map(|value| (index, value)))
    }

    /// The place of register `index`; `None` when there is no such register.
    pub(super) fn slot(&mut self, index: u64) -> Option<&mut Option<&'a PcrValue>> {
        self.values.get_mut(usize::try_from(index).ok()?)
    }
}
