//! Place: none. Service cards: what a relying party pins of a service, published out of band, and evidence held against one.

use crate::judge::{Report, Subject, judge};
use crate::options::{Options, Unusable};
use crate::page::{Page, pretty, shown};
use crate::request::Request;
use fuin_attestation::{AnchorKind, Anchors, DevelopmentAnchor, Refusal, Step, VerifiedEvidence};
use fuin_shared::evidence::{LedgerIdentity, Pcr};
use fuin_shared::ids::{RootCommitment, ServiceId};
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::witness_policy::WitnessPolicy;
use fuin_shared::manifest::ReleaseMode;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Name of the form of the JSON object.
const SCHEMA: &str = "fuin-verify-card/1";
/// The only version of a card.
const VERSION: u8 = 1;
/// Largest card that is read, octets.
pub const MAX_CARD: usize = 256 * 1024;

/// A measurement in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Whole image.
    pub pcr0: Pcr,
    /// Kernel, command line, first ramdisk.
    pub pcr1: Pcr,
    /// Application.
    pub pcr2: Pcr,
}

/// The card, a JSON file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Card {
    /// Version of the card's form.
    pub version: u8,
    /// Name, for people.
    pub name: String,
    /// The service.
    pub service: ServiceId,
    /// Whether it is a service for development.
    pub development: bool,
    /// The image whose evidence is accepted.
    pub measurement: Measurement,
    /// The weakest release rule accepted.
    pub release: ReleaseMode,
    /// Anchors of the evidence: certificates in PEM.
    pub evidence_anchors: Vec<String>,
    /// The ledger.
    pub ledger: Option<LedgerIdentity>,
    /// Commitment to the root key.
    pub root_commitment: Option<RootCommitment>,
    /// Witnesses of the ledger; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<WitnessPolicy>,
}

/// A card, judged, with the evidence that was held against it.
#[derive(Clone, Debug)]
pub struct CardReport {
    card: Option<Card>,
    refusal: Option<String>,
    evidence: Option<Report>,
}

impl CardReport {
    /// Judges a card by itself.
    #[must_use]
    pub fn new(octets: &[u8]) -> Self {
        match read(octets) {
            Err(refusal) => Self { card: None, refusal: Some(refusal), evidence: None },
            Ok(card) => {
                let refusal = card.check().err();
                Self { card: Some(card), refusal, evidence: None }
            }
        }
    }

    /// Holds evidence against the card. Of `options`, time, nonce, profile and age count; the rest is the card's. Evidence
    /// is not looked at under a card that was refused.
    ///
    /// # Errors
    /// [`Unusable`] for an option that makes no sense.
    pub fn with_evidence(mut self, octets: &[u8], options: &Options) -> Result<Self, Unusable> {
        if let (Some(card), None) = (&self.card, &self.refusal) {
            self.evidence = Some(card.judge(octets, options)?);
        }
        Ok(self)
    }

    /// Whether card and evidence are good.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.refusal.is_none() && self.evidence.as_ref().is_none_or(Report::accepted)
    }

    /// One JSON object of schema `fuin-verify-card/1`, ended by a line feed.
    #[must_use]
    pub fn json(&self) -> String {
        pretty(&json!({
            "schema": SCHEMA,
            "accepted": self.accepted(),
            "error": self.refusal,
            "card": self.card,
            "evidence": self.evidence.as_ref().map(Report::value),
        }))
    }

    /// The report a person reads; its last line is the verdict.
    #[must_use]
    pub fn text(&self) -> String {
        let mut page = Page::new("service card");
        if let Some(card) = &self.card {
            card.describe(&mut page);
        }
        page.verdict("card", self.refusal.as_deref());
        let card = page.finish();
        match &self.evidence {
            None => card,
            Some(report) => format!("{card}\n{}", report.text()),
        }
    }
}

fn read(octets: &[u8]) -> Result<Card, String> {
    if octets.len() > MAX_CARD {
        return Err(format!("longer than {MAX_CARD} octets"));
    }
    serde_json::from_slice(octets).map_err(|error| format!("not a service card: {error}"))
}

impl Card {
    /// What every card keeps; the text says what is wrong.
    fn check(&self) -> Result<(), String> {
        let rule = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        rule(self.version == VERSION, "version: only version 1 is known")?;
        rule(
            self.development || self.release == ReleaseMode::Cosigned,
            "release: durable is for development services only",
        )?;
        let anchors = self.anchors()?;
        rule(
            self.development || anchors == Anchors::production(),
            "evidenceAnchors: a production service names vendors' roots only",
        )?;
        let Measurement { pcr0, pcr1, pcr2 } = &self.measurement;
        rule(
            [pcr0, pcr1, pcr2].iter().all(|register| register.0 != [0; 48]),
            "measurement: a register of zeros is what every enclave in debug mode shows",
        )?;
        let witnesses = self.witnesses.as_ref().map_or(Ok(()), |policy| policy.check().map(|_| ()));
        witnesses.map_err(|error| format!("witnesses: {error}"))?;
        let Some(ledger) = &self.ledger else { return Ok(()) };
        let key = VerifierKey::parse(&ledger.vkey).map_err(|error| format!("ledger.vkey: {error}"))?;
        rule(key.name() == ledger.origin, "ledger: the key's name is not the origin")
    }

    fn anchors(&self) -> Result<Anchors, String> {
        let wrong = |error| format!("evidenceAnchors: {error}");
        let mut anchors: Option<Anchors> = None;
        for pem in &self.evidence_anchors {
            let named = Anchors::named(pem.as_bytes()).map_err(wrong)?;
            anchors = Some(match anchors {
                None => named,
                Some(others) if others == named => others,
                Some(others) if others == Anchors::production() || named != Anchors::production() => {
                    others.with_development(DevelopmentAnchor::from_pem(pem.as_bytes()).map_err(wrong)?)
                }
                Some(_) => return Err("evidenceAnchors: name vendors' roots first".to_owned()),
            });
        }
        anchors.ok_or_else(|| "evidenceAnchors: give at least one root certificate in PEM".to_owned())
    }

    fn judge(&self, octets: &[u8], options: &Options) -> Result<Report, Unusable> {
        let Measurement { pcr0, pcr1, pcr2 } = &self.measurement;
        let pcr = [pcr0, pcr1, pcr2].into_iter().enumerate();
        let options = Options {
            at: options.at.clone(),
            nonce: options.nonce.clone(),
            profile: options.profile.clone(),
            max_age: options.max_age,
            service: Some(self.service.to_string()),
            pcr: pcr.map(|(index, value)| format!("{index}={value}")).collect(),
            min_release: Some(match self.release {
                ReleaseMode::Durable => "durable".to_owned(),
                ReleaseMode::Cosigned => "cosigned".to_owned(),
            }),
            allow_development: self.development,
            ..Options::default()
        };
        let mut request = Request::new(&options)?;
        request.anchors = self.anchors().map_err(|why| Unusable::new("card", why))?;
        let mut report = judge(octets, &request);
        if report.accepted() {
            report.refusal = self.describes(&report).err();
        }
        Ok(report)
    }

    /// Step 39: ledger, root key and kind of service are the card's.
    fn describes(&self, report: &Report) -> Result<(), Refusal> {
        let rule = |holds: bool, what: &'static str| {
            if holds { Ok(()) } else { Err(Refusal::new(Step::Card, what)) }
        };
        let evidence = report.subject.as_ref().and_then(Subject::evidence);
        let Some(evidence) = evidence else { return rule(false, "a document by itself names no service") };
        let ours = self.ledger.is_none() || self.ledger.as_ref() == evidence.ledger();
        let of_before = evidence.epoch().zip(self.ledger.as_ref());
        rule(
            ours || of_before.is_none_or(|(epoch, ledger)| epoch.predecessor != ledger.origin),
            "the card is of the epoch before: a quorum of witnesses was lost, and the ledger goes on under another origin; ask the operator for the new card",
        )?;
        rule(ours, "another ledger")?;
        if let Some(refusal) = self.other_root(evidence) {
            return rule(false, refusal);
        }
        let policy = self.witnesses.as_ref().map(WitnessPolicy::digest);
        rule(policy.is_none() || policy == evidence.statement().witness_policy, "other witnesses")?;
        let development = evidence.development() || evidence.claims().anchor() == AnchorKind::Development;
        rule(
            self.development == development,
            "the card and the evidence differ on whether it is for development",
        )
    }

    /// Why the root key is not the card's. The ledger's key is carried from one root key to the next, so an equal ledger, which
    /// was compared before, says that the root key took the place of the card's.
    fn other_root(&self, evidence: &VerifiedEvidence) -> Option<&'static str> {
        if self.root_commitment.is_none() || self.root_commitment == evidence.root_commitment() {
            return None;
        }
        let of_before = evidence.rotation().is_some_and(|one| Some(one.from) == self.root_commitment);
        Some(if of_before {
            "the card is of the root key before: another one took over; ask the operator for the new card"
        } else if self.ledger.is_some() {
            "another root key under the same ledger: the root key was rotated since this card was made; ask the operator for the new card, and find each rotation in the ledger (fuin ledger verify, fuin ledger show --kind root-rotated)"
        } else {
            "another root key: either this is another service, or the root key was rotated since this card was made; ask the operator for the new card, and find each rotation in the ledger (fuin ledger verify, fuin ledger show --kind root-rotated)"
        })
    }

    fn describe(&self, page: &mut Page) {
        page.heading("Which service");
        page.row("service id", self.service.to_string());
        page.row("name", shown(&self.name));
        page.row("kind", if self.development { "DEVELOPMENT: protects nobody's keys" } else { "production" });
        page.row(
            "results leave",
            match self.release {
                ReleaseMode::Durable => "durable or stronger",
                ReleaseMode::Cosigned => "cosigned by witnesses",
            },
        );
        page.heading("Which code");
        let Measurement { pcr0, pcr1, pcr2 } = &self.measurement;
        for (label, value) in [("PCR0", pcr0), ("PCR1", pcr1), ("PCR2", pcr2)] {
            page.row(label, value.to_string());
        }
        page.heading("Which roots and ledger");
        page.row("anchors", self.evidence_anchors.len().to_string());
        let none = || "not named yet".to_owned();
        page.row("ledger", self.ledger.as_ref().map_or_else(none, |ledger| shown(&ledger.origin)));
        page.row("ledger key", self.ledger.as_ref().map_or_else(none, |ledger| shown(&ledger.vkey)));
        page.row("root commitment", self.root_commitment.map_or_else(none, |value| value.to_string()));
        if let Some(policy) = &self.witnesses {
            page.row("witnesses", format!("{} of {}", policy.threshold, policy.witnesses.len()));
        }
        page.heading("Not checked");
        page.point("who published this card: a card is believed for where it comes from");
    }
}
