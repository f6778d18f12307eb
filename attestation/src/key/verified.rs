//! Place: none. A key statement whose parts belong together, and its appraisal (step 38 and those of a service).

use crate::appraise::Appraisal;
use crate::bundle::{Expectations, VerifiedEvidence};
use crate::error::{Refusal, Step};
use crate::ledger::ProvenEvent;
use alloc::format;
use fuin_shared::ids::Digest32;
use fuin_shared::key_statement::KeyStatement;

/// A verified key statement. Only [`super::verify_key`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedKey {
    evidence: VerifiedEvidence,
    statement: KeyStatement,
    digest: Digest32,
    ledger: Option<ProvenEvent>,
}

impl VerifiedKey {
    pub(super) fn new(
        evidence: VerifiedEvidence,
        statement: KeyStatement,
        digest: Digest32,
        ledger: Option<ProvenEvent>,
    ) -> Self {
        Self { evidence, statement, digest, ledger }
    }

    /// What the document and the enclave say.
    #[must_use]
    pub fn evidence(&self) -> &VerifiedEvidence {
        &self.evidence
    }

    /// What the SAM says of the key.
    #[must_use]
    pub fn statement(&self) -> &KeyStatement {
        &self.statement
    }

    /// Digest of the key statement, which document and event carry.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        self.digest
    }

    /// Where the ledger attests it; none when no proof came along.
    #[must_use]
    pub fn ledger(&self) -> Option<&ProvenEvent> {
        self.ledger.as_ref()
    }

    /// Appraises the statement: the service's evidence, then the key; `spki` is the SHA-256 of the SubjectPublicKeyInfo
    /// that is asked about.
    ///
    /// # Errors
    /// The [`Refusal`] of the first expectation that is not met.
    pub fn appraise(
        &self,
        expectations: &Expectations,
        spki: Option<&Digest32>,
    ) -> Result<Appraisal, Refusal> {
        let mut appraisal = self.evidence.meets(expectations)?;
        appraisal.check(Step::KeyStatement, "well formed, of this service, not later than the document");
        if self.statement.manifest == self.evidence.manifest_hash() {
            appraisal.check(Step::KeyStatement, "stated under the current manifest");
        } else {
            appraisal.omit(
                "the manifest under which the key was stated",
                "it was an earlier one, which does not come along",
            );
        }
        self.in_ledger(&mut appraisal);
        match spki {
            None => appraisal.omit("which key", "no public key was expected"),
            Some(expected) if *expected == self.statement.spki => {
                appraisal.check(Step::Key, "the public key that was asked about");
            }
            Some(_) => {
                let detail = format!("it is of the key with SHA-256 {}", self.statement.spki);
                return Err(Refusal::new(Step::Key, detail));
            }
        }
        if self.statement.means.is_none() {
            appraisal.warn("no eID means is linked to this key yet: it says nothing about who can use it");
        }
        if self.statement.scal < 2 {
            appraisal.warn("SCAL1: the signer's means does not show which hashes are signed");
        }
        Ok(appraisal)
    }

    fn in_ledger(&self, appraisal: &mut Appraisal) {
        let Some(proven) = &self.ledger else {
            appraisal.omit(
                "the ledger",
                "no proof came along: that the statement stands in the ledger is not shown",
            );
            return;
        };
        appraisal.check(Step::LedgerEvent, "the event carries the digest of this key statement");
        appraisal.check(Step::LedgerCheckpoint, "signed by the ledger that the enclave names");
        let (index, size) = (proven.index(), proven.size());
        appraisal.check(Step::LedgerInclusion, format!("entry {index} of {size}"));
        appraisal.omit("later events of the key", "a destruction after this checkpoint is not seen");
        appraisal.omit("witnesses", "the checkpoint's cosignatures were not looked at");
    }
}
