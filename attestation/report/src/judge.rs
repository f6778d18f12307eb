//! Place: none. From octets and a request to a report.

use crate::options::Kind;
use crate::page;
use crate::request::Request;
use crate::requirements;
use fuin_attestation::appraise::{Check, Omission};
use fuin_attestation::{
    Appraisal, Claims, Expectations, Policy, Refusal, Step, VerifiedEvidence, VerifiedKey, Window, appraise,
    verify, verify_bundle, verify_key,
};
use fuin_shared::evidence::{MAX_BUNDLE, Purpose};
use fuin_shared::manifest::ReleaseMode;
use fuin_shared::phase::Phase;

/// Which form the evidence has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An attestation document by itself.
    Document,
    /// A service's evidence bundle.
    Bundle,
    /// A key attestation.
    Key,
}

/// What an authentic piece of evidence holds.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Claims of a document.
    Document(Box<Claims>),
    /// Verified evidence of a service.
    Service(Box<VerifiedEvidence>),
    /// A verified statement of a signer's key.
    Key(Box<VerifiedKey>),
}

impl Subject {
    /// The document's claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        match self {
            Self::Document(claims) => claims,
            Self::Service(evidence) => evidence.claims(),
            Self::Key(key) => key.evidence().claims(),
        }
    }

    /// The service's evidence, when there is one.
    #[must_use]
    pub fn evidence(&self) -> Option<&VerifiedEvidence> {
        match self {
            Self::Document(_) => None,
            Self::Service(evidence) => Some(evidence),
            Self::Key(key) => Some(key.evidence()),
        }
    }

    /// The statement of a key, when it is one.
    #[must_use]
    pub fn key(&self) -> Option<&VerifiedKey> {
        match self {
            Self::Key(key) => Some(key),
            _ => None,
        }
    }
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the octets were taken for.
    pub form: Form,
    /// Octets of the evidence.
    pub length: usize,
    /// Whether only authenticity was asked for.
    pub authentic_only: bool,
    /// Whether the reference values name the code, and all of them were met.
    pub identifies_code: bool,
    /// The caller's nonce, when the evidence answered it.
    pub answered: Option<Vec<u8>>,
    /// Present once the evidence proved authentic, even when it was refused later.
    pub subject: Option<Subject>,
    /// What was checked besides steps 1 to 17.
    pub checked: Vec<Check>,
    /// What nobody looked at.
    pub not_checked: Vec<Omission>,
    /// What a person should know although it refuses nothing.
    pub warnings: Vec<String>,
    /// The step that refused, if one did.
    pub refusal: Option<Refusal>,
}

impl Report {
    /// Whether nothing refused.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.refusal.is_none()
    }

    /// One JSON object of schema `fuin-verify/1`, ended by a line feed.
    #[must_use]
    pub fn json(&self) -> String {
        page::json(self)
    }

    /// The same object as a value.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        page::value(self)
    }

    /// Claims of an attestation result in the shape of draft EAR, issued at this Unix second; unsigned.
    #[must_use]
    pub fn ear(&self, issued_at: u64) -> String {
        page::ear(self, issued_at)
    }

    /// The report a person reads; its last line is the verdict.
    #[must_use]
    pub fn text(&self) -> String {
        page::human(self)
    }

    fn record(&mut self, appraisal: &Appraisal) {
        self.checked = appraisal.checked().to_vec();
        self.not_checked = appraisal.not_checked().to_vec();
        self.warnings = appraisal.warnings().to_vec();
    }
}

/// Judges evidence; never fails: a refusal is a report, too.
#[must_use]
pub fn judge(octets: &[u8], request: &Request) -> Report {
    let form = match request.kind {
        Kind::Key => Form::Key,
        // A bundle is a CBOR map; everything else is taken for a document, whose first steps say what is wrong with it.
        Kind::Evidence if octets.first().is_some_and(|first| first >> 5 == 5) => Form::Bundle,
        Kind::Evidence => Form::Document,
    };
    let mut report = Report {
        form,
        length: octets.len(),
        authentic_only: request.authentic_only,
        identifies_code: false,
        answered: None,
        subject: None,
        checked: Vec::new(),
        not_checked: Vec::new(),
        warnings: Vec::new(),
        refusal: None,
    };
    let result = match form {
        Form::Document => document(octets, request, &mut report),
        Form::Bundle => bundle(octets, request, &mut report),
        Form::Key => key(octets, request, &mut report),
    };
    match result.and_then(|appraisal| requirements::complete(request, form).map(|()| appraisal)) {
        Ok(appraisal) => {
            report.identifies_code = request.references.identify_code();
            report.answered = request.nonce.clone();
            report.record(&appraisal);
        }
        Err(refusal) => {
            let authentic = report.subject.is_some();
            report.refusal = Some(requirements::with_remedy(refusal, request, authentic));
        }
    }
    report
}

fn document(octets: &[u8], request: &Request, report: &mut Report) -> Result<Appraisal, Refusal> {
    if octets.len() > MAX_BUNDLE {
        return Err(Refusal::new(Step::Length, format!("more than {MAX_BUNDLE} octets")));
    }
    let claims = verify(octets, &request.anchors, request.at, request.profile)?;
    let policy = Policy {
        nonce: request.nonce(),
        freshness: request.window,
        references: request.references.clone(),
        allow_debug: request.allow_debug,
        user_data: None,
        public_key: None,
    };
    let appraisal = appraise(&claims, &policy);
    report.subject = Some(Subject::Document(Box::new(claims)));
    let appraisal = appraisal?;
    if request.service.is_some() {
        return Err(Refusal::new(
            Step::Service,
            "a document by itself names no service: verify the service's evidence bundle",
        ));
    }
    if request.minimum_release.is_some() {
        return Err(Refusal::new(
            Step::Release,
            "a document by itself names no release mode: verify the service's evidence bundle",
        ));
    }
    Ok(appraisal)
}

fn bundle(octets: &[u8], request: &Request, report: &mut Report) -> Result<Appraisal, Refusal> {
    let window = request.window.unwrap_or(Window::UNBOUNDED);
    let evidence =
        verify_bundle(octets, &request.anchors, request.at, request.profile, request.nonce(), window)?;
    let appraisal = evidence.appraise(&expectations(request));
    report.subject = Some(Subject::Service(Box::new(evidence)));
    appraisal
}

fn key(octets: &[u8], request: &Request, report: &mut Report) -> Result<Appraisal, Refusal> {
    let window = request.window.unwrap_or(Window::UNBOUNDED);
    let key = verify_key(octets, &request.anchors, request.at, request.profile, request.nonce(), window)?;
    let appraisal = key.appraise(&expectations(request), request.spki.as_ref());
    report.subject = Some(Subject::Key(Box::new(key)));
    appraisal
}

fn expectations(request: &Request) -> Expectations {
    let judged = !request.authentic_only;
    Expectations {
        service: request.service,
        references: request.references.clone(),
        purposes: judged.then(|| vec![Purpose::Service]),
        phases: judged.then(|| vec![Phase::Operational]),
        minimum_release: request.minimum_release.or(judged.then_some(ReleaseMode::Cosigned)),
        allow_development: request.allow_development || request.authentic_only,
        allow_debug: request.allow_debug,
        freshness: request.window,
        manifest_period: judged,
    }
}
