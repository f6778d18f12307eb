//! Place: none. The activation module against hostile inputs, in virtual time: everything here bypasses the host, so what
//! is refused is refused by the enclave.

mod activation;
mod ceremony;
mod enrolment;
mod extending;
mod faulty_module;
mod hand_over;
mod key_statement;
mod kills;
mod ledger;
mod passkey;
mod people;
#[path = "../../../attestation/custodian/tests/enclave/document.rs"]
mod platform;
mod quorum;
mod rng;
mod witness;
mod witnessed;
mod world;
