//! Place: none. `fuin witness` as a program, over HTTP: the table of codes, kills, limits, exit status. Debian's
//! `sigsum-witness`, which nobody here wrote, is held to the same table where it is installed (scripts/setup).

mod codes;
mod exits;
mod kill;
#[path = "../../../../attestation/witness/tests/kit/mod.rs"]
mod kit;
mod limits;
mod program;
