//! Place: none. Two services run the same enclave program on the same platform. The second was provisioned by somebody else: own officers, own RA, own
//! custodian, true measurement, true root. Its evidence is authentic, and refused by everyone who pins the first service.

use fuin_attestation::{Refusal, Step};
use fuin_sca::card::ServiceCard;
use fuin_sca::csc::CscClient;
use fuin_sic::{Sic, SicError};
use fuin_tests::programs::{bounded, program, scratch};
use fuin_tests::service::{Facts, Mode, Service};
use fuin_tests::signer::{now, random};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

/// The same platform: the emulator's root is there before the service is founded.
fn copy_platform(from: &Path, to: &Path) {
    let target = to.join("nsm");
    std::fs::create_dir_all(&target).unwrap();
    for entry in std::fs::read_dir(from.join("nsm")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), target.join(entry.file_name())).unwrap();
        }
    }
}

fn card(facts: &Facts) -> Value {
    serde_json::from_slice(&std::fs::read(&facts.service_card).unwrap()).unwrap()
}

struct Evidence {
    folder: tempfile::TempDir,
    nonce: Vec<u8>,
    octets: Vec<u8>,
}

impl Evidence {
    async fn of(facts: &Facts) -> Self {
        let nonce = random::<32>().to_vec();
        let client = CscClient::new(&facts.csc).unwrap().with_token(&facts.service_token);
        let octets = client.evidence(&nonce, None).await.unwrap();
        let folder = scratch();
        std::fs::write(folder.path().join("evidence.cbor"), &octets).unwrap();
        Self { folder, nonce, octets }
    }

    /// `fuin-verify` with all that a careful relying party gives.
    fn verify(&self, root: Option<&Path>, pcrs: &[String], service: &str) -> Output {
        let mut command = bounded(program("fuin-verify"));
        command.arg(self.folder.path().join("evidence.cbor")).args(["--json", "--allow-development"]);
        command.args([
            "--min-release",
            "durable",
            "--nonce",
            &hex::encode(&self.nonce),
            "--service",
            service,
        ]);
        for pcr in pcrs {
            command.args(["--pcr", pcr]);
        }
        if let Some(root) = root {
            command.arg("--root").arg(root);
        }
        command.output().unwrap()
    }
}

fn report(output: &Output, status: i32) -> Value {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(status), "{report:#}");
    report
}

#[tokio::test]
async fn true_code_under_a_manifest_that_somebody_else_wrote_is_refused_for_its_service_id() {
    let ours = Service::fresh(&Mode::Process);
    let folder = scratch();
    copy_platform(ours.dir(), folder.path());
    let theirs = Service::start(&Mode::Process, folder.path());
    let (we, they) = (ours.facts(), theirs.facts());

    // What is the same, and what is not.
    let (our_card, their_card) = (card(we), card(they));
    assert_eq!(our_card["measurement"], their_card["measurement"]);
    assert_eq!(std::fs::read(&we.evidence_root).unwrap(), std::fs::read(&they.evidence_root).unwrap());
    assert_ne!(we.service, they.service);

    let root = Some(we.evidence_root.as_path());
    let pcrs: Vec<String> = (0..3)
        .map(|index| format!("{index}={}", our_card["measurement"][format!("pcr{index}")].as_str().unwrap()))
        .collect();
    let evidence = Evidence::of(they).await;

    // Root, chain, nonce, age and measurement are all true; only the service id tells.
    let accepted = report(&evidence.verify(root, &pcrs, &they.service), 0);
    assert_eq!(accepted["service"]["service_id"], they.service.as_str());
    let refused = report(&evidence.verify(root, &pcrs, &we.service), 1);
    assert_eq!((&refused["step"], &refused["step_name"]), (&28.into(), &"service".into()));
    assert_eq!(refused["claims"]["pcrs"]["0"], our_card["measurement"]["pcr0"]);

    // A document of the emulated platform is nothing under AWS's root.
    assert_eq!(report(&evidence.verify(None, &pcrs, &they.service), 1)["step"], 10);

    // The signer's device refuses before it authorizes anything.
    let pins = ServiceCard::parse(&std::fs::read(&we.service_card).unwrap()).unwrap().pins().unwrap();
    let sic = Sic::new(pins).unwrap();
    let step = |refusal: Refusal| refusal.step();
    match sic.check_evidence(&evidence.octets, &evidence.nonce, now()) {
        Err(SicError::Evidence(refusal)) => assert_eq!(step(refusal), Step::Service),
        Err(other) => panic!("refused, but for another reason: {other}"),
        Ok(_) => panic!("the device accepted somebody else's service"),
    }
    let own = Evidence::of(we).await;
    sic.check_evidence(&own.octets, &own.nonce, now()).unwrap();
}
