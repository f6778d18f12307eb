//! Place: none. Who knows what was authorized: keeps what honest signers and RA clients said, and judges every answer of the enclave.
//!
//! A signature is verified under the credential's public key against the hash it was asked for. It must have been authorized by a
//! consent of this boot, and no more often than that consent says. What a consent or a proof allows besides (a token, a link, a
//! request, a deletion) is judged alike. In a cosigned service the host asks the witnesses at every result whether its event had a quorum
//! when it came out. What was signed on the word of a means of SCAL 1 (a PIN, an account at a provider) is counted apart, and so
//! are seals. Tokens, mandates, root keys and guesses at PINs have a file each.

mod guesses;
mod mandates;
mod roots;
mod said;
mod tokens;

pub use guesses::Guesses;
pub use mandates::Mandates;
pub use roots::Roots;
pub(super) use said::receipt;

use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{CredentialId, Digest32};
use fuin_shared::key::PublicKey;
use fuin_shared::manifest::ManifestChange;
use fuin_shared::message::{
    Answer, Authorize, Command, EndMandate, EndedBy, GrantMandate, KeyGenerated, Manage, Receipt, SignHash,
};
use fuin_shared::sad::{AuthorizationEvidence, HashType, MeansProfile, Purpose, Sad, sad_digest};
use fuin_shared::seal::{ApproverEvidence, end_hash};
use fuin_shared::statement::{ManageAction, ManageStatement};
use said::{event, payload, stated};
use std::collections::{BTreeMap, BTreeSet};

/// DER of the AlgorithmIdentifier ecdsa-with-SHA256.
const ECDSA_SHA256: [u8; 12] = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

/// What a signer has allowed.
#[derive(Debug, Clone)]
pub struct Permission {
    /// With which key.
    pub credential: CredentialId,
    /// What for.
    pub purpose: Purpose,
    /// What the hashes are of.
    pub hash_type: HashType,
    /// Hashes that may still be signed.
    pub hashes: Vec<Blob>,
    /// On the word of a means of this level.
    pub scal: u8,
    /// Number of the approver of a seal key who said it.
    approver: Option<u32>,
}

impl Permission {
    /// It must be about this credential.
    fn about(&self, credential: &CredentialId) -> Result<(), String> {
        if self.credential == *credential {
            Ok(())
        } else {
            Err("on a consent about another credential".to_owned())
        }
    }

    /// Counts a signature by its level.
    fn tally(&self, scal2: &mut u64, scal1: &mut u64) {
        *(if self.scal == 2 { scal2 } else { scal1 }) += 1;
    }
}

/// What honest people said, and what came of it.
#[derive(Default)]
pub struct Oracle {
    keys: BTreeMap<CredentialId, PublicKey>,
    /// By SAD digest: not used yet.
    consents: BTreeMap<Digest32, Permission>,
    /// Payloads of proofs that RA clients signed; whether each was obeyed.
    proofs: BTreeMap<String, bool>,
    /// Manifests that the officers' quorum approved.
    pub manifests: Vec<Blob>,
    /// What approvers granted, and what was sealed under it.
    pub mandates: Mandates,
    /// What was said of root keys.
    pub roots: Roots,
    /// What was tried on PINs.
    pub guesses: Guesses,
    /// Evidence of enclaves to which the host may have the root key handed.
    heirs: BTreeSet<Blob>,
    /// Statements with which it was handed over, and that nobody has taken yet.
    handed: BTreeSet<Blob>,
    /// Tokens and what is left of each, in the order of their coming.
    pub tokens: Vec<(Blob, Permission)>,
    /// Tokens that another one took the place of: that one, and the index of the event.
    extended: BTreeMap<Blob, (Blob, u64)>,
    /// Receipts, by their index in the ledger.
    pub acknowledged: BTreeMap<u64, Blob>,
    /// Signatures that came out, on the word of means of SCAL 2.
    pub signed: u64,
    /// The same of SCAL 1.
    pub signed_scal1: u64,
    /// Seals that came out.
    pub seals: u64,
    /// Signatures, tokens and changes that nobody authorized.
    pub unauthorized: Vec<String>,
    /// Events that were acknowledged and are gone.
    pub lost: Vec<String>,
}

impl Oracle {
    /// A key that the RA saw made.
    pub fn knows(&mut self, id: &CredentialId, spki: &[u8]) {
        self.keys.insert(id.clone(), PublicKey::from_spki(spki).unwrap());
    }

    /// A signer authorized this.
    pub fn consented(&mut self, sad: &Sad) {
        if sad.means == MeansProfile::PinTotp {
            self.guesses.said(&sad.credential);
        }
        self.permitted(sad, None);
    }

    /// An approver of a seal key, of this number, said this.
    pub fn approved(&mut self, sad: &Sad, approver: u32) {
        if let (Purpose::Mandate, [hash]) = (sad.purpose, &sad.hashes[..]) {
            self.mandates.signed(hash, approver);
        }
        self.permitted(sad, Some(approver));
    }

    fn permitted(&mut self, sad: &Sad, approver: Option<u32>) {
        let permission = Permission {
            credential: sad.credential.clone(),
            purpose: sad.purpose,
            hash_type: sad.hash_type,
            hashes: sad.hashes.clone(),
            scal: sad.means.scal(),
            approver,
        };
        self.consents.insert(sad_digest(&sad.to_bytes()), permission);
    }

    /// An RA client signed this proof.
    pub fn proved(&mut self, proof: &str) {
        if let Some(ManageStatement { action: ManageAction::Unlock {}, key: Some(key), .. }) = stated(proof) {
            self.guesses.unlocked(&key);
        }
        self.proofs.insert(payload(proof), false);
    }

    /// The enclave with this evidence is one of the service's: the root key may be handed to it.
    pub fn may_inherit(&mut self, evidence: Blob) {
        self.heirs.insert(evidence);
    }

    /// A new boot: no consent and no token of an earlier one may serve any more.
    pub fn rebooted(&mut self) {
        self.consents.clear();
        self.tokens.clear();
        self.extended.clear();
        self.roots.rebooted();
    }

    /// Judges what `command` got. Without a command: an answer that came to nothing that was asked.
    pub fn judge(&mut self, command: Option<&Command>, answer: &Answer) {
        let judged = match (command, answer) {
            (_, Answer::Status(_) | Answer::Evidence(_) | Answer::Challenge(_) | Answer::RequestInfo(_)) => {
                Ok(())
            }
            (Some(Command::AttestKey(_)), Answer::KeyAttested(_)) => Ok(()),
            (Some(Command::InstallManifest(_)), Answer::ManifestInstalled { .. }) => Ok(()),
            (Some(Command::Genesis(_)), Answer::GenesisShares(_)) => Ok(()),
            (Some(Command::ConfirmGenesis(_) | Command::ProvideShare(_)), Answer::Operational { .. }) => {
                Ok(())
            }
            (Some(Command::Authorize(request)), Answer::Activation { token, .. }) => {
                self.activated(request, token)
            }
            (Some(Command::SignHash(request)), Answer::Signatures { signatures, receipt }) => {
                self.made(request, signatures, receipt.index)
            }
            (Some(Command::SignDocument(request)), Answer::Signatures { signatures, receipt }) => {
                self.made_for_documents(request, signatures, receipt.index)
            }
            // The suite's CA revokes nothing.
            (Some(Command::ReportRevocation(_)), Answer::Deleted(_)) => {
                Err("destroyed a key whose certificate nobody revoked".to_owned())
            }
            (Some(Command::ExtendTransaction(request)), Answer::Activation { token, receipt, .. }) => {
                self.extended(request, token, receipt.index)
            }
            (Some(Command::Suspend(request)), Answer::CredentialStatus(_)) => {
                let said = self.consent(Some(&request.evidence), Purpose::Suspend);
                said.and_then(|said| said.about(&request.credential))
            }
            (Some(Command::Hold(m)), Answer::CredentialStatus(_)) => {
                let suspends = stated(&m.proof).is_some_and(|s| s.action == ManageAction::Suspend {});
                let obeyed = self.managed(m, None).map(drop);
                if suspends { obeyed } else { Err("suspended on a proof of something else".to_owned()) }
            }
            // The suite's officers order nothing.
            (Some(Command::Order(_)), Answer::CredentialStatus(_) | Answer::Restored(_)) => {
                Err("on an officer's order that nobody gave".to_owned())
            }
            (Some(Command::CredentialStatus(_)), Answer::CredentialStatus(_)) => Ok(()),
            (_, Answer::CeremonyStatus(_) | Answer::RevocationTaken | Answer::MandateStatus(_)) => Ok(()),
            (Some(Command::Relink(r)), Answer::Linked(_)) => {
                self.managed(&r.manage, Some(Purpose::Relink)).map(drop)
            }
            (Some(Command::Hold(m)), Answer::Restored(_)) => {
                // An RA client unlocks without the signer.
                let unlocks = stated(&m.proof).is_some_and(|s| s.action == ManageAction::Unlock {});
                self.managed(m, (!unlocks).then_some(Purpose::Resume)).map(drop)
            }
            // Another share is needed besides.
            (Some(Command::ProvideShare(_)), Answer::ShareAccepted { .. })
            | (Some(Command::Rewrap(_)), Answer::Rewrapped { .. }) => Ok(()),
            (Some(Command::RotateRoot(request)), Answer::RotationShares(shares)) => {
                self.roots.shared_out(request, shares)
            }
            (Some(Command::ConfirmRotation(_)), Answer::RootRotated { commitment, receipt }) => {
                self.roots.rotated(*commitment, receipt)
            }
            (Some(Command::EraseRoot(_)), Answer::RootErased(receipt)) => self.roots.erased(receipt),
            (Some(Command::HandOver(offer)), Answer::HandedOver { handed, .. })
                if self.heirs.contains(&offer.evidence) =>
            {
                self.handed.insert(handed.statement.clone());
                Ok(())
            }
            (Some(Command::TakeOver(take)), Answer::Operational { .. })
                if self.handed.remove(&take.handed.statement) =>
            {
                Ok(())
            }
            (Some(Command::HandOver(_)), Answer::HandedOver { .. }) => {
                Err("the root key, handed to an enclave that is none of the service's".to_owned())
            }
            (Some(Command::FollowManifest(c)), Answer::ManifestFollowed { .. })
            | (Some(Command::ChangeManifest(c)), Answer::ManifestChanged(_)) => self.changed(c),
            (Some(Command::GenerateKey(m)), Answer::KeyGenerated(made)) => self.generated(m, made),
            (Some(Command::LinkCert(m)), Answer::Linked(_)) => self.managed(m, None).map(drop),
            (Some(Command::LinkEid(m)), Answer::Linked(_)) => self.managed(m, Some(Purpose::Link)).map(drop),
            (Some(Command::DeleteKey(m)), Answer::Deleted(_)) => {
                self.managed(m, Some(Purpose::Delete)).map(drop)
            }
            (Some(Command::AuthorizePop(m)), Answer::Request { csr, .. }) => self.requested(m, csr),
            (Some(Command::GrantMandate(request)), Answer::MandateGranted { .. }) => self.granted(request),
            (Some(Command::EndMandate(request)), Answer::MandateEnded(receipt)) => {
                self.ended(request, receipt)
            }
            (Some(Command::Seal(request)), Answer::Signatures { signatures, receipt }) => {
                match self.keys.get(&request.credential) {
                    Some(key) => {
                        self.seals += signatures.len() as u64;
                        self.mandates.sealed(request, signatures, receipt, key)
                    }
                    None => Err("sealed with a key that nobody knows".to_owned()),
                }
            }
            _ => Err("an answer that fits no command".to_owned()),
        };
        if let Err(why) = judged {
            self.unauthorized.push(format!("{why}: {command:?} -> {answer:?}"));
        }
        if let Some(receipt) = receipt(answer) {
            self.acknowledge(receipt);
        }
    }

    fn acknowledge(&mut self, receipt: &Receipt) {
        let former = self.acknowledged.insert(receipt.index, receipt.event.clone());
        if former.is_some_and(|former| former != receipt.event) {
            self.lost.push(format!("two events were acknowledged as number {}", receipt.index));
        }
    }

    /// Whether a token that came out allows this call still.
    #[must_use]
    pub fn allows(&self, request: &SignHash) -> bool {
        let permission = self.tokens.iter().find(|(token, _)| token == &request.token).map(|(_, p)| p);
        let often = |list: &[Blob], hash: &Blob| list.iter().filter(|other| *other == hash).count();
        permission.is_some_and(|allowed| {
            allowed.credential == request.credential
                && allowed.hash_type == HashType::Dtbs
                && request.hashes.iter().all(|h| often(&request.hashes, h) <= often(&allowed.hashes, h))
        })
    }

    /// Looks for every acknowledged event in this ledger, the honest one, and at what it says of guesses.
    pub fn look_for_lost(&mut self, entries: &[Vec<u8>]) {
        self.unauthorized.extend(self.guesses.read(entries));
        self.unauthorized.extend(self.roots.read(entries));
        let kept = |index: &u64| usize::try_from(*index).ok().and_then(|index| entries.get(index));
        let lost = &mut self.lost;
        // What is lost is said once.
        self.acknowledged.retain(|index, event| {
            let there = kept(index) == Some(&event.0);
            if !there {
                lost.push(format!("event {index} was acknowledged and is not in the ledger"));
            }
            there
        });
    }

    /// A manifest follows another only by what the officers said.
    fn changed(&self, change: &ManifestChange) -> Result<(), String> {
        let approved = |octets: &Blob| self.manifests.contains(octets);
        if approved(&change.manifest) {
            Ok(())
        } else {
            Err("a manifest that no officer approved".to_owned())
        }
    }

    /// The consent with this evidence, which is used by that.
    fn consent(&mut self, evidence: Option<&Blob>, purpose: Purpose) -> Result<Permission, String> {
        let octets = evidence.ok_or("without the signer's consent")?;
        let digest = match codec::decode(octets.as_slice()) {
            Ok(AuthorizationEvidence::Sealed { sad_digest, .. }) => sad_digest,
            Ok(AuthorizationEvidence::Plain(plain)) if plain.assertion.must_be_sealed() => {
                return Err("on evidence in the clear of a means that must not be seen".to_owned());
            }
            Ok(AuthorizationEvidence::Plain(plain)) => sad_digest(plain.sad.as_slice()),
            Err(_) => return Err("on evidence that is none".to_owned()),
        };
        let permission =
            self.consents.remove(&digest).ok_or("on a consent that nobody gave, or used twice")?;
        if permission.purpose == purpose {
            Ok(permission)
        } else {
            Err("on a consent to something else".to_owned())
        }
    }

    fn activated(&mut self, request: &Authorize, token: &Blob) -> Result<(), String> {
        let permission = self.consent(Some(&request.evidence), Purpose::Sign)?;
        let sorted = |list: &[Blob]| {
            let mut list = list.to_vec();
            list.sort();
            list
        };
        if permission.credential != request.credential {
            return Err("a token for another credential".to_owned());
        }
        if request.hashes.as_ref().is_some_and(|hashes| sorted(hashes) != sorted(&permission.hashes))
            || request.count as usize != permission.hashes.len()
        {
            return Err("a token for other hashes".to_owned());
        }
        self.tokens.push((token.clone(), permission));
        Ok(())
    }

    /// As many approvers as must said it of these terms, each for oneself and for nothing before.
    fn granted(&mut self, request: &GrantMandate) -> Result<(), String> {
        let hash = self.mandates.granting(&request.terms).ok_or("a mandate that nobody proposed")?;
        let all = self.by_approvers(&request.approvals, Purpose::Mandate)?;
        if all.iter().all(|one| one.credential == request.credential && one.hashes == [hash.clone()]) {
            Ok(())
        } else {
            Err("a mandate on approvals of something else".to_owned())
        }
    }

    fn ended(&mut self, request: &EndMandate, receipt: &Receipt) -> Result<(), String> {
        match &request.by {
            EndedBy::Approver(evidence) => {
                let said = self.consent(Some(evidence), Purpose::EndMandate)?;
                said.about(&request.credential)?;
                if said.hashes != [end_hash(HashAlgorithm::Sha256, &request.mandate)] {
                    return Err("ended on a consent to the end of another mandate".to_owned());
                }
            }
            EndedBy::Officer(statement) if self.mandates.may_end(statement) => {}
            EndedBy::Officer(_) => return Err("ended on a statement that no officer made".to_owned()),
        }
        self.mandates.ended(&request.mandate, receipt)
    }

    /// What different approvers said, as many as must.
    fn by_approvers(&mut self, approvals: &[Blob], purpose: Purpose) -> Result<Vec<Permission>, String> {
        let all = approvals.iter().map(|one| self.consent(Some(one), purpose));
        let all = all.collect::<Result<Vec<_>, _>>()?;
        let different: BTreeSet<_> = all.iter().filter_map(|one| one.approver).collect();
        let wanted = all.first().and_then(|one| self.mandates.threshold(&one.credential));
        if different.len() == all.len() && wanted.is_some_and(|wanted| all.len() >= wanted) {
            Ok(all)
        } else {
            Err("on the word of too few approvers".to_owned())
        }
    }

    /// What the signer said, or as many approvers as must, or approvers to be about themselves.
    fn word(&mut self, evidence: &Blob, purpose: Purpose) -> Result<Permission, String> {
        let Ok(several) = codec::decode::<ApproverEvidence>(evidence.as_slice()) else {
            return self.consent(Some(evidence), purpose);
        };
        let all = if purpose == Purpose::Link {
            // The suite's organizations change no approvers: nobody was there before.
            let shown = several.registrations.iter().map(|one| self.consent(Some(one), purpose));
            shown.collect::<Result<Vec<_>, _>>()?
        } else {
            self.by_approvers(&several.approvals, purpose)?
        };
        all.into_iter().next().ok_or_else(|| "on nobody's word".to_owned())
    }

    fn generated(&mut self, manage: &Manage, made: &KeyGenerated) -> Result<(), String> {
        if let Some(mark) = event(&made.receipt)?.body.credential() {
            self.guesses.named(&made.key, mark.subject);
        }
        self.managed(manage, None).map(drop)
    }

    fn managed(&mut self, manage: &Manage, purpose: Option<Purpose>) -> Result<Option<Permission>, String> {
        let obeyed =
            self.proofs.get_mut(&payload(&manage.proof)).ok_or("on a proof that no RA client made")?;
        if std::mem::replace(obeyed, true) {
            return Err("on a proof that was obeyed before".to_owned());
        }
        // A key without means has no signer to ask.
        match purpose {
            Some(Purpose::Delete) if manage.evidence.is_none() => Ok(None),
            Some(purpose) => {
                let evidence = manage.evidence.as_ref().ok_or("without the signer's consent")?;
                let said = self.word(evidence, purpose)?;
                let key = stated(&manage.proof).and_then(|stated| stated.key);
                said.about(&key.ok_or("on a proof that names no key")?)?;
                Ok(Some(said))
            }
            None => Ok(None),
        }
    }

    /// A request holds the information that was consented to, and a signature over it and nothing else.
    fn requested(&mut self, manage: &Manage, csr: &Blob) -> Result<(), String> {
        let permission = self.managed(manage, Some(Purpose::Pop))?.ok_or("without the signer's consent")?;
        let key = self.keys.get(&permission.credential).ok_or("signed with a key that nobody knows")?;
        let at = csr
            .0
            .windows(ECDSA_SHA256.len())
            .rposition(|w| w == ECDSA_SHA256)
            .ok_or("a request of another form")?;
        let (signed, rest) = csr.0.split_at(at);
        // BIT STRING: tag, length, no unused bits.
        let signature = rest.get(ECDSA_SHA256.len() + 3..).unwrap_or_default();
        // The outer SEQUENCE has a head of two to four octets.
        let authorized = (2..=4).filter_map(|head| signed.get(head..)).any(|info| {
            let digest = HashAlgorithm::Sha256.digest(info);
            permission.hashes.iter().any(|hash| hash.0 == digest)
                && key.verify_digest(&digest, signature).is_ok()
        });
        if authorized { Ok(()) } else { Err("a request that was not consented to".to_owned()) }
    }
}
