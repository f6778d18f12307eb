//! Place: none. The details of a piece, as answer after answer brings them.

/// Details that were found, and where to ask on.
pub struct Filling {
    first: u64,
    found: Vec<Option<Vec<u8>>>,
    wanted: Option<u64>,
}

impl Filling {
    /// Nothing yet, of so many entries from `first` on.
    pub fn new(first: u64, width: u16) -> Self {
        Self { first, found: vec![None; width.into()], wanted: (width > 0).then_some(first) }
    }

    /// From which entry on details are to be asked for; none when all are here that there are.
    pub const fn wanted(&self) -> Option<u64> {
        self.wanted
    }

    /// Takes an answer; one that brings nothing that was asked for is the last.
    pub fn take(&mut self, answer: Vec<(u64, Vec<u8>)>) {
        let asked = self.wanted.take();
        let end = self.first.saturating_add(self.found.len() as u64);
        let last = answer.last().map(|(index, _)| *index).filter(|last| Some(*last) >= asked);
        self.wanted = last.and_then(|last| last.checked_add(1)).filter(|next| *next < end);
        for (index, sealed) in answer {
            let at = index.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
            if let Some(place) = at.and_then(|at| self.found.get_mut(at)) {
                *place = Some(sealed);
            }
        }
    }

    /// One for each entry, or none.
    pub fn finish(self) -> Vec<Option<Vec<u8>>> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_fill_the_piece_and_a_host_that_turns_in_circles_ends() {
        let mut filling = Filling::new(10, 4);
        assert_eq!(filling.wanted(), Some(10));
        filling.take(vec![(9, vec![9]), (10, vec![0]), (12, vec![2])]);
        assert_eq!(filling.wanted(), Some(13));
        filling.take(vec![(12, vec![7])]);
        assert_eq!(filling.wanted(), None, "nothing of what was asked for");
        assert_eq!(filling.finish(), [Some(vec![0]), None, Some(vec![7]), None]);
        let mut filling = Filling::new(10, 4);
        filling.take(vec![(10, vec![0]), (u64::MAX, vec![1])]);
        assert_eq!(filling.wanted(), None);
        let mut filling = Filling::new(0, 1);
        filling.take(Vec::new());
        assert_eq!((filling.wanted(), filling.finish()), (None, vec![None]));
    }
}
