//! Place: none. Commands of the host between arrival and answer.

use crate::runtime::event::ConnectionId;
use crate::sam::Ticket;
use fuin_shared::message::Lane;
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

/// How many may be under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) per_connection: usize,
    /// Counts those of lost connections too.
    pub(super) total: usize,
}

/// The commands under way; each [`Lane`] has places of its own.
pub(super) struct Commands {
    next: u64,
    open: BTreeMap<Ticket, (Origin, Lane)>,
    work: Places,
    /// In each lane but that of work.
    beside: Places,
}

impl Commands {
    /// None yet.
    pub(super) const fn new(work: Places, beside: Places) -> Self {
        Self { next: 0, open: BTreeMap::new(), work, beside }
    }

    /// Takes a command in.
    pub(super) fn admit(&mut self, origin: Origin, lane: Lane) -> Result<Ticket, NotAdmitted> {
        if self.open.values().any(|(other, _)| *other == origin) {
            return Err(NotAdmitted::Duplicate);
        }
        let places = match lane {
            Lane::Work => self.work,
            Lane::Life | Lane::Question | Lane::Restriction | Lane::Ending => self.beside,
        };
        let alike = || self.open.values().filter(|(_, other)| *other == lane);
        let of_connection = alike().filter(|(other, _)| other.connection == origin.connection).count();
        if of_connection >= places.per_connection || alike().count() >= places.total {
            return Err(NotAdmitted::Busy);
        }
        let ticket = Ticket(self.next);
        self.next += 1;
        self.open.insert(ticket, (origin, lane));
        Ok(ticket)
    }

    /// Ends a command: where its answer goes, unless it was answered before.
    pub(super) fn finish(&mut self, ticket: Ticket) -> Option<Origin> {
        self.open.remove(&ticket).map(|(origin, _)| origin)
    }

    /// Ends all commands.
    pub(super) fn finish_all(&mut self) -> Vec<Origin> {
        std::mem::take(&mut self.open).into_values().map(|(origin, _)| origin).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(connection: u64, id: u64) -> Origin {
        Origin { connection: ConnectionId(connection), id }
    }

    fn commands(per_connection: usize, total: usize) -> Commands {
        let places = Places { per_connection, total };
        Commands::new(places, places)
    }

    #[test]
    fn limits_hold_for_a_connection_and_in_total() {
        for lane in Lane::BESIDE.into_iter().chain([Lane::Work]) {
            let mut commands = commands(2, 3);
            let first = commands.admit(origin(1, 1), lane).unwrap();
            commands.admit(origin(1, 2), lane).unwrap();
            assert_eq!(commands.admit(origin(1, 3), lane), Err(NotAdmitted::Busy));
            commands.admit(origin(2, 1), lane).unwrap();
            assert_eq!(commands.admit(origin(3, 1), lane), Err(NotAdmitted::Busy));
            assert_eq!(commands.finish(first), Some(origin(1, 1)));
            assert_eq!(commands.finish(first), None, "one answer for one command");
            commands.admit(origin(1, 3), lane).unwrap();
            assert_eq!(commands.finish_all().len(), 3);
        }
    }

    #[test]
    fn no_lane_takes_a_place_of_another() {
        let mut commands = commands(2, 2);
        for (lane, first) in Lane::BESIDE.into_iter().chain([Lane::Work]).zip((0..).step_by(3)) {
            let asked = commands.admit(origin(1, first), lane).unwrap();
            assert_eq!(commands.admit(origin(1, first), lane), Err(NotAdmitted::Duplicate));
            commands.admit(origin(1, first + 1), lane).unwrap();
            assert_eq!(
                commands.admit(origin(1, first + 2), lane),
                Err(NotAdmitted::Busy),
                "they are bounded too"
            );
            assert_eq!(commands.finish(asked), Some(origin(1, first)));
            commands.admit(origin(1, first), lane).unwrap();
        }
    }

    #[test]
    fn an_id_under_way_is_not_taken_again() {
        let mut commands = commands(9, 9);
        let ticket = commands.admit(origin(1, 1), Lane::Work).unwrap();
        assert_eq!(commands.admit(origin(1, 1), Lane::Work), Err(NotAdmitted::Duplicate));
        commands.finish(ticket);
        assert_ne!(commands.admit(origin(1, 1), Lane::Work), Ok(ticket), "tickets are never used twice");
    }
}
