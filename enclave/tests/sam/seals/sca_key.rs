//! Place: SAM. SEAL-06: where the SCA's key lives, by evidence that the manifest asks for.

use super::super::details::auditor;
use super::super::issued_means::forge::card::{DAY, Plan, extension, key_usage};
use super::super::platform::Platform;
use super::super::world::{PCRS, START, World, measurement};
use super::*;
use fuin_shared::evidence::Pcr;
use fuin_shared::manifest::Manifest;
use fuin_shared::manifest::seals::{AttestedPrograms, SealPolicy};
use fuin_shared::seal::ScaEvidence;
use x509_cert::ext::pkix::certpolicy::{CertificatePolicies, PolicyInformation};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsages};

/// Keys in hardware alone, and nothing else.
fn hardware() -> SealPolicy {
    SealPolicy {
        required: true,
        anchors: vec![Plan::root(START).make()],
        policies: Vec::new(),
        attested: None,
    }
}

/// Keys of enclaves of this image alone.
fn programs() -> SealPolicy {
    let attested = AttestedPrograms { images: vec![measurement(PCRS)], document_seconds: 300 };
    SealPolicy { anchors: Vec::new(), attested: Some(attested), ..hardware() }
}

fn founded(change: impl FnOnce(&mut Manifest)) -> (World, Organization) {
    let mut world = World::new(31);
    world.found_by(change);
    world.install().unwrap();
    world.genesis().unwrap();
    let organization = world.organization();
    (world, organization)
}

fn asking(policy: SealPolicy) -> (World, Organization) {
    founded(|manifest| manifest.seals = Some(policy))
}

/// A certificate of the SCA's key by a maker's CA.
fn leaf(organization: &Organization) -> Plan {
    Plan { spki: Some(organization.sca.spki().0.0), ..Plan::card(START) }
}

fn chain(plans: &[Plan]) -> ScaEvidence {
    ScaEvidence::Certificates(plans.iter().map(Plan::make).collect())
}

fn good(organization: &Organization) -> ScaEvidence {
    chain(&[leaf(organization), Plan::middle(START)])
}

fn granted_with(
    world: &mut World,
    organization: &Organization,
    evidence: Option<ScaEvidence>,
) -> Result<MandateId, Fault> {
    let terms = world.terms(organization);
    world.grant_proven(organization, &terms, evidence)
}

#[test]
fn seal_06_a_key_in_hardware_is_taken_and_seals() {
    let (mut world, organization) = asking(hardware());
    let with_anchor = chain(&[leaf(&organization), Plan::middle(START), Plan::root(START)]);
    for evidence in [good(&organization), with_anchor] {
        let mandate = granted_with(&mut world, &organization, Some(evidence)).unwrap();
        world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    }
    // A maker that says nothing of the usage.
    let no_ca = extension("2.5.29.19", true, &BasicConstraints { ca: false, path_len_constraint: None });
    let silent = Plan { extensions: vec![no_ca], ..leaf(&organization) };
    granted_with(&mut world, &organization, Some(chain(&[silent, Plan::middle(START)]))).unwrap();
}

#[test]
fn seal_06_a_software_key_is_refused_where_the_manifest_asks_and_nothing_is_spent() {
    let (mut world, organization) = asking(hardware());
    let before = world.store.entries.len();
    assert_eq!(granted_with(&mut world, &organization, None), Err(Fault::ScaEvidenceMissing));
    assert_eq!(world.store.entries.len(), before);
    // The approvals that were refused with it are good still.
    let terms = world.terms(&organization);
    let hash = mandate_hash(terms.hash_algorithm, &terms.to_bytes());
    let approvals = world.approvals(&organization, &[0, 1], Purpose::Mandate, Some(&hash));
    let refused = world.grant_with(&organization, &terms, approvals.clone());
    assert_eq!(refused, Err(Fault::ScaEvidenceMissing));
    let evidence = Some(good(&organization));
    world.grant_request(&organization, &terms, approvals, evidence).unwrap();
}

#[test]
fn seal_06_a_manifest_that_does_not_ask_takes_software_keys_as_before() {
    let (mut world, organization) = asking(SealPolicy { required: false, ..hardware() });
    let mandate = granted_with(&mut world, &organization, None).unwrap();
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    granted_with(&mut world, &organization, Some(good(&organization))).unwrap();
    // What is given must hold all the same.
    let other = chain(&[Plan::card(START), Plan::middle(START)]);
    assert_eq!(granted_with(&mut world, &organization, Some(other)), Err(Fault::ScaEvidence));
}

#[test]
fn seal_06_a_manifest_without_the_section_judges_no_evidence() {
    let (mut world, organization) = ready();
    assert_eq!(world.current().0.seals, None);
    let evidence = Some(good(&organization));
    assert_eq!(granted_with(&mut world, &organization, evidence), Err(Fault::ScaEvidence));
    granted_with(&mut world, &organization, None).unwrap();
}

#[test]
fn seal_06_evidence_of_another_key_is_refused() {
    let (mut world, organization) = asking(hardware());
    let other = chain(&[Plan::card(START), Plan::middle(START)]);
    assert_eq!(granted_with(&mut world, &organization, Some(other)), Err(Fault::ScaEvidence));
    // The seal key's own, and that of the CA.
    let seal_key = Plan { spki: Some(organization.spki.clone()), ..Plan::card(START) };
    let evidence = chain(&[seal_key, Plan::middle(START)]);
    assert_eq!(granted_with(&mut world, &organization, Some(evidence)), Err(Fault::ScaEvidence));
    assert_eq!(
        granted_with(&mut world, &organization, Some(chain(&[Plan::middle(START)]))),
        Err(Fault::ScaEvidence)
    );
}

#[test]
fn seal_06_a_chain_to_a_stranger_is_refused() {
    let (mut world, organization) = asking(hardware());
    let mut refused = |plans: &[Plan]| {
        let evidence = Some(chain(plans));
        assert_eq!(granted_with(&mut world, &organization, evidence), Err(Fault::ScaEvidence));
    };
    let of_ours = || leaf(&organization);
    // Nobody in between; a stranger under the CA's name, and under the root's.
    refused(&[of_ours()]);
    refused(&[Plan { issuer_key: 66, ..of_ours() }, Plan::middle(START)]);
    refused(&[Plan { issuer_key: 66, ..of_ours() }, Plan { key: 66, issuer_key: 67, ..Plan::middle(START) }]);
    let stranger = Plan { key: 67, issuer_key: 67, ..Plan::root(START) };
    refused(&[
        Plan { issuer_key: 66, ..of_ours() },
        Plan { key: 66, issuer_key: 67, ..Plan::middle(START) },
        stranger,
    ]);
    // By itself.
    refused(&[Plan { issuer: "CN=Self", subject: "CN=Self", issuer_key: 44, ..of_ours() }]);
    // The CA of the service's certificates is no maker of hardware.
    let evidence = ScaEvidence::Certificates(vec![
        world.ca.certify(&organization.sca.spki().0.0, "CN=Sca", 7).into(),
        world.ca.root.clone().into(),
    ]);
    assert_eq!(granted_with(&mut world, &organization, Some(evidence)), Err(Fault::ScaEvidence));
}

#[test]
fn seal_06_a_certificate_that_has_expired_or_is_not_valid_yet_is_refused() {
    let (mut world, organization) = asking(hardware());
    let middle = || Plan::middle(START);
    for plans in [
        [Plan { to: START - 1, ..leaf(&organization) }, middle()],
        [Plan { from: START + DAY, ..leaf(&organization) }, middle()],
        [leaf(&organization), Plan { to: START - 1, ..middle() }],
    ] {
        let evidence = Some(chain(&plans));
        assert_eq!(granted_with(&mut world, &organization, evidence), Err(Fault::ScaEvidence));
    }
    // Once granted, the mandate's own window counts.
    let short = chain(&[Plan { to: START + 100, ..leaf(&organization) }, middle()]);
    let mandate = granted_with(&mut world, &organization, Some(short.clone())).unwrap();
    world.advance(200);
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    assert_eq!(granted_with(&mut world, &organization, Some(short)), Err(Fault::ScaEvidence));
}

#[test]
fn seal_06_a_certificate_that_attests_nothing_is_refused() {
    let (mut world, organization) = asking(hardware());
    let unknown = extension("1.2.3.4.5", true, &BasicConstraints { ca: false, path_len_constraint: None });
    let authority = extension("2.5.29.19", true, &BasicConstraints { ca: true, path_len_constraint: None });
    for extensions in [
        vec![key_usage(KeyUsages::KeyAgreement)],
        vec![key_usage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign)],
        vec![authority, key_usage(KeyUsages::DigitalSignature)],
        vec![key_usage(KeyUsages::DigitalSignature), unknown],
    ] {
        let evidence = chain(&[Plan { extensions, ..leaf(&organization) }, Plan::middle(START)]);
        assert_eq!(granted_with(&mut world, &organization, Some(evidence)), Err(Fault::ScaEvidence));
    }
    let (certificate, middle) = (leaf(&organization).make(), Plan::middle(START).make());
    let mut cut = certificate.clone();
    cut.0.pop();
    for certificates in [
        Vec::new(),
        vec![cut, middle.clone()],
        vec![certificate.clone(), middle.clone(), middle.clone()],
        vec![middle.clone(), certificate.clone()],
        [vec![certificate; 11], vec![middle]].concat(),
        vec![vec![0; 40_000].into()],
    ] {
        let evidence = Some(ScaEvidence::Certificates(certificates));
        assert_eq!(granted_with(&mut world, &organization, evidence), Err(Fault::ScaEvidence));
    }
}

#[test]
fn seal_06_where_the_manifest_names_policies_the_certificate_has_one() {
    let (mut world, organization) = asking(SealPolicy { policies: vec!["1.2.3.4".into()], ..hardware() });
    let under = |oid: &str| {
        let information =
            PolicyInformation { policy_identifier: oid.parse().unwrap(), policy_qualifiers: None };
        let policies = extension("2.5.29.32", false, &CertificatePolicies(vec![information]));
        let extensions = vec![key_usage(KeyUsages::DigitalSignature), policies];
        Some(chain(&[Plan { extensions, ..leaf(&organization) }, Plan::middle(START)]))
    };
    let none = Some(good(&organization));
    assert_eq!(granted_with(&mut world, &organization, none), Err(Fault::ScaEvidence));
    assert_eq!(granted_with(&mut world, &organization, under("1.2.3.5")), Err(Fault::ScaEvidence));
    granted_with(&mut world, &organization, under("1.2.3.4")).unwrap();
}

#[test]
fn seal_06_a_manifest_that_follows_asks_from_then_on() {
    let (mut world, organization, mandate) = granted();
    let change = world.approved(|manifest| manifest.seals = Some(hardware()));
    world.change(change).unwrap();
    assert_eq!(granted_with(&mut world, &organization, None), Err(Fault::ScaEvidenceMissing));
    granted_with(&mut world, &organization, Some(good(&organization))).unwrap();
    // What was granted before goes on to its end.
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
}

#[test]
fn seal_06_auditors_read_which_evidence_was_accepted() {
    let auditor = auditor();
    let mut world = World::audited(31, &[&auditor]);
    let change = world.approved(|manifest| {
        manifest.seals = Some(SealPolicy { required: false, ..hardware() });
    });
    world.change(change).unwrap();
    let organization = world.organization();
    granted_with(&mut world, &organization, None).unwrap();
    let evidence = good(&organization);
    granted_with(&mut world, &organization, Some(evidence.clone())).unwrap();
    let told: Vec<_> = world
        .opened(&auditor)
        .into_iter()
        .filter(|(event, _)| matches!(event.body, EventBody::MandateGranted { .. }))
        .map(|(_, detail)| detail.sca_evidence)
        .collect();
    assert_eq!(told, [None, Some(evidence.digest())]);
}

/// An enclave's document that names a key.
struct Program {
    platform: Platform,
    key: Vec<u8>,
    at: u64,
    pcrs: [Pcr; 3],
}

impl Program {
    fn document(mut self) -> Option<ScaEvidence> {
        self.platform.public_key = Some(self.key);
        let document = self.platform.document(self.at, &self.pcrs, &Pcr([0; 48]), &[], &[1]);
        Some(ScaEvidence::Document(document.into()))
    }
}

#[test]
fn seal_06_a_key_of_an_attested_program_is_taken_and_nothing_else_of_its_kind() {
    let root = Platform::new(START);
    let (mut world, organization) = founded(|manifest| {
        manifest.evidence_anchors = vec![root.root_der().into()];
        manifest.seals = Some(programs());
    });
    let program =
        || Program { platform: root.clone(), key: organization.sca.spki().0.0, at: START, pcrs: PCRS };
    let mut refused = |program: Program| {
        let evidence = program.document();
        assert_eq!(granted_with(&mut world, &organization, evidence), Err(Fault::ScaEvidence));
    };
    refused(Program { key: Person::new("other", 66).spki().0.0, ..program() });
    refused(Program { at: START - 301, ..program() });
    refused(Program { at: START + 61, ..program() });
    refused(Program { pcrs: [PCRS[0], PCRS[1], Pcr([9; 48])], ..program() });
    refused(Program { pcrs: [Pcr([0; 48]); 3], ..program() });
    refused(Program { platform: Platform::new(START), ..program() });
    // Neither hardware nor silence.
    let evidence = Some(good(&organization));
    assert_eq!(granted_with(&mut world, &organization, evidence), Err(Fault::ScaEvidence));
    assert_eq!(granted_with(&mut world, &organization, None), Err(Fault::ScaEvidenceMissing));
    let mandate = granted_with(&mut world, &organization, program().document()).unwrap();
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    let garbage = ScaEvidence::Document(vec![0x84; 100].into());
    assert_eq!(granted_with(&mut world, &organization, Some(garbage)), Err(Fault::ScaEvidence));
}

#[test]
fn seal_06_no_program_is_taken_where_the_manifest_lists_none() {
    let root = Platform::new(START);
    let (mut world, organization) = founded(|manifest| {
        manifest.evidence_anchors = vec![root.root_der().into()];
        manifest.seals = Some(hardware());
    });
    let program = Program { platform: root.clone(), key: organization.sca.spki().0.0, at: START, pcrs: PCRS };
    let evidence = program.document();
    assert_eq!(granted_with(&mut world, &organization, evidence), Err(Fault::ScaEvidence));
}

#[test]
fn seal_06_a_production_service_believes_no_platform_for_development() {
    let root = Platform::new(START);
    let mut world = World::with_witnesses(31, 3);
    world.found_by(|manifest| {
        manifest.development = false;
        manifest.evidence_anchors = vec![root.root_der().into()];
        manifest.seals = Some(programs());
    });
    world.install().unwrap();
    world.genesis().unwrap();
    let organization = world.organization();
    let program = Program { platform: root.clone(), key: organization.sca.spki().0.0, at: START, pcrs: PCRS };
    let evidence = program.document();
    assert_eq!(granted_with(&mut world, &organization, evidence), Err(Fault::ScaEvidence));
}
