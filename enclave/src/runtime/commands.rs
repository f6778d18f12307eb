//! Place: none. Commands of the host between arrival and answer.

use crate::runtime::event::ConnectionId;
use crate::sam::Ticket;
use std::collections::BTreeMap;

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) connection: ConnectionId,
    /// The request's id on that connection.
    pub(super) id: u64,
}

/// Why a command is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAdmitted {
    /// Too many are under way.
    Busy,
    /// Its id is that of another command under way: the host breaks the rules.
    Duplicate,
}

/// The commands under way.
pub(super) struct Commands {
    next: u64,
    open: BTreeMap<Ticket, Origin>,
    per_connection: usize,
    total: usize,
}

impl Commands {
    /// None yet. `total` counts those of lost connections too.
    pub(super) fn new(per_connection: usize, total: usize) -> Self {
        Self { next: 0, open: BTreeMap::new(), per_connection, total }
    }

    /// Takes a command in.
    pub(super) fn admit(&mut self, origin: Origin) -> Result<Ticket, NotAdmitted> {
        if self.open.values().any(|other| *other == origin) {
            return Err(NotAdmitted::Duplicate);
        }
        let of_connection = self.open.values().filter(|other| other.connection == origin.connection).count();
        if of_connection >= self.per_connection || self.open.len() >= self.total {
            return Err(NotAdmitted::Busy);
        }
        let ticket = Ticket(self.next);
        self.next += 1;
        self.open.insert(ticket, origin);
        Ok(ticket)
    }

    /// Ends a command: where its answer goes, unless it was answered before.
    pub(super) fn finish(&mut self, ticket: Ticket) -> Option<Origin> {
        self.open.remove(&ticket)
    }

    /// Ends all commands.
    pub(super) fn finish_all(&mut self) -> Vec<Origin> {
        std::mem::take(&mut self.open).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(connection: u64, id: u64) -> Origin {
        Origin { connection: ConnectionId(connection), id }
    }

    #[test]
    fn limits_hold_for_a_connection_and_in_total() {
        let mut commands = Commands::new(2, 3);
        let first = commands.admit(origin(1, 1)).unwrap();
        commands.admit(origin(1, 2)).unwrap();
        assert_eq!(commands.admit(origin(1, 3)), Err(NotAdmitted::Busy));
        commands.admit(origin(2, 1)).unwrap();
        assert_eq!(commands.admit(origin(3, 1)), Err(NotAdmitted::Busy));
        assert_eq!(commands.finish(first), Some(origin(1, 1)));
        assert_eq!(commands.finish(first), None, "one answer for one command");
        commands.admit(origin(1, 3)).unwrap();
        assert_eq!(commands.finish_all().len(), 3);
    }

    #[test]
    fn an_id_under_way_is_not_taken_again() {
        let mut commands = Commands::new(9, 9);
        let ticket = commands.admit(origin(1, 1)).unwrap();
        assert_eq!(commands.admit(origin(1, 1)), Err(NotAdmitted::Duplicate));
        commands.finish(ticket);
        assert_ne!(commands.admit(origin(1, 1)), Ok(ticket), "tickets are never used twice");
    }
}
