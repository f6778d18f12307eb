//! Place: none. What a custodian pins of its service, and the check of evidence that stands before every use of the share.

use crate::error::CustodianError;
use crate::holdings::Shown;
use crate::state::Custodian;
use fuin_attestation::{
    Anchors, At, DevelopmentAnchor, Expectations, Nonce, Profile, References, Refusal, Step,
    VerifiedEvidence, Window, verify_bundle,
};
use fuin_shared::bytes::Blob;
use fuin_shared::evidence::{LedgerIdentity, Pcr, Purpose};
use fuin_shared::ids::{ManifestHash, ServiceId};
use fuin_shared::manifest::{Manifest, Measurement};
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

/// The newest manifest under which the custodian has seen the enclave at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Current {
    version: u64,
    manifest: ManifestHash,
}

impl Current {
    fn of(evidence: &VerifiedEvidence) -> Self {
        Self { version: evidence.manifest().version, manifest: evidence.manifest_hash() }
    }
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
        let seen = self.check_period(bundle, nonce, now, purposes, phase, true)?;
        self.check_named(&seen)?;
        Ok(seen)
    }

    /// The same of the operational enclave, by whoever may have been taken out of the manifest: a share is deleted all the same.
    pub(crate) fn check_left(
        &self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
    ) -> Result<VerifiedEvidence, CustodianError> {
        self.check_period(bundle, nonce, now, &[Purpose::Service], Phase::Operational, true)
    }

    /// The same at a boot, where the manifest may have ended: under it the enclave does nothing but take the next one.
    pub(crate) fn check_boot(
        &self,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
    ) -> Result<VerifiedEvidence, CustodianError> {
        let seen = self.check_period(bundle, nonce, now, &[Purpose::Service], Phase::Uninitialized, false)?;
        self.check_named(&seen)?;
        Ok(seen)
    }

    fn check_named(&self, seen: &VerifiedEvidence) -> Result<(), CustodianError> {
        let named = seen.manifest().custodian(&self.id) == Some(&self.manifest_entry());
        if named { Ok(()) } else { Err(CustodianError::NotNamed) }
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
        check_image(evidence.manifest(), &pins.measurement)?;
        self.check_manifest(Current::of(&evidence))?;
        Ok(evidence)
    }

    /// Manifests never go back, whatever ledger the host shows beside them (spec/ledger.md, gap 6).
    fn check_manifest(&self, shown: Current) -> Result<(), CustodianError> {
        match self.current {
            Some(seen) if shown.version < seen.version => {
                Err(CustodianError::OlderManifest { version: shown.version, seen: seen.version })
            }
            Some(seen) if shown.version == seen.version && shown.manifest != seen.manifest => {
                Err(CustodianError::OtherManifest { version: shown.version })
            }
            _ => Ok(()),
        }
    }

    /// Learns the ledger's key and the current manifest from evidence of the operational enclave, whose root key must be one
    /// whose share is there: the one that is held, or in a rotation the next one, which takes its place then, or one that was
    /// given up, which is found again. A known ledger is left only for a later epoch of it, and never for an earlier one.
    /// Answers whether it was.
    ///
    /// # Errors
    /// [`CustodianError::Evidence`], [`CustodianError::OlderManifest`], [`CustodianError::OtherManifest`],
    /// [`CustodianError::NoShare`], [`CustodianError::OtherRoot`], [`CustodianError::Behind`],
    /// [`CustodianError::NoLedger`], [`CustodianError::OtherLedger`].
    pub fn learn_ledger(&mut self, bundle: &[u8], nonce: &[u8], now: u64) -> Result<bool, CustodianError> {
        self.check_any_share()?;
        let evidence = self.check(bundle, nonce, now, &[Purpose::Service], Phase::Operational)?;
        let ledger = evidence.ledger().ok_or(CustodianError::NoLedger)?;
        let epoch = evidence.epoch().map_or(0, |epoch| epoch.number);
        let left = self.ledger.as_ref().is_some_and(|known| known != ledger);
        if left && epoch <= self.epoch {
            return Err(CustodianError::OtherLedger);
        }
        let mut holdings = self.holdings.clone();
        holdings.settle(&self.shown(&evidence)?)?;
        self.holdings = holdings;
        (self.ledger, self.epoch) = (Some(ledger.clone()), epoch);
        self.current = Some(Current::of(&evidence));
        Ok(left)
    }

    /// What evidence of the operational enclave says of root keys.
    pub(crate) fn shown(&self, seen: &VerifiedEvidence) -> Result<Shown, CustodianError> {
        let goes_on = |known: &LedgerIdentity| {
            let later = seen.epoch().filter(|epoch| epoch.number > self.epoch);
            seen.ledger() == Some(known) || later.is_some_and(|epoch| epoch.predecessor == known.origin)
        };
        Shown::of(seen, self.ledger.as_ref().is_some_and(goes_on))
    }

    /// # Errors
    /// [`CustodianError::NoShare`] of whoever never had one: without a ledger nothing says which root key would be the right one.
    pub(crate) fn check_any_share(&self) -> Result<(), CustodianError> {
        let none = self.holdings.held.is_none() && self.ledger.is_none();
        if none { Err(CustodianError::NoShare) } else { Ok(()) }
    }
}

/// An image does not say of itself that the officers want it. A development service takes any.
fn check_image(manifest: &Manifest, pinned: &[Pcr; 3]) -> Result<(), CustodianError> {
    let listed = |image: &Measurement| [image.pcr0, image.pcr1, image.pcr2] == *pinned;
    if manifest.development || manifest.measurements.iter().any(listed) {
        Ok(())
    } else {
        Err(CustodianError::ImageNotListed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::manifest::{Limits, ReleaseMode};

    fn manifest(development: bool, images: &[[u8; 3]]) -> Manifest {
        let image = |[a, b, c]: &[u8; 3]| Measurement {
            pcr0: Pcr([*a; 48]),
            pcr1: Pcr([*b; 48]),
            pcr2: Pcr([*c; 48]),
        };
        Manifest {
            version: 1,
            name: "test".into(),
            development,
            not_after: 1,
            evidence_anchors: Vec::new(),
            measurements: images.iter().map(image).collect(),
            officers: Vec::new(),
            officer_quorum: 1,
            custodians: Vec::new(),
            share_threshold: 1,
            ra_clients: Vec::new(),
            authorities: Vec::new(),
            release: ReleaseMode::Cosigned,
            algorithms: Vec::new(),
            limits: Limits::default(),
            ledger_prefix: "test.invalid".into(),
            witnesses: None,
            means: None,
            operators: Vec::new(),
            auditors: Vec::new(),
            seals: None,
        }
    }

    #[test]
    fn an_image_that_a_production_manifest_does_not_list_is_refused() {
        let pinned = [Pcr([1; 48]), Pcr([2; 48]), Pcr([3; 48])];
        assert_eq!(check_image(&manifest(false, &[[9, 9, 9], [1, 2, 3]]), &pinned), Ok(()));
        for other in [[9, 2, 3], [1, 9, 3], [1, 2, 9]] {
            let refused = check_image(&manifest(false, &[other]), &pinned);
            assert_eq!(refused, Err(CustodianError::ImageNotListed));
            assert_eq!(check_image(&manifest(true, &[other]), &pinned), Ok(()));
        }
    }
}
