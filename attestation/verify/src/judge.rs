//! Place: none. From octets and options to an outcome.

use crate::args::{Args, When};
use crate::{input, release};
use anyhow::Context;
use fuin_attestation::appraise::{Check, Omission};
use fuin_attestation::{
    AnchorKind, Anchors, Appraisal, At, Claims, Expectations, Nonce, Policy, Profile, References, Refusal,
    Step, VerifiedEvidence, Window, appraise, verify, verify_bundle,
};
use fuin_shared::evidence::{MAX_BUNDLE, Purpose};
use fuin_shared::ids::ServiceId;
use fuin_shared::manifest::ReleaseMode;
use fuin_shared::phase::Phase;
use std::time::{SystemTime, UNIX_EPOCH};

/// The options, read and resolved.
pub struct Request {
    anchors: Anchors,
    at: At,
    nonce: Option<Vec<u8>>,
    profile: Profile,
    references: References,
    window: Option<Window>,
    service: Option<ServiceId>,
    minimum_release: Option<ReleaseMode>,
    allow_debug: bool,
    allow_development: bool,
    pub authentic_only: bool,
}

/// Which form the evidence has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An attestation document by itself.
    Document,
    /// A service's evidence bundle.
    Bundle,
}

/// What an authentic piece of evidence holds.
pub enum Subject {
    /// Claims of a document.
    Document(Box<Claims>),
    /// Verified evidence of a service.
    Service(Box<VerifiedEvidence>),
}

impl Subject {
    /// The document's claims.
    pub fn claims(&self) -> &Claims {
        match self {
            Self::Document(claims) => claims,
            Self::Service(evidence) => evidence.claims(),
        }
    }
}

/// The answer.
pub struct Outcome {
    pub form: Form,
    pub length: usize,
    pub authentic_only: bool,
    /// Present once the evidence proved authentic, even when it was refused later.
    pub subject: Option<Subject>,
    pub checked: Vec<Check>,
    pub not_checked: Vec<Omission>,
    pub warnings: Vec<String>,
    pub refusal: Option<Refusal>,
}

impl Outcome {
    pub fn accepted(&self) -> bool {
        self.refusal.is_none()
    }
}

impl Request {
    /// Resolves options: reads the files they name and, for `now`, the clock.
    pub fn new(args: &Args) -> anyhow::Result<Self> {
        let anchors = match &args.root {
            None => Anchors::production(),
            Some(path) => input::auxiliary(path)
                .and_then(|text| Ok(Anchors::named(&text)?))
                .with_context(|| format!("--root {}", path.display()))?,
        };
        let at = match args.at {
            When::At(at) => at,
            When::Now => {
                let now =
                    SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
                At::Unix(now.as_secs())
            }
        };
        let window = match args.max_age {
            Some(max_age) => Some(Window { max_age, ..Window::default() }),
            None if args.authentic_only => None,
            None => Some(Window::default()),
        };
        Ok(Self {
            anchors,
            at,
            nonce: args.nonce.as_ref().map(|nonce| nonce.0.clone()),
            profile: args.profile.into(),
            references: release::references(args)?,
            window,
            service: args.service,
            minimum_release: args.min_release.map(Into::into),
            allow_debug: args.allow_debug,
            allow_development: args.allow_development,
            authentic_only: args.authentic_only,
        })
    }

    fn nonce(&self) -> Nonce<'_> {
        self.nonce.as_deref().map_or(Nonce::NotIssued, Nonce::Expected)
    }

    /// What evidence must bring besides being authentic, unless the caller left it out knowingly.
    fn complete(&self) -> Result<(), Refusal> {
        if self.authentic_only {
            return Ok(());
        }
        if self.nonce.is_none() {
            return Err(Refusal::new(
                Step::Nonce,
                "no nonce was given: add --nonce HEX, or --authentic-only to leave it out",
            ));
        }
        if !self.references.identify_code() {
            return Err(Refusal::new(
                Step::Measurement,
                "no measurement was given: add --release FILE or --pcr 0=HEX, or --authentic-only to leave it out",
            ));
        }
        Ok(())
    }
}

/// Judges evidence; never fails, a refusal is an outcome.
pub fn judge(octets: &[u8], request: &Request) -> Outcome {
    // A bundle is a CBOR map; everything else is taken for a document, whose first steps say what is wrong with it.
    let form =
        if octets.first().is_some_and(|first| first >> 5 == 5) { Form::Bundle } else { Form::Document };
    let mut outcome = Outcome {
        form,
        length: octets.len(),
        authentic_only: request.authentic_only,
        subject: None,
        checked: Vec::new(),
        not_checked: Vec::new(),
        warnings: Vec::new(),
        refusal: None,
    };
    let result = match form {
        Form::Document => document(octets, request, &mut outcome),
        Form::Bundle => bundle(octets, request, &mut outcome),
    };
    match result.and_then(|appraisal| request.complete().map(|()| appraisal)) {
        Ok(appraisal) => outcome.record(&appraisal),
        Err(refusal) => outcome.refusal = Some(refusal),
    }
    outcome
}

fn document(octets: &[u8], request: &Request, outcome: &mut Outcome) -> Result<Appraisal, Refusal> {
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
    outcome.subject = Some(Subject::Document(Box::new(claims)));
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

fn bundle(octets: &[u8], request: &Request, outcome: &mut Outcome) -> Result<Appraisal, Refusal> {
    let window = request.window.unwrap_or(Window::UNBOUNDED);
    let evidence =
        verify_bundle(octets, &request.anchors, request.at, request.profile, request.nonce(), window)?;
    let judged = !request.authentic_only;
    let expectations = Expectations {
        service: request.service,
        references: request.references.clone(),
        purposes: judged.then(|| vec![Purpose::Service]),
        phases: judged.then(|| vec![Phase::Operational]),
        minimum_release: request.minimum_release,
        allow_development: request.allow_development
            || request.authentic_only
            || evidence.claims().anchor() == AnchorKind::Development,
        allow_debug: request.allow_debug,
        freshness: request.window,
        manifest_period: judged,
    };
    let appraisal = evidence.appraise(&expectations);
    outcome.subject = Some(Subject::Service(Box::new(evidence)));
    appraisal
}

impl Outcome {
    fn record(&mut self, appraisal: &Appraisal) {
        self.checked = appraisal.checked().to_vec();
        self.not_checked = appraisal.not_checked().to_vec();
        self.warnings = appraisal.warnings().to_vec();
    }
}
