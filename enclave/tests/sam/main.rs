//! Place: none. The activation module against hostile inputs, in virtual time: everything here bypasses the host, so what
//! is refused is refused by the enclave.

mod activation;
mod alarms;
mod attributes;
mod ceremony;
mod device_key;
mod documents;
mod enrolment;
mod extending;
mod faulty_module;
mod key_statement;
mod ledger;
mod naive;
mod passkey;
mod people;
mod quorum;
mod rng;
mod roles;
mod set_change;
mod succession;
mod to_be_signed;
mod witness;
mod witnessed;
mod world;
