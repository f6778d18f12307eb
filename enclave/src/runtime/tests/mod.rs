//! Place: none. The runtime against a host that the test plays: nothing is timed, short limits are injected.

mod commands;
mod event_loop;
mod harness;
mod hostile;
mod requests;
