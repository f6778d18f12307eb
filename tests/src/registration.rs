//! Place: none. An RA, a CA and a signer of a service that was founded by a ceremony, through the host's relay: `fuin dev`
//! has its own.

use crate::hostile::authority::Authority;
use crate::hostile::means::link_action;
use crate::hostile::people::Person;
use crate::hostile::signer::{SHA256, USER, generate_action, pop_action, sad_request};
use crate::hostile::world::{AUTHORITY, RELYING_PARTY};
use crate::place::Place;
use crate::signer::{now, random};
use base64ct::{Base64, Encoding};
use fuin_host::RunningHost;
use fuin_host::store::{CatalogueEntry, KeyStatus, Scal, SicClass};
use fuin_sca::card::ServiceCard;
use fuin_sca::passkey::PasskeyDirectory;
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, Digest32, StatementId};
use fuin_shared::message::{Answer, Command, GetChallenge, GetEvidence, KeyGenerated, Manage, SealedRecord};
use fuin_shared::sad::{MeansProfile, Purpose, sad_digest};
use fuin_shared::statement::{ManageAction, ManageStatement};
use fuin_sic::{Authenticator, Sic};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// Seconds by which the clocks of enclave and CA may differ.
const CLOCKS: usize = 90;
const RA: &str = "ra";
const ORIGIN: &str = "https://localhost";

/// RA and CA, whose public parts lie in the folder of a place.
pub struct Registration {
    ra: Person,
    authority: Authority,
}

impl Registration {
    /// New ones, in this place.
    #[must_use]
    pub fn new(place: &Place) -> Self {
        let (ra, authority) = (Person::new(RA), Authority::new(&place.path("")));
        let text = Base64::encode_string(ra.spki().0.as_slice());
        let lines: Vec<_> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
        std::fs::write(place.path("ra.pem"), pem).unwrap();
        Self { ra, authority }
    }

    /// What the service's description says of them.
    #[must_use]
    pub fn described() -> String {
        format!(
            r#"
[[ra_clients]]
id = "{RA}"
proof_key = "ra.pem"
authorities = ["{AUTHORITY}"]
relying_parties = [{{ id = "{RELYING_PARTY}", origins = ["{ORIGIN}"] }}]

[[authorities]]
id = "{AUTHORITY}"
anchors = ["ca.pem"]
"#
        )
    }

    /// Roots of the CA, for a validator.
    #[must_use]
    pub fn trust(place: &Place) -> Vec<PathBuf> {
        vec![place.path("ca.pem")]
    }

    /// A signer with a credential, from nothing; what `fuin sign` reads of it lies in the place's folder.
    #[must_use]
    pub fn enrol(&self, place: &Place) -> CredentialId {
        let card = ServiceCard::parse(&std::fs::read(place.path("service-card.json")).unwrap()).unwrap();
        let (host, runtime) = place.within();
        let mut enrolment = Enrolment {
            host,
            ra: &self.ra,
            sic: Sic::new(card.pins().unwrap()).unwrap(),
            passkeys: PasskeyDirectory::new(place.path("passkeys"), ORIGIN, false),
            card,
        };
        let password = hex::encode(random::<16>());
        runtime.block_on(async {
            host.accounts().put_user(USER, &password).await.unwrap();
            let key = enrolment.enrol(&self.authority).await;
            publish(place, &enrolment.card, host, &key, &password).await;
            key
        })
    }
}

/// `dev.json`, which tells `fuin sign` of a service.
async fn publish(place: &Place, card: &ServiceCard, host: &RunningHost, key: &CredentialId, password: &str) {
    let token = host.accounts().issue_service_token(USER, 600).await.unwrap();
    let told = json!({
        "csc": host.base_url(),
        "serviceToken": token.text(),
        "credentials": [{ "credentialID": key, "keyAlgo": "P-256", "means": "passkey" }],
        "trust": Registration::trust(place),
        "evidenceRoot": place.path("nsm/nsm-root.pem"),
        "attestation": format!("{}/attestation", host.base_url()),
        "service": card.service.to_string(),
        "serviceCard": place.path("service-card.json"),
        "release": place.path("release.json"),
        "enclave": "qemu",
        "passkeys": place.path("passkeys"),
        "deviceKeys": place.path("device-keys"),
        "pins": place.path("pins"),
        "origin": ORIGIN,
        "user": USER,
        "password": password,
        "ceremony": place.ceremony,
        "ledger": format!("{}/ledger", host.base_url()),
        "auditorToken": "",
    });
    std::fs::write(place.path("dev.json"), told.to_string()).unwrap();
}

struct Enrolment<'a> {
    host: &'a RunningHost,
    ra: &'a Person,
    sic: Sic,
    passkeys: PasskeyDirectory,
    card: ServiceCard,
}

impl Enrolment<'_> {
    async fn enrol(&mut self, authority: &Authority) -> CredentialId {
        let Answer::KeyGenerated(key) =
            self.manage(Command::GenerateKey, generate_action(), None, None).await
        else {
            panic!("generateKey");
        };
        let (evidence, registration) = self.consent(&key, Purpose::Link, &[]).await;
        let action = link_action(MeansProfile::Passkey, registration.unwrap());
        self.manage(Command::LinkEid, action, Some(&key.key), Some(evidence)).await;
        let Answer::RequestInfo(info) =
            self.manage(Command::AuthorizePop, pop_action(None), Some(&key.key), None).await
        else {
            panic!("authorize");
        };
        let hash = SHA256.digest(info.as_slice()).into();
        let (evidence, _) = self.consent(&key, Purpose::Pop, &[hash]).await;
        let Answer::Request { csr, .. } =
            self.manage(Command::AuthorizePop, pop_action(Some(info)), Some(&key.key), Some(evidence)).await
        else {
            panic!("authorize");
        };
        let chain: Vec<Blob> = vec![authority.issue(csr.as_slice()).into(), authority.root().into()];
        let action = ManageAction::LinkCert { certificates: chain.clone() };
        self.link_certificate(action, &key.key).await;
        let entry = CatalogueEntry {
            id: key.key.clone(),
            owner: USER.to_owned(),
            description: None,
            certificates: chain,
            key_algorithm: KeyAlgorithm::EcdsaP256,
            multisign: 10,
            scal: Scal::Two,
            means: MeansProfile::Passkey,
            sic: SicClass::Independent,
            status: KeyStatus::Enabled,
        };
        self.host.store().put_credential(entry).await.unwrap();
        key.key
    }

    /// The enclave's clock may be a little behind that of the CA here, whose certificates begin with the second in which
    /// they are made.
    async fn link_certificate(&self, action: ManageAction, key: &CredentialId) {
        for _ in 0..CLOCKS {
            let manage = self.statement(action.clone(), Some(key), None).await;
            match self.host.relay().call(Command::LinkCert(manage), PATIENCE).await {
                Err(Fault::CertificateExpired) => tokio::time::sleep(Duration::from_secs(1)).await,
                answer => {
                    answer.unwrap();
                    return;
                }
            }
        }
        panic!("the enclave's clock is more than {CLOCKS} s behind");
    }

    async fn call(&self, command: Command) -> Answer {
        self.host.relay().call(command, PATIENCE).await.unwrap()
    }

    async fn record(&self, key: &CredentialId) -> SealedRecord {
        self.host.store().record(key).await.unwrap().unwrap()
    }

    async fn manage(
        &self,
        command: impl Fn(Manage) -> Command,
        action: ManageAction,
        key: Option<&CredentialId>,
        evidence: Option<Blob>,
    ) -> Answer {
        self.call(command(self.statement(action, key, evidence).await)).await
    }

    async fn statement(
        &self,
        action: ManageAction,
        key: Option<&CredentialId>,
        evidence: Option<Blob>,
    ) -> Manage {
        let record = match key {
            Some(key) => Some(self.record(key).await),
            None => None,
        };
        let statement = ManageStatement {
            service: self.card.service,
            ledger: self.card.ledger.as_ref().unwrap().origin.clone(),
            action,
            key: record.as_ref().map(|record| record.id.clone()),
            version: record.as_ref().map(|record| record.version),
            statement: StatementId(random()),
            not_after: now() + 60,
        };
        Manage { proof: self.ra.prove(&statement), evidence, record, nonce: None }
    }

    /// The signer's part; a new passkey's registration is named besides.
    async fn consent(
        &mut self,
        key: &KeyGenerated,
        purpose: Purpose,
        hashes: &[Blob],
    ) -> (Blob, Option<Digest32>) {
        let nonce = random::<32>();
        let asked = GetEvidence { nonce: Some(Blob::from(&nonce[..])) };
        let Answer::Evidence(bundle) = self.call(Command::GetEvidence(asked)).await else {
            panic!("evidence");
        };
        let instance = self.sic.check_evidence(bundle.as_slice(), &nonce, now()).unwrap();
        let asked =
            GetChallenge { credential: key.key.clone(), purpose, record: self.record(&key.key).await };
        let Answer::Challenge(challenge) = self.call(Command::GetChallenge(asked)).await else {
            panic!("challenge");
        };
        let request = sad_request(&key.key, key.spki.as_slice(), purpose, hashes);
        let sad = instance.build_sad(&challenge, request).unwrap();
        let digest = sad_digest(&sad.to_bytes());
        let assertion = match &challenge.passkey {
            None => self.passkeys.register(RELYING_PARTY, USER, &digest),
            Some(hint) => self.passkeys.assert(&hint.relying_party, hint.credential_id.as_slice(), &digest),
        };
        let assertion = assertion.unwrap();
        let registration = assertion.registration();
        let sealed = instance.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap();
        (codec::encode(&sealed).into(), registration)
    }
}
