//! Place: none. An enclave's evidence for tests: its own development root, chain, document, statement and manifest, signed
//! as the real ones are. It holds the keys named in the evidence, so that tests can open what is sealed to it.

mod document;

use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::codec;
use fuin_shared::evidence::{
    EvidenceBundle, EvidenceStatement, InstanceKeys, LedgerEpoch, LedgerIdentity, Pcr, Purpose, RootProvider,
    STATEMENT_VERSION,
};
use fuin_shared::ids::{PersonId, RootCommitment, ServiceId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::log::note::NoteSigner;
use fuin_shared::manifest::{
    AlgorithmPolicy, Custodian, Limits, Manifest, Measurement, Officer, OfficerSignature, ReleaseMode,
    SignedManifest, service_id,
};
use fuin_shared::phase::Phase;
use fuin_shared::rotation::RootRotation;
use fuin_shared::share::{RootOpening, Share, root_digest, share_digest};
use fuin_shared::statement::HpkeSealed;
use hpke::kem::DhP384HkdfSha384 as Kem;
use hpke::{Deserializable, Kem as _, OpModeR, Serializable};
use p384::ecdsa::signature::hazmat::PrehashSigner;
use p384::ecdsa::{DerSignature, SigningKey};
use p384::elliptic_curve::Generate;
use rand_core::UnwrapErr;
use zeroize::Zeroizing;

/// The time of every test, Unix seconds.
pub const NOW: u64 = 1_800_000_000;
pub const PCRS: [Pcr; 3] = [Pcr([1; 48]), Pcr([2; 48]), Pcr([3; 48])];

pub fn rng() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

/// One boot of an enclave of one service.
pub struct TestEnclave {
    platform: document::Platform,
    signing: SigningKey,
    opening: <Kem as hpke::Kem>::PrivateKey,
    manifest: SignedManifest,
    service: ServiceId,
    pub commitment: RootCommitment,
    /// Octets of the custodian's share.
    pub share: Vec<u8>,
    pub ledger: NoteSigner,
    /// Of the ledger, after the first.
    pub epoch: Option<LedgerEpoch>,
    /// Of the root key, while it is under way.
    pub rotation: Option<RootRotation>,
}

impl TestEnclave {
    /// A service of its own that names this custodian.
    pub fn of(custodian: Custodian) -> Self {
        let platform = document::Platform::new(NOW);
        let officer = SigningKey::generate();
        let manifest = manifest(&platform, &officer, custodian);
        let manifest = codec::encode(&manifest);
        let digest = HashAlgorithm::Sha384.digest(&SignedManifest::message(&manifest));
        let signature: DerSignature = officer.sign_prehash(&digest).unwrap();
        let signature = signature.as_bytes().to_vec().into();
        let signatures = vec![OfficerSignature { officer: PersonId::new("officer").unwrap(), signature }];
        let manifest = SignedManifest { manifest: manifest.into(), signatures };
        let service = service_id(manifest.manifest.as_slice());
        let ledger = NoteSigner::from_seed("test.invalid/ledger", &[9; 32]).unwrap();
        let (opening, _) = Kem::gen_keypair_with_rng(&mut rng());
        let signing = SigningKey::generate();
        let (commitment, share) = (RootCommitment([0; 32]), Vec::new());
        let (epoch, rotation) = (None, None);
        let mut enclave = Self {
            platform,
            signing,
            opening,
            manifest,
            service,
            commitment,
            share,
            ledger,
            epoch,
            rotation,
        };
        enclave.make_root(5, 1);
        enclave
    }

    /// Another manifest: of this version, which ends then.
    #[allow(dead_code, reason = "this module serves the tests of signers' devices too")]
    pub fn change_manifest(&mut self, version: u64, not_after: u64) {
        let mut next = self.manifest.parse().unwrap();
        (next.version, next.not_after) = (version, not_after);
        self.manifest = SignedManifest { manifest: codec::encode(&next).into(), signatures: Vec::new() };
    }

    /// A manifest of this version that names these custodians.
    #[allow(dead_code, reason = "this module serves the tests of signers' devices too")]
    pub fn change_custodians(&mut self, version: u64, custodians: Vec<Custodian>) {
        let mut next = self.manifest.parse().unwrap();
        (next.version, next.custodians) = (version, custodians);
        self.manifest = SignedManifest { manifest: codec::encode(&next).into(), signatures: Vec::new() };
    }

    /// A root key, with one share under this threshold.
    pub fn make_root(&mut self, octet: u8, threshold: u8) {
        let service = self.service();
        let shares = vec![share_digest(&service, 1, &[octet; 32])];
        let opening = RootOpening { threshold, root: root_digest(&service, &[octet; 32]), shares };
        self.commitment = opening.commitment(&service);
        self.share = Share::new(1, Zeroizing::new([octet; 32]), opening).to_octets().to_vec();
    }

    /// The same service after a restart.
    pub fn restart(&mut self) {
        self.signing = SigningKey::generate();
        self.opening = Kem::gen_keypair_with_rng(&mut rng()).0;
    }

    pub fn service(&self) -> ServiceId {
        self.service
    }

    pub fn root_der(&self) -> &[u8] {
        self.platform.root_der()
    }

    pub fn keys(&self) -> InstanceKeys {
        InstanceKeys {
            hpke: Kem::sk_to_pk(&self.opening).to_bytes().to_vec().into(),
            signing: Spki::from(&PublicKey::P384(*self.signing.verifying_key())),
        }
    }

    pub fn ledger_identity(&self) -> LedgerIdentity {
        let key = self.ledger.verifier();
        LedgerIdentity { origin: key.name().to_owned(), vkey: key.to_string() }
    }

    /// Evidence in this phase. While `purpose` is genesis, and once operational, it names the root commitment.
    pub fn bundle(&self, phase: Phase, purpose: Purpose, nonce: &[u8]) -> Vec<u8> {
        let operational = phase == Phase::Operational;
        let root = operational || purpose == Purpose::Genesis;
        let statement = EvidenceStatement {
            version: STATEMENT_VERSION,
            purpose,
            service: self.service(),
            phase,
            instance: self.keys(),
            manifest: self.manifest.hash(),
            ledger: operational.then(|| self.ledger_identity()),
            root_commitment: root.then_some(self.commitment),
            root_provider: root.then_some(RootProvider::Custodians),
            release: Some(ReleaseMode::Durable),
            witness_policy: None,
            epoch: self.epoch.clone(),
            rotation: self.rotation,
        };
        let service = Pcr::extended_once(self.service().as_ref());
        codec::encode(&EvidenceBundle {
            document: self
                .platform
                .document(NOW, &PCRS, &service, statement.user_data().as_ref(), nonce)
                .into(),
            statement: codec::encode(&statement).into(),
            manifest: codec::encode(&self.manifest).into(),
            freshness: None,
        })
    }

    /// Opens what was sealed to this boot.
    pub fn open(&self, sealed: &HpkeSealed, info: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let encapsulated =
            <Kem as hpke::Kem>::EncappedKey::from_bytes(sealed.encapsulated.as_slice()).ok()?;
        hpke::single_shot_open::<hpke::aead::AesGcm256, hpke::kdf::HkdfSha384, Kem>(
            &OpModeR::Base,
            &self.opening,
            &encapsulated,
            info,
            sealed.ciphertext.as_slice(),
            aad,
        )
        .ok()
    }
}

fn manifest(platform: &document::Platform, officer: &SigningKey, custodian: Custodian) -> Manifest {
    let [pcr0, pcr1, pcr2] = PCRS;
    Manifest {
        version: 1,
        name: "test".into(),
        development: true,
        not_after: NOW + 1_000_000,
        evidence_anchors: vec![platform.root_der().into()],
        measurements: vec![Measurement { pcr0, pcr1, pcr2 }],
        officers: vec![Officer {
            id: PersonId::new("officer").unwrap(),
            key: Spki::from(&PublicKey::P384(*officer.verifying_key())),
        }],
        officer_quorum: 1,
        custodians: vec![custodian],
        share_threshold: 1,
        ra_clients: Vec::new(),
        authorities: Vec::new(),
        release: ReleaseMode::Durable,
        algorithms: Vec::<AlgorithmPolicy>::new(),
        limits: Limits::default(),
        ledger_prefix: "test.invalid".into(),
        witnesses: None,
        means: None,
        operators: Vec::new(),
        auditors: Vec::new(),
        seals: None,
    }
}
