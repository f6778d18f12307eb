//! Place: none. Officers, RA clients, and a custodian who has gone bad, with real keys.

use crate::hostile::world::World;
use crate::signer::random;
use base64ct::{Base64UrlUnpadded, Encoding};
use ciborium::Value;
use ecdsa::signature::Signer;
use ecdsa::signature::hazmat::PrehashSigner;
use fuin_enclave::channel::seal_to;
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::evidence::{EvidenceBundle, EvidenceStatement};
use fuin_shared::ids::{Digest32, PersonId, RootCommitment};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::message::ProvideShare;
use fuin_shared::statement::{
    Body, HpkeSealed, ManageStatement, SHARE_TO_INSTANCE, ShareStatement, SignedStatement, share_aad,
};
use getrandom::SysRng;
use p256::ecdsa::{Signature, SigningKey};
use rand_core::UnwrapErr;
use sha2::{Digest, Sha256};

/// Somebody with a P-256 key.
pub struct Person {
    /// Name.
    pub id: PersonId,
    key: SigningKey,
}

impl Person {
    /// With a new key.
    #[must_use]
    pub fn new(name: &str) -> Self {
        // Too large a number is as likely as an earthquake here and now.
        Self { id: PersonId::new(name).unwrap(), key: SigningKey::from_slice(&random::<32>()).unwrap() }
    }

    /// The public key.
    #[must_use]
    pub fn spki(&self) -> Spki {
        Spki::from(&PublicKey::P256(*self.key.verifying_key()))
    }

    /// Signs octets.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Blob {
        let signature: Signature = self.key.sign(message);
        signature.to_der().as_bytes().to_vec().into()
    }

    /// A signed statement.
    pub fn state<B: Body>(&self, body: &B) -> Blob {
        let body = codec::encode(body);
        let signature = self.sign(&SignedStatement::message::<B>(&body));
        codec::encode(&SignedStatement { body: body.into(), signer: self.id.clone(), signature }).into()
    }

    /// A `manageProof`.
    #[must_use]
    pub fn prove(&self, statement: &ManageStatement) -> String {
        self.prove_as(&self.id, statement)
    }

    /// A `manageProof` under any name.
    #[must_use]
    pub fn prove_as(&self, name: &PersonId, statement: &ManageStatement) -> String {
        let header = format!(r#"{{"alg":"ES256","kid":"{name}"}}"#);
        let encode = |octets: &[u8]| Base64UrlUnpadded::encode_string(octets);
        let payload = serde_json::to_vec(statement).unwrap();
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(&payload));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", encode(&signature.to_bytes()))
    }
}

/// A custodian who has gone bad: the keys of the honest one, and any share.
pub struct Traitor {
    key: p384::ecdsa::SigningKey,
}

impl Traitor {
    /// Of this world's custodian.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let state: Value = ciborium::from_reader(&world.custodian.to_bytes()[..]).unwrap();
        let fields = state.as_map().unwrap();
        let (_, scalar) = fields.iter().find(|(name, _)| name.as_text() == Some("signing")).unwrap();
        Self { key: p384::ecdsa::SigningKey::from_slice(scalar.as_bytes().unwrap()).unwrap() }
    }

    /// This share, under this commitment, sealed to the present boot and properly signed.
    #[must_use]
    pub fn provide(&self, world: &World, share: &[u8], commitment: RootCommitment) -> ProvideShare {
        let (bundle, _) = world.evidence();
        let bundle: EvidenceBundle = codec::decode(&bundle).unwrap();
        let seen: EvidenceStatement = codec::decode(bundle.statement.as_slice()).unwrap();
        let aad = share_aad(&world.service, &commitment, world.custodian.id());
        let hpke = seen.instance.hpke.as_slice();
        let sealed: HpkeSealed =
            seal_to(hpke, SHARE_TO_INSTANCE, &aad, share, &mut UnwrapErr(SysRng)).unwrap();
        let sealed: Blob = codec::encode(&sealed).into();
        let body = codec::encode(&ShareStatement {
            service: world.service,
            instance: seen.instance.id(),
            manifest: seen.manifest,
            commitment,
            newest_checkpoint: world.custodian.newest_checkpoint().map(|s| s.note.clone()),
            sealed: Digest32(Sha256::digest(sealed.as_slice()).into()),
        });
        let digest = HashAlgorithm::Sha384.digest(&SignedStatement::message::<ShareStatement>(&body));
        let signature: p384::ecdsa::DerSignature = self.key.sign_prehash(&digest).unwrap();
        let statement = SignedStatement {
            body: body.into(),
            signer: world.custodian.id().clone(),
            signature: signature.as_bytes().to_vec().into(),
        };
        ProvideShare { statement: codec::encode(&statement).into(), sealed, other: None }
    }
}
