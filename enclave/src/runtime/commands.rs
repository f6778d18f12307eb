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

/// Where an answer goes, and whether its command still counts.
struct Open {
    origin: Origin,
    /// None: its event is appended and waits for the ledger, which bounds such commands by its own room.
    lane: Option<Lane>,
}

/// The commands under way; each [`Lane`] has places of its own.
pub(super) struct Commands {
    next: u64,
    open: BTreeMap<Ticket, Open>,
    work: Places,
    /// In each lane but that of work.
    beside: Places,
    /// Answers of one connection that wait without a place.
    waiting: usize,
}

impl Commands {
    /// None yet.
    pub(super) const fn new(work: Places, beside: Places, waiting: usize) -> Self {
        Self { next: 0, open: BTreeMap::new(), work, beside, waiting }
    }

    /// Takes a command in.
    pub(super) fn admit(&mut self, origin: Origin, lane: Lane) -> Result<Ticket, NotAdmitted> {
        if self.open.values().any(|other| other.origin == origin) {
            return Err(NotAdmitted::Duplicate);
        }
        let places = match lane {
            Lane::Work => self.work,
            Lane::Life | Lane::Question | Lane::Restriction | Lane::Ending => self.beside,
        };
        let alike = || self.open.values().filter(|other| other.lane == Some(lane));
        let of_connection = alike().filter(|other| other.origin.connection == origin.connection).count();
        if of_connection >= places.per_connection || alike().count() >= places.total {
            return Err(NotAdmitted::Busy);
        }
        let ticket = Ticket(self.next);
        self.next += 1;
        self.open.insert(ticket, Open { origin, lane: Some(lane) });
        Ok(ticket)
    }

    /// The event of a command is appended, and it waits for the ledger: it gives its place up. Of too many that wait, the first goes
    /// without an answer: what it appended stays, and a burst of answers must not fill the outbox.
    pub(super) fn waits(&mut self, ticket: Ticket) {
        let Some(open) = self.open.get_mut(&ticket) else { return };
        open.lane = None;
        let connection = open.origin.connection;
        let waiting = || {
            let of_connection =
                |(_, open): &(&Ticket, &Open)| open.lane.is_none() && open.origin.connection == connection;
            self.open.iter().filter(of_connection).map(|(ticket, _)| *ticket)
        };
        if waiting().count() > self.waiting
            && let Some(first) = waiting().next()
        {
            self.open.remove(&first);
        }
    }

    /// Ends a command: where its answer goes, unless it was answered before.
    pub(super) fn finish(&mut self, ticket: Ticket) -> Option<Origin> {
        self.open.remove(&ticket).map(|open| open.origin)
    }

    /// Ends all commands.
    pub(super) fn finish_all(&mut self) -> Vec<Origin> {
        std::mem::take(&mut self.open).into_values().map(|open| open.origin).collect()
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
        Commands::new(places, places, 3)
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

    #[test]
    fn what_has_bound_keeps_no_place_and_is_answered_still() {
        let mut commands = commands(1, 2);
        let work = commands.admit(origin(1, 0), Lane::Work).unwrap();
        let tickets: Vec<_> = (1..=3)
            .map(|id| {
                let ticket = commands.admit(origin(1, id), Lane::Ending).unwrap();
                assert_eq!(commands.admit(origin(1, 9), Lane::Ending), Err(NotAdmitted::Busy));
                commands.waits(ticket);
                ticket
            })
            .collect();
        assert_eq!(commands.admit(origin(1, 1), Lane::Ending), Err(NotAdmitted::Duplicate));
        assert_eq!(commands.admit(origin(1, 9), Lane::Work), Err(NotAdmitted::Busy), "work is as it was");
        // One more, and one of another connection: the first of this one's is forgotten.
        for connection in [2, 1] {
            let ticket = commands.admit(origin(connection, 4), Lane::Restriction).unwrap();
            commands.waits(ticket);
        }
        assert_eq!(commands.finish(tickets[0]), None);
        assert_eq!(commands.finish(tickets[1]), Some(origin(1, 2)));
        commands.waits(tickets[1]);
        assert_eq!(commands.finish(work), Some(origin(1, 0)));
        assert_eq!(commands.finish_all().len(), 3);
    }
}
