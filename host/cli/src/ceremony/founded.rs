//! Place: none. A signed manifest, and what follows from it for officers and custodians.

use crate::file;
use anyhow::{Context as _, ensure};
use der::pem::LineEnding;
use fuin_attestation::{
    Anchors, At, DevelopmentAnchor, Expectations, Nonce, Profile, References, VerifiedEvidence, Window,
    verify_bundle,
};
use fuin_custodian::Pins;
use fuin_sca::card::{ServiceCard, VERSION};
use fuin_shared::codec;
use fuin_shared::evidence::{Pcr, Purpose};
use fuin_shared::ids::{ManifestHash, ServiceId};
use fuin_shared::manifest::{
    MAX_MANIFEST, Manifest, ManifestChange, ManifestHistory, Measurement, SignedManifest, newest, service_id,
};
use fuin_shared::phase::Phase;
use serde::Deserialize;
use std::path::Path;

const MAX_RELEASE: u64 = 64 * 1024;
const MAX_HISTORY: u64 = 16 * 1024 * 1024;

/// The manifest of a service: the first one, or the newest of a history in which every link holds.
pub struct Founded {
    /// The first one, with the signatures that it has.
    pub signed: SignedManifest,
    /// What the newest says.
    pub manifest: Manifest,
    /// The service that the first one founds.
    pub service: ServiceId,
    /// Whether it was read from a history, whose signatures were checked.
    pub followed: bool,
}

/// Registers of `release.json`; other members are of no concern here.
#[derive(Deserialize)]
struct Release {
    pcrs: Registers,
}

#[derive(Deserialize)]
struct Registers {
    #[serde(rename = "0")]
    pcr0: Pcr,
    #[serde(rename = "1")]
    pcr1: Pcr,
    #[serde(rename = "2")]
    pcr2: Pcr,
}

/// The measurement in a `release.json`.
pub fn read_release(path: &Path) -> anyhow::Result<Measurement> {
    let octets = file::read(path, MAX_RELEASE)?;
    let Release { pcrs } = serde_json::from_slice(&octets)
        .with_context(|| format!("{}: has no pcrs 0, 1 and 2", path.display()))?;
    Ok(Measurement { pcr0: pcrs.pcr0, pcr1: pcrs.pcr1, pcr2: pcrs.pcr2 })
}

impl Founded {
    /// Reads a first manifest, signed or not yet, or a history as `fuin manifest show --save` keeps it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let octets = file::read(path, MAX_HISTORY)?;
        let read = || -> anyhow::Result<Self> {
            if let Ok(history) = codec::decode::<ManifestHistory>(&octets) {
                let (service, current) = newest(&history)?;
                let signed = codec::decode(history.first.as_slice())?;
                return Ok(Self { signed, manifest: current.manifest, service, followed: true });
            }
            ensure!(octets.len() <= 2 * MAX_MANIFEST, "too large");
            let signed: SignedManifest = codec::decode(&octets)?;
            let manifest = signed.parse()?;
            ensure!(manifest.version == 1, "not the first manifest of a service");
            let service = service_id(signed.manifest.as_slice());
            Ok(Self { signed, manifest, service, followed: false })
        };
        read().with_context(|| format!("{}: no manifest", path.display()))
    }

    /// Reads a manifest that the officers' quorum signed.
    pub fn read_signed(path: &Path) -> anyhow::Result<Self> {
        let founded = Self::read(path)?;
        if founded.followed {
            return Ok(founded);
        }
        let quorum = founded.signed.verify_quorum(&founded.manifest);
        quorum.with_context(|| format!("{}", path.display()))?;
        Ok(founded)
    }

    /// Every manifest of a history, the first one first; or the first one alone. Signatures were checked by
    /// [`Founded::read_signed`].
    pub fn read_all(path: &Path) -> anyhow::Result<Vec<(ManifestHash, Manifest)>> {
        let octets = file::read(path, MAX_HISTORY)?;
        let signed = match codec::decode::<ManifestHistory>(&octets) {
            Ok(history) => {
                let first = codec::decode(history.first.as_slice())?;
                std::iter::once(first).chain(history.changes.iter().map(ManifestChange::as_signed)).collect()
            }
            Err(_) => vec![codec::decode::<SignedManifest>(&octets)?],
        };
        signed.iter().map(|signed| Ok((signed.hash(), signed.parse()?))).collect()
    }

    /// The measurement of this `release.json`, which the manifest must accept.
    pub fn measurement(&self, release: &Path) -> anyhow::Result<Measurement> {
        let measurement = read_release(release)?;
        ensure!(
            self.manifest.measurements.contains(&measurement),
            "{}: the manifest does not accept this image",
            release.display()
        );
        Ok(measurement)
    }

    /// What a custodian pins.
    pub fn pins(&self, measurement: &Measurement) -> Pins {
        let development = self.manifest.development.then(|| self.manifest.evidence_anchors.first().cloned());
        Pins {
            service: self.service,
            measurement: [measurement.pcr0, measurement.pcr1, measurement.pcr2],
            development_anchor: development.flatten(),
        }
    }

    /// Checks evidence under this manifest.
    pub fn check(
        &self,
        measurement: &Measurement,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        phase: Phase,
    ) -> anyhow::Result<VerifiedEvidence> {
        self.check_period(measurement, bundle, nonce, now, phase, true)
    }

    /// The same of a boot that waits for shares, whose manifest may have ended while there were no witnesses.
    pub fn check_boot(
        &self,
        measurement: &Measurement,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
    ) -> anyhow::Result<VerifiedEvidence> {
        self.check_period(measurement, bundle, nonce, now, Phase::Uninitialized, false)
    }

    fn check_period(
        &self,
        measurement: &Measurement,
        bundle: &[u8],
        nonce: &[u8],
        now: u64,
        phase: Phase,
        manifest_period: bool,
    ) -> anyhow::Result<VerifiedEvidence> {
        let anchors = match (self.manifest.development, self.manifest.evidence_anchors.first()) {
            (true, Some(der)) => Anchors::development(DevelopmentAnchor::from_der(der.as_slice())?),
            _ => Anchors::production(),
        };
        let expectations = Expectations {
            purposes: Some(vec![Purpose::Service]),
            phases: Some(vec![phase]),
            minimum_release: Some(self.manifest.release),
            allow_development: self.manifest.development,
            manifest_period,
            ..Expectations::of_service(self.service, references(measurement)?)
        };
        check(bundle, nonce, now, &anchors, &expectations)
    }

    /// The service card, from evidence of the operational enclave.
    pub fn card(
        &self,
        measurement: &Measurement,
        evidence: &VerifiedEvidence,
    ) -> anyhow::Result<ServiceCard> {
        let anchors = self.manifest.evidence_anchors.iter();
        let pem = |der: &[u8]| der::pem::encode_string("CERTIFICATE", LineEnding::LF, der);
        Ok(ServiceCard {
            version: VERSION,
            name: self.manifest.name.clone(),
            service: self.service,
            development: self.manifest.development,
            measurement: measurement.into(),
            release: self.manifest.release,
            evidence_anchors: anchors
                .map(|der| pem(der.as_slice()).map_err(|error| anyhow::anyhow!("anchor: {error}")))
                .collect::<anyhow::Result<_>>()?,
            ledger: evidence.ledger().cloned(),
            root_commitment: evidence.root_commitment(),
            witnesses: self.manifest.witnesses.clone(),
        })
    }
}

/// Reference values of an image.
pub fn references(measurement: &Measurement) -> anyhow::Result<References> {
    let mut references = References::none();
    for (index, value) in (0u8..).zip([&measurement.pcr0, &measurement.pcr1, &measurement.pcr2]) {
        references.expect(index, value.as_ref())?;
    }
    Ok(references)
}

/// Verifies a bundle and holds it against the expectations.
pub fn check(
    bundle: &[u8],
    nonce: &[u8],
    now: u64,
    anchors: &Anchors,
    expectations: &Expectations,
) -> anyhow::Result<VerifiedEvidence> {
    let (at, nonce) = (At::Unix(now), Nonce::Expected(nonce));
    let evidence = verify_bundle(bundle, anchors, at, Profile::AwsText, nonce, Window::default())?;
    evidence.appraise(expectations)?;
    Ok(evidence)
}
