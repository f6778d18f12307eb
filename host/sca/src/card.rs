//! Place: SIC. The service card: what a signer pins of a service, published out of band (design section 3.4).

use fuin_attestation::{Anchors, DevelopmentAnchor};
use fuin_shared::evidence::{LedgerIdentity, Pcr};
use fuin_shared::ids::{RootCommitment, ServiceId};
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::manifest::{Measurement, ReleaseMode};
use serde::{Deserialize, Serialize};

/// Version of [`ServiceCard`].
pub const VERSION: u8 = 1;
/// Largest card taken, octets.
pub const MAX_CARD: usize = 256 * 1024;

/// A measurement in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardMeasurement {
    /// Whole image.
    pub pcr0: Pcr,
    /// Kernel, command line, first ramdisk.
    pub pcr1: Pcr,
    /// Application.
    pub pcr2: Pcr,
}

impl From<&Measurement> for CardMeasurement {
    fn from(m: &Measurement) -> Self {
        Self { pcr0: m.pcr0, pcr1: m.pcr1, pcr2: m.pcr2 }
    }
}

impl From<&CardMeasurement> for Measurement {
    fn from(m: &CardMeasurement) -> Self {
        Self { pcr0: m.pcr0, pcr1: m.pcr1, pcr2: m.pcr2 }
    }
}

/// The card, a JSON file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceCard {
    /// [`VERSION`].
    pub version: u8,
    /// Name, for people.
    pub name: String,
    /// The service, hex.
    pub service: ServiceId,
    /// Whether it is a service for development.
    pub development: bool,
    /// The image whose evidence is accepted.
    pub measurement: CardMeasurement,
    /// The weakest release rule accepted.
    pub release: ReleaseMode,
    /// Anchors of the evidence: certificates in PEM.
    pub evidence_anchors: Vec<String>,
    /// The ledger.
    pub ledger: Option<LedgerIdentity>,
    /// Commitment to the root key, hex.
    pub root_commitment: Option<RootCommitment>,
    /// Witnesses of the ledger; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<WitnessPolicy>,
}

/// The file is no service card.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// Not JSON of this structure.
    #[error("service card: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A field that cannot work.
    #[error("service card: {0}")]
    Field(&'static str),
}

impl ServiceCard {
    /// Reads a card.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn parse(octets: &[u8]) -> Result<Self, CardError> {
        if octets.len() > MAX_CARD {
            return Err(CardError::Field("larger than 256 KiB"));
        }
        let card: Self = serde_json::from_slice(octets)?;
        if card.version != VERSION {
            return Err(CardError::Field("version: only version 1 is known"));
        }
        if card.evidence_anchors.is_empty() {
            return Err(CardError::Field("evidenceAnchors: give at least one certificate in PEM"));
        }
        if card.witnesses.as_ref().is_some_and(|witnesses| witnesses.check().is_err()) {
            return Err(CardError::Field("witnesses: no quorum can be made of them"));
        }
        Ok(card)
    }

    /// The card as a file.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Invariant: a structure of texts always serializes.
        let mut out = serde_json::to_vec_pretty(self).expect("texts and numbers");
        out.push(b'\n');
        out
    }
}

impl ServiceCard {
    /// What the signer's device pins.
    ///
    /// # Errors
    /// [`CardError::Field`] when an anchor is no usable certificate in PEM.
    pub fn pins(&self) -> Result<fuin_sic::Pins, CardError> {
        let mut anchors: Option<Anchors> = None;
        for pem in &self.evidence_anchors {
            let wrong = CardError::Field("evidenceAnchors: each must be one root certificate in PEM");
            let development = || DevelopmentAnchor::from_pem(pem.as_bytes());
            anchors = Some(match anchors {
                None => Anchors::named(pem.as_bytes()).map_err(|_| wrong)?,
                Some(others) => others.with_development(development().map_err(|_| wrong)?),
            });
        }
        Ok(fuin_sic::Pins {
            service: self.service,
            measurement: (&self.measurement).into(),
            release: self.release,
            anchors: anchors
                .ok_or(CardError::Field("evidenceAnchors: give at least one certificate in PEM"))?,
            allow_development: self.development,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> ServiceCard {
        let pcr = Pcr([1; 48]);
        ServiceCard {
            version: VERSION,
            name: "test".into(),
            service: ServiceId([2; 32]),
            development: true,
            measurement: CardMeasurement { pcr0: pcr, pcr1: pcr, pcr2: pcr },
            release: ReleaseMode::Durable,
            evidence_anchors: vec!["no PEM".into()],
            ledger: None,
            root_commitment: None,
            witnesses: None,
        }
    }

    #[test]
    fn a_card_reads_back() {
        assert_eq!(ServiceCard::parse(&card().to_json()).unwrap(), card());
    }

    #[test]
    fn cards_that_pin_nothing_are_refused() {
        assert!(
            ServiceCard::parse(&ServiceCard { evidence_anchors: Vec::new(), ..card() }.to_json()).is_err()
        );
        assert!(ServiceCard::parse(&ServiceCard { version: 2, ..card() }.to_json()).is_err());
        let text =
            String::from_utf8(card().to_json()).unwrap().replace("\"name\"", "\"colour\": 1, \"name\"");
        assert!(ServiceCard::parse(text.as_bytes()).is_err());
        assert!(card().pins().is_err());
        let witnesses = Some(WitnessPolicy { witnesses: vec!["x".into()], threshold: 1, faults: 0 });
        assert!(ServiceCard::parse(&ServiceCard { witnesses, ..card() }.to_json()).is_err());
    }
}
