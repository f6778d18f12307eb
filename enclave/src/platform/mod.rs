//! Place: none. The only place that touches the machine: security module, connections to the parent, clock, entropy.

pub mod clock;
pub mod dial;
pub mod endpoint;
pub mod entropy;
pub mod nsm;
