//! Place: SIC. Checking the evidence against what the signer pins, and the instance that passed.

use crate::error::SicError;
use fuin_attestation::{
    Anchors, Appraisal, At, Expectations, Nonce, Profile, References, Refusal, Step, VerifiedEvidence,
    VerifiedKey, Window, verify_bundle, verify_key,
};
use fuin_shared::evidence::Purpose;
use fuin_shared::ids::{Digest32, InstanceId, ServiceId};
use fuin_shared::manifest::{Measurement, ReleaseMode};
use fuin_shared::phase::Phase;
use sha2::{Digest as _, Sha256};

/// What a signer pins of a service.
#[derive(Debug, Clone)]
pub struct Pins {
    /// The service.
    pub service: ServiceId,
    /// The image.
    pub measurement: Measurement,
    /// The weakest release rule that will do.
    pub release: ReleaseMode,
    /// Roots of evidence.
    pub anchors: Anchors,
    /// Whether a development service will do. It protects nobody.
    pub allow_development: bool,
}

/// The signer's interaction component of one service.
#[derive(Debug, Clone)]
pub struct Sic {
    anchors: Anchors,
    expectations: Expectations,
}

impl Sic {
    /// A SIC with these pins. The evidence must also be of phase `Operational`, for purpose `service`, not in debug mode,
    /// and at most some minutes old.
    ///
    /// # Errors
    /// [`SicError::Evidence`] at step `measurement` when the pinned measurement is all zero and so would check nothing.
    pub fn new(pins: Pins) -> Result<Self, SicError> {
        let mut references = References::none();
        let measurement = &pins.measurement;
        for (index, value) in [(0, &measurement.pcr0), (1, &measurement.pcr1), (2, &measurement.pcr2)] {
            references
                .expect(index, value.as_ref())
                .map_err(|e| Refusal::new(Step::Measurement, format!("pinned measurement: {e}")))?;
        }
        Ok(Self {
            anchors: pins.anchors,
            expectations: Expectations {
                service: Some(pins.service),
                references,
                purposes: Some(vec![Purpose::Service]),
                phases: Some(vec![Phase::Operational]),
                minimum_release: Some(pins.release),
                allow_development: pins.allow_development,
                allow_debug: false,
                manifest_period: true,
                freshness: Some(Window::default()),
            },
        })
    }

    /// Checks an evidence bundle that must answer `nonce`, at `now` (Unix seconds).
    ///
    /// # Errors
    /// [`SicError::Evidence`] with the first step that refused.
    pub fn check_evidence(&self, bundle: &[u8], nonce: &[u8], now: u64) -> Result<TrustedInstance, SicError> {
        let evidence = verify_bundle(
            bundle,
            &self.anchors,
            At::Unix(now),
            Profile::AwsText,
            Nonce::Expected(nonce),
            Window::default(),
        )?;
        let appraisal = evidence.appraise(&self.expectations)?;
        Ok(TrustedInstance { id: evidence.instance_id(), service: evidence.service(), evidence, appraisal })
    }

    /// Checks a key statement that must answer `nonce`, for the key with this SubjectPublicKeyInfo, at `now` (Unix seconds).
    ///
    /// # Errors
    /// [`SicError::Evidence`] with the first step that refused.
    pub fn check_key(
        &self,
        attestation: &[u8],
        nonce: &[u8],
        now: u64,
        spki: &[u8],
    ) -> Result<VerifiedKey, SicError> {
        let key = verify_key(
            attestation,
            &self.anchors,
            At::Unix(now),
            Profile::AwsText,
            Nonce::Expected(nonce),
            Window::default(),
        )?;
        key.appraise(&self.expectations, Some(&Digest32(Sha256::digest(spki).into())))?;
        Ok(key)
    }
}

/// One boot of the enclave whose evidence was accepted.
#[derive(Debug, Clone)]
pub struct TrustedInstance {
    id: InstanceId,
    service: ServiceId,
    evidence: VerifiedEvidence,
    appraisal: Appraisal,
}

impl TrustedInstance {
    /// Name of the boot's keys.
    #[must_use]
    pub fn id(&self) -> &InstanceId {
        &self.id
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> &ServiceId {
        &self.service
    }

    /// All that was verified.
    #[must_use]
    pub fn evidence(&self) -> &VerifiedEvidence {
        &self.evidence
    }

    /// What was checked, left out and noticed.
    #[must_use]
    pub fn appraisal(&self) -> &Appraisal {
        &self.appraisal
    }

    /// HPKE public key, 97 octets.
    pub(crate) fn hpke_key(&self) -> &[u8] {
        self.evidence.instance().hpke.as_slice()
    }
}
