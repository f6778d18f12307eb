//! Place: none. The issuers that the unit tests of the means make.

#[allow(dead_code, reason = "the unit tests use the rest")]
#[path = "../../../src/sam/means/x509/forge.rs"]
pub mod card;
#[allow(dead_code, reason = "the unit tests use the rest")]
#[path = "../../../src/sam/means/oidc/forge.rs"]
pub mod idp;
