//! Place: none. Tokens: what is signed under them, and what they stand for once they were extended.

use super::Oracle;
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::message::{ExtendTransaction, SignDocument, SignHash, ToBeSigned};
use fuin_shared::sad::HashType;

impl Oracle {
    /// The new token stands for what was left of the former, and for nothing else.
    pub(super) fn extended(
        &mut self,
        request: &ExtendTransaction,
        token: &Blob,
        index: u64,
    ) -> Result<(), String> {
        let place = self.tokens.iter().position(|(former, _)| former == &request.token);
        let (_, permission) = place
            .map(|place| self.tokens.remove(place))
            .ok_or("extended a token that nobody has, or that is used up")?;
        if permission.credential != request.credential {
            return Err("extended for another credential".to_owned());
        }
        self.tokens.push((token.clone(), permission));
        self.extended.insert(request.token.clone(), (token.clone(), index));
        Ok(())
    }

    /// The place of a token under which was signed with the event of this index. Answers come in an order of their own: what
    /// was signed before the token was extended takes from what the new one stands for.
    fn place(&self, token: &Blob, index: u64) -> Result<usize, String> {
        let mut token = token;
        while let Some((next, _)) = self.extended.get(token).filter(|(_, extended)| index < *extended) {
            token = next;
        }
        let place = self.tokens.iter().position(|(known, _)| known == token);
        place.ok_or_else(|| "signed under a token that nobody has, or that is used up".to_owned())
    }

    pub(super) fn made(&mut self, request: &SignHash, signatures: &[Blob], index: u64) -> Result<(), String> {
        if signatures.is_empty() || request.hashes.len() != signatures.len() {
            return Err("not one signature for each hash".to_owned());
        }
        let place = self.place(&request.token, index)?;
        let (_, permission) = &mut self.tokens[place];
        if permission.credential != request.credential || permission.hash_type != HashType::Dtbs {
            return Err("signed with another credential, or a hash for a document".to_owned());
        }
        let key = self.keys.get(&request.credential).ok_or("signed with a key that nobody knows")?;
        for (hash, signature) in request.hashes.iter().zip(signatures) {
            key.verify_digest(hash.as_slice(), signature.as_slice())
                .map_err(|_| "a signature of something else than the hash asked for")?;
            let allowed = permission.hashes.iter().position(|allowed| allowed == hash);
            permission
                .hashes
                .remove(allowed.ok_or("a hash was signed that was not authorized, or too often")?);
            permission.tally(&mut self.signed, &mut self.signed_scal1);
        }
        if permission.hashes.is_empty() {
            self.tokens.remove(place);
        }
        Ok(())
    }

    /// Each signature is over what was sent, which holds the digest of a document that may still be signed.
    pub(super) fn made_for_documents(
        &mut self,
        request: &SignDocument,
        signatures: &[Blob],
        index: u64,
    ) -> Result<(), String> {
        if signatures.is_empty() || request.to_be_signed.len() != signatures.len() {
            return Err("not one signature for each document".to_owned());
        }
        let place = self.place(&request.token, index)?;
        let (_, permission) = &mut self.tokens[place];
        if permission.credential != request.credential || permission.hash_type != HashType::Document {
            return Err("signed with another credential, or a document for a hash".to_owned());
        }
        let key = self.keys.get(&request.credential).ok_or("signed with a key that nobody knows")?;
        for (to_be_signed, signature) in request.to_be_signed.iter().zip(signatures) {
            // Honest signers of the suite authorize no document in a JWS.
            let ToBeSigned::Cms(octets) = to_be_signed else {
                return Err("a JWS was signed, which nobody asked for".to_owned());
            };
            let digest = HashAlgorithm::Sha256.digest(octets.as_slice());
            key.verify_digest(&digest, signature.as_slice())
                .map_err(|_| "a signature of something else than what was sent")?;
            let carried = |hash: &Blob| octets.0.windows(hash.0.len().max(1)).any(|window| window == hash.0);
            let allowed = permission.hashes.iter().position(carried);
            permission
                .hashes
                .remove(allowed.ok_or("a document was signed that was not authorized, or too often")?);
            permission.tally(&mut self.signed, &mut self.signed_scal1);
        }
        if permission.hashes.is_empty() {
            self.tokens.remove(place);
        }
        Ok(())
    }
}
