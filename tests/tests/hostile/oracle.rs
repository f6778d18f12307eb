//! Place: none. Who knows what was authorized: judges every answer of the enclave to a message that the host has altered.

use crate::signer::Enrolled;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::CredentialId;
use fuin_shared::key::PublicKey;
use fuin_shared::message::{Answer, Authorize, Command, SignHash};
use std::collections::BTreeMap;

/// What a signer has allowed.
#[derive(Debug, Clone)]
pub struct Permission {
    pub credential: CredentialId,
    /// Hashes that may still be signed.
    pub hashes: Vec<Blob>,
    /// Counts consents.
    pub since: usize,
}

/// Consents and tokens of honest signers.
#[derive(Default)]
pub struct Oracle {
    keys: BTreeMap<CredentialId, PublicKey>,
    /// By evidence of authorization: not yet turned into a token.
    consents: BTreeMap<Vec<u8>, Permission>,
    given: usize,
    /// By token.
    pub tokens: BTreeMap<Vec<u8>, Permission>,
    /// Signatures that came out.
    pub signed: u64,
}

impl Oracle {
    pub fn knows(&mut self, key: &Enrolled) {
        self.keys.insert(key.id.clone(), PublicKey::from_spki(&key.spki).unwrap());
    }

    pub fn consented(&mut self, request: &Authorize) {
        self.given += 1;
        let permission = Permission {
            credential: request.credential.clone(),
            hashes: request.hashes.clone().unwrap_or_default(),
            since: self.given,
        };
        self.consents.insert(request.evidence.0.clone(), permission);
    }

    /// Fails the test if `answer` gives what nobody authorized.
    pub fn judge(&mut self, command: &Command, answer: &Answer) {
        match (command, answer) {
            (_, Answer::Status(_) | Answer::Evidence(_) | Answer::Challenge(_) | Answer::RequestInfo(_)) => {}
            (Command::Authorize(request), Answer::Activation { token, .. }) => self.activated(request, token),
            (Command::SignHash(request), Answer::Signatures { signatures, .. }) => {
                self.made(request, signatures)
            }
            _ => panic!("an altered or repeated message was obeyed: {command:?} -> {answer:?}"),
        }
    }

    fn activated(&mut self, request: &Authorize, token: &Blob) {
        let permission = self.consents.remove(&request.evidence.0);
        let permission = permission
            .unwrap_or_else(|| panic!("a token for a consent that nobody gave, or used twice: {request:?}"));
        assert_eq!(permission.credential, request.credential, "a token for another credential");
        if let Some(hashes) = &request.hashes {
            let sorted = |list: &[Blob]| {
                let mut list: Vec<_> = list.iter().map(|b| b.0.clone()).collect();
                list.sort();
                list
            };
            assert_eq!(sorted(hashes), sorted(&permission.hashes), "a token for other hashes");
        }
        assert_eq!(request.count as usize, permission.hashes.len());
        self.tokens.insert(token.0.clone(), permission);
    }

    fn made(&mut self, request: &SignHash, signatures: &[Blob]) {
        let permission = self.tokens.get_mut(&request.token.0);
        let permission =
            permission.unwrap_or_else(|| panic!("signed under a token that nobody has: {request:?}"));
        assert_eq!(permission.credential, request.credential, "signed with another credential");
        assert_eq!(request.hashes.len(), signatures.len());
        assert!(!signatures.is_empty());
        for (hash, signature) in request.hashes.iter().zip(signatures) {
            let place = permission.hashes.iter().position(|allowed| allowed == hash);
            permission
                .hashes
                .remove(place.unwrap_or_else(|| panic!("signed without authorization: {hash:?}")));
            self.keys[&request.credential].verify_digest(hash.as_slice(), signature.as_slice()).unwrap();
            self.signed += 1;
        }
        if permission.hashes.is_empty() {
            self.tokens.remove(&request.token.0);
        }
    }
}
