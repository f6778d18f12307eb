//! Place: none. Steps of a service's evidence, by name.

mod expectations;
mod verification;

use super::{Expectations, VerifiedEvidence, verify_bundle};
use crate::anchor::{Anchors, DevelopmentAnchor};
use crate::appraise::{Nonce, References};
use crate::document::Profile;
use crate::error::{Refusal, Step};
use crate::kit::bundle::{INSTANCE, OFFICER, Service};
use crate::kit::{NOW, pcrs};
use crate::time::{At, Window};
use ciborium::Value;
use fuin_shared::codec;
use fuin_shared::evidence::{EvidenceBundle, Purpose};
use fuin_shared::ids::{Digest32, ServiceId};
use fuin_shared::manifest::ReleaseMode;
use fuin_shared::phase::Phase;
use proptest::prelude::*;

const NONCE: &[u8] = b"the caller's nonce";

fn anchors(service: &Service) -> Anchors {
    Anchors::development(DevelopmentAnchor::from_der(&service.doc.root()).unwrap())
}

fn verify_octets(service: &Service, octets: &[u8], nonce: Nonce<'_>) -> Result<VerifiedEvidence, Refusal> {
    verify_bundle(octets, &anchors(service), At::Unix(NOW), Profile::AwsText, nonce, Window::default())
}

fn verified(service: &Service) -> VerifiedEvidence {
    verify_octets(service, &service.octets(), Nonce::Expected(NONCE)).unwrap()
}

/// The step at which the service's bundle is refused.
fn step(service: &Service) -> u8 {
    step_of(service, &service.parts())
}

fn step_of(service: &Service, parts: &EvidenceBundle) -> u8 {
    let result = verify_octets(service, &codec::encode(parts), Nonce::Expected(NONCE));
    result.expect_err("must be refused").step().number()
}

fn expectations(service: &Service) -> Expectations {
    let mut references = References::none();
    for index in 0..3 {
        references.expect(index, &[index + 1; 48]).unwrap();
    }
    Expectations {
        minimum_release: Some(ReleaseMode::Durable),
        allow_development: true,
        ..Expectations::of_service(service.statement.service, references)
    }
}

fn appraised(service: &Service, change: impl FnOnce(&mut Expectations)) -> Result<(), u8> {
    let mut expectations = expectations(service);
    change(&mut expectations);
    verified(service).appraise(&expectations).map(drop).map_err(|refusal| refusal.step().number())
}
