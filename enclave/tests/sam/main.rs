//! Place: none. The activation module against hostile inputs, in virtual time: everything here bypasses the host, so what
//! is refused is refused by the enclave.

mod activation;
mod alarms;
mod attributes;
mod ceremony;
mod details;
mod device_key;
mod documents;
mod enrolment;
mod extending;
mod failures;
mod faulty_module;
mod hand_over;
mod image;
mod issued_means;
mod key_statement;
mod kills;
mod ledger;
mod naive;
mod new_epoch;
mod passkey;
mod people;
mod pin_totp;
#[path = "../../../attestation/custodian/tests/enclave/document.rs"]
mod platform;
mod quorum;
mod relinking;
mod rng;
mod roles;
mod rotation;
mod seals;
mod set_change;
mod snapshots;
mod succession;
mod suspension;
mod time;
mod to_be_signed;
mod witness;
mod witnessed;
mod world;
