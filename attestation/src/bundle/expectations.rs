//! Place: none. What a caller asks of a service's evidence (steps 19, 21, 22 and 28 to 32).

use super::VerifiedEvidence;
use crate::anchor::AnchorKind;
use crate::appraise::{self, Appraisal, References};
use crate::error::{Refusal, Step};
use crate::time::Window;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use fuin_shared::evidence::Purpose;
use fuin_shared::ids::ServiceId;
use fuin_shared::manifest::ReleaseMode;
use fuin_shared::phase::Phase;

/// Every expectation is written out; `None` leaves a check out, and the result says so.
#[derive(Clone, Debug)]
pub struct Expectations {
    /// The service.
    pub service: Option<ServiceId>,
    /// Expected registers: PCR0, 1 and 2 of the release.
    pub references: References,
    /// Purposes that will do.
    pub purposes: Option<Vec<Purpose>>,
    /// Phases that will do: only `Operational` for whoever signs or issues.
    pub phases: Option<Vec<Phase>>,
    /// The weakest release mode that will do.
    pub minimum_release: Option<ReleaseMode>,
    /// Whether a development service or anchor will do.
    pub allow_development: bool,
    /// Whether an enclave in debug mode will do.
    pub allow_debug: bool,
    /// How old the document may be.
    pub freshness: Option<Window>,
    /// Whether the manifest must not have ended.
    pub manifest_period: bool,
}

impl Expectations {
    /// What a signer's device, an SCA or a CA asks of the service it knows: operational, fresh, not in debug mode, not
    /// for development, results cosigned.
    #[must_use]
    pub fn of_service(service: ServiceId, references: References) -> Self {
        Self {
            service: Some(service),
            references,
            purposes: Some(vec![Purpose::Service]),
            phases: Some(vec![Phase::Operational]),
            minimum_release: Some(ReleaseMode::Cosigned),
            allow_development: false,
            allow_debug: false,
            freshness: Some(Window::default()),
            manifest_period: true,
        }
    }
}

impl VerifiedEvidence {
    /// Appraises the evidence; the result includes what verification checked.
    ///
    /// # Errors
    /// The [`Refusal`] of the first expectation that is not met.
    pub fn appraise(&self, expectations: &Expectations) -> Result<Appraisal, Refusal> {
        let mut appraisal = self.meets(expectations)?;
        appraisal.omit(
            "the ledger",
            "evidence only names it; compare its checkpoints and witnesses with `fuin ledger verify`",
        );
        Ok(appraisal)
    }

    /// The same without a word on the ledger.
    pub(crate) fn meets(&self, expectations: &Expectations) -> Result<Appraisal, Refusal> {
        let mut appraisal = self.verified().clone();
        let claims = self.claims();
        appraise::leaf_name(claims, &mut appraisal);
        appraise::freshness(claims, expectations.freshness, &mut appraisal)?;
        appraise::debug(claims, expectations.allow_debug, &mut appraisal)?;
        appraise::measurement(claims, &expectations.references, &mut appraisal)?;
        self.service_is(expectations.service, &mut appraisal)?;
        self.phase_is(expectations, &mut appraisal)?;
        self.release_is(expectations.minimum_release, &mut appraisal)?;
        self.development_is(expectations.allow_development, &mut appraisal)?;
        if expectations.manifest_period {
            self.manifest_lasts(&mut appraisal)?;
        } else {
            appraisal.omit("end of the manifest", "not asked for");
        }
        appraisal.omit(
            "revocation of the platform's certificates",
            "they live for hours; no revocation list was given",
        );
        Ok(appraisal)
    }

    /// Step 28.
    fn service_is(&self, expected: Option<ServiceId>, appraisal: &mut Appraisal) -> Result<(), Refusal> {
        match expected {
            None => appraisal.omit("which service", "no service id was expected"),
            Some(expected) if expected == self.service() => {
                appraisal.check(Step::Service, "the expected service");
            }
            Some(_) => return Err(Refusal::new(Step::Service, format!("it is of {}", self.service()))),
        }
        Ok(())
    }

    /// Step 29.
    fn phase_is(&self, expectations: &Expectations, appraisal: &mut Appraisal) -> Result<(), Refusal> {
        let phase = self.phase();
        match &expectations.phases {
            None => appraisal.omit("phase", format!("it is {phase}; none was asked for")),
            Some(phases) if phases.contains(&phase) => appraisal.check(Step::Phase, phase.as_str()),
            Some(_) => return Err(Refusal::new(Step::Phase, format!("it is {phase}"))),
        }
        match &expectations.purposes {
            None => appraisal.omit("purpose", "none was asked for"),
            Some(purposes) if purposes.contains(&self.purpose()) => {
                appraisal.check(Step::Phase, "made for the purpose that was asked for");
            }
            Some(_) => return Err(Refusal::new(Step::Phase, "the evidence was made for another purpose")),
        }
        Ok(())
    }

    /// Step 30.
    fn release_is(&self, minimum: Option<ReleaseMode>, appraisal: &mut Appraisal) -> Result<(), Refusal> {
        match minimum {
            None => appraisal.omit("release mode", "no weakest mode was named"),
            Some(minimum) if self.release() < minimum => {
                return Err(Refusal::new(Step::Release, "durable, where cosigned was asked for"));
            }
            Some(_) => appraisal.check(Step::Release, "as strong as asked for, or stronger"),
        }
        if self.release() == ReleaseMode::Durable {
            appraisal.warn(
                "release mode durable: no witness prevents a roll-back or a second copy of the service",
            );
        }
        Ok(())
    }

    /// Step 31.
    fn development_is(&self, allowed: bool, appraisal: &mut Appraisal) -> Result<(), Refusal> {
        let anchor = self.claims().anchor() == AnchorKind::Development;
        match (anchor || self.development(), allowed) {
            (false, _) => appraisal.check(Step::Development, "no development service, no development anchor"),
            (true, false) => return Err(Refusal::new(Step::Development, "")),
            (true, true) => {
                appraisal.warn("DEVELOPMENT: this evidence protects nobody's keys; allowed by the caller");
            }
        }
        Ok(())
    }

    /// Step 32.
    fn manifest_lasts(&self, appraisal: &mut Appraisal) -> Result<(), Refusal> {
        let (end, now) = (self.manifest().not_after, self.claims().judged_at());
        if now > end {
            let detail = format!("{}, judged at {}", crate::time::utc(end), crate::time::utc(now));
            return Err(Refusal::new(Step::ManifestPeriod, detail));
        }
        appraisal.check(Step::ManifestPeriod, format!("lasts until {}", crate::time::utc(end)));
        Ok(())
    }
}
