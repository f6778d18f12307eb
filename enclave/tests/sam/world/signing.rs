//! Place: none. Authorizing and signing, as signer and SCA do it.

use super::*;

impl World {
    /// The signer authorizes `hashes` on a device that checked the evidence: sealed.
    pub fn authorize(&mut self, key: &Enrolled, hashes: Vec<Blob>) -> Result<Blob, Fault> {
        let sad = self.sad(&key.id, &key.spki, Purpose::Sign, hashes);
        self.authorize_sad(key, &sad)
    }

    pub fn authorize_sad(&mut self, key: &Enrolled, sad: &Sad) -> Result<Blob, Fault> {
        let evidence = self.sealed(sad, key.passkey.assert(&sad_digest(&sad.to_bytes())));
        let request = self.authorize_request(key, sad, evidence);
        self.authorize_call(request)
    }

    pub fn sealed(&mut self, sad: &Sad, assertion: Assertion) -> Blob {
        let octets = sad.to_bytes();
        let (instance, digest) = (self.machine.instance(), sad_digest(&octets));
        let inside = codec::encode(&AuthorizedSad { sad: octets.into(), assertion });
        let hpke = self.instance_keys().hpke;
        let sealed =
            seal_to(hpke.as_slice(), SEAL_INFO, &seal_aad(&instance, &digest), &inside, &mut self.rng)
                .unwrap();
        let HpkeSealed { encapsulated, ciphertext } = sealed;
        codec::encode(&AuthorizationEvidence::Sealed {
            instance,
            sad_digest: digest,
            encapsulated,
            ciphertext,
        })
        .into()
    }

    pub fn authorize_request(&self, key: &Enrolled, sad: &Sad, evidence: Blob) -> Authorize {
        Authorize {
            credential: key.id.clone(),
            evidence,
            hashes: Some(sad.hashes.clone()),
            hash_algorithm: Some(sad.hash_algorithm),
            count: sad.count,
            record: self.store.records[&key.id].clone(),
        }
    }

    pub fn authorize_call(&mut self, request: Authorize) -> Result<Blob, Fault> {
        match self.call(Command::Authorize(request))? {
            Answer::Activation { token, .. } => Ok(token),
            other => panic!("{other:?}"),
        }
    }

    pub fn sign_request_for(&self, key: &Enrolled, token: &Blob, hashes: Vec<Blob>) -> SignHash {
        SignHash {
            credential: key.id.clone(),
            token: token.clone(),
            hashes,
            hash_algorithm: Some(HashAlgorithm::Sha256),
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
            record: self.store.records[&key.id].clone(),
        }
    }

    pub fn sign(&mut self, key: &Enrolled, token: &Blob, hashes: Vec<Blob>) -> Result<Vec<Blob>, Fault> {
        let request = self.sign_request_for(key, token, hashes);
        match self.call(Command::SignHash(request))? {
            Answer::Signatures { signatures, .. } => Ok(signatures),
            other => panic!("{other:?}"),
        }
    }
}

/// Evidence of authorization in the clear.
pub fn evidence(sad: &Sad, answer: impl Fn(&Digest32) -> Assertion) -> Blob {
    let octets = sad.to_bytes();
    let assertion = answer(&sad_digest(&octets));
    codec::encode(&AuthorizationEvidence::Plain(AuthorizedSad { sad: octets.into(), assertion })).into()
}
