//! Place: none. What evidence must bring by default, and the flag that asks for less.

use crate::judge::Form;
use crate::request::Request;
use fuin_attestation::{Refusal, Step};
use fuin_shared::manifest::ReleaseMode;

/// A caller who leaves out what makes evidence mean something says so: nonce and measurement, and for a service its id.
pub(crate) fn complete(request: &Request, form: Form) -> Result<(), Refusal> {
    if request.authentic_only {
        return Ok(());
    }
    let wanted = [
        // A statement of a key is about the key, for life; who asks twice learns nothing that a replay would hide.
        (request.nonce.is_none() && form != Form::Key, Step::Nonce, "no nonce was given: add --nonce HEX"),
        (
            !request.references.identify_code(),
            Step::Measurement,
            "no measurement was given: add --release FILE or --pcr 0=HEX",
        ),
        (
            form != Form::Document && request.service.is_none(),
            Step::Service,
            "no service was given: add --service HEX, from the service card",
        ),
    ];
    let missing: Vec<(Step, &str)> =
        wanted.into_iter().filter_map(|(missing, step, remedy)| missing.then_some((step, remedy))).collect();
    let Some((first, _)) = missing.first() else { return Ok(()) };
    let remedies: Vec<&str> = missing.iter().map(|(_, remedy)| *remedy).collect();
    Err(Refusal::new(*first, format!("{}; or --authentic-only to leave all this out", remedies.join("; "))))
}

/// The refusal, with the flag under which the same evidence would pass this step; none where no flag makes it good.
pub(crate) fn with_remedy(refusal: Refusal, request: &Request, authentic: bool) -> Refusal {
    let remedy = match refusal.step() {
        Step::Anchor if request.anchors == fuin_attestation::Anchors::production() => {
            "--root PEM names another root, such as that of an emulation"
        }
        Step::Validity => "--at archive judges at the document's own time and unlocks nothing",
        _ if !authentic => return refusal,
        Step::Freshness => "--max-age SECONDS allows for more",
        Step::Debug => "--allow-debug accepts it",
        Step::Release if request.minimum_release != Some(ReleaseMode::Durable) => {
            "--min-release durable accepts it"
        }
        Step::Development => "--allow-development accepts it",
        Step::Phase | Step::ManifestPeriod => "--authentic-only does not judge it",
        _ => return refusal,
    };
    let detail = match refusal.detail() {
        "" => remedy.to_owned(),
        detail => format!("{detail}; {remedy}"),
    };
    Refusal::new(refusal.step(), detail)
}
