//! Place: none. What a custodian pins of its service, and the check of evidence that stands before every use of the share.

use crate::error::CustodianError;
use crate::state::Custodian;
use fuin_attestation::{
    Anchors, At, DevelopmentAnchor, Expectations, Nonce, Profile, References, Refusal, Step,
    VerifiedEvidence, Window, verify_bundle,
};
use fuin_shared::bytes::Blob;
use fuin_shared::evidence::{Pcr, Purpose};
use fuin_shared::ids::ServiceId;
use fuin_shared::phase::Phase;
use serde::{Deserialize, Serialize};

/// What a custodian pins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    /// The service.
    pub service: ServiceId,
    /// PCR0, PCR1 and PCR2 of the image.
    pub measurement: [Pcr; 3],
    /// DER of a development root, of a development service; null takes the vendors' roots and production services only.
    pub development_anchor: Option<Blob>,
}

impl Pins {
    fn anchors(&self) -> Result<Anchors, CustodianError> {
        Ok(match &self.development_anchor {
            None => Anchors::production(),
            Some(der) => {
                let anchor = DevelopmentAnchor::from_der(der.as_slice())
                    .map_err(|e| Refusal::new(Step::Anchor, format!("pinned development anchor: {e}")))?;
                Anchors::development(anchor)
            }
        })
    }

    fn references(&self) -> Result<References, CustodianError> {
        let mut references = References::none();
        for (index, value) in (0u8..).zip(&self.measurement) {
            references
                .expect(index, value.as_ref())
                .map_err(|e| Refusal::new(Step::Measurement, format!("pinned measurement: {e}")))?;
        }
        Ok(references)
    }
}

impl Custodian {
    /// Pins the service. Repeating it may change the measurement (after the custodian learnt of a release), never the
    /// service.
    ///
    /// # Errors
    /// [`CustodianError::OtherService`]; [`CustodianError::Evidence`] when a pin would check nothing.
    pub fn join(&mut self, pins: Pins) -> Result<(), CustodianError> {
        if self.pins.as_ref().is_some_and(|p| p.service != pins.service) {
            return Err(CustodianError::OtherService);
        }
        pins.anchors()?;
        pins.references()?;
        self.pins = Some(pins);
        Ok(())
    }

    /// The pins, once joined.
    #[must_use]
    pub fn pins(&self) -> Option<&Pins> {
        self.pins.as_ref()
    }

    /// Checks evidence that must answer `nonce`, in `phase`, for one of `purposes`, of a service that names this custodian.
    pub(crate) fn check(
        &self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        purposes: &[Purpose],
        phase: Phase,
    ) -> Result<VerifiedEvidence, CustodianError> {
        self.check_period(bundle, nonce, now, purposes, phase, true)
    }

    /// The same at a boot, where the manifest may have ended: under it the enclave does nothing but take the next one.
    pub(crate) fn check_boot(
        &self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
    ) -> Result<VerifiedEvidence, CustodianError> {
        self.check_period(bundle, nonce, now, &[Purpose::Service], Phase::Uninitialized, false)
    }

    fn check_period(
        &self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        purposes: &[Purpose],
        phase: Phase,
        manifest_period: bool,
    ) -> Result<VerifiedEvidence, CustodianError> {
        let pins = self.pins.as_ref().ok_or(CustodianError::NoService)?;
        let window = Window::default();
        let evidence = verify_bundle(
            bundle,
            &pins.anchors()?,
            At::Unix(now),
            Profile::AwsText,
            Nonce::Expected(nonce),
            window,
        )?;
        evidence.appraise(&Expectations {
            service: Some(pins.service),
            references: pins.references()?,
            purposes: Some(purposes.to_vec()),
            phases: Some(vec![phase]),
            minimum_release: None,
            allow_development: pins.development_anchor.is_some(),
            allow_debug: false,
            manifest_period,
            freshness: Some(window),
        })?;
        if evidence.manifest().custodian(&self.id) != Some(&self.manifest_entry()) {
            return Err(CustodianError::NotNamed);
        }
        Ok(evidence)
    }

    /// Learns the ledger's key from evidence of the operational enclave, whose root key must be the one whose share is
    /// held. A known ledger is left only for a later epoch of it, and never for an earlier one. Answers whether it was.
    ///
    /// # Errors
    /// [`CustodianError::Evidence`], [`CustodianError::NoShare`], [`CustodianError::OtherRoot`],
    /// [`CustodianError::NoLedger`], [`CustodianError::OtherLedger`].
    pub fn learn_ledger(&mut self, bundle: &[u8], nonce: &[u8], now: u64) -> Result<bool, CustodianError> {
        let held = self.held.as_ref().ok_or(CustodianError::NoShare)?;
        let evidence = self.check(bundle, nonce, now, &[Purpose::Service], Phase::Operational)?;
        if evidence.root_commitment() != Some(held.commitment) {
            return Err(CustodianError::OtherRoot);
        }
        let ledger = evidence.ledger().ok_or(CustodianError::NoLedger)?;
        let epoch = evidence.epoch().map_or(0, |epoch| epoch.number);
        let left = self.ledger.as_ref().is_some_and(|known| known != ledger);
        if left && epoch <= self.epoch {
            return Err(CustodianError::OtherLedger);
        }
        (self.ledger, self.epoch) = (Some(ledger.clone()), epoch);
        Ok(left)
    }
}
