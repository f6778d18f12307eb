//! Place: SAM. The word of the officers' quorum.

use super::Manifest;
use crate::bytes::Blob;
use crate::codec;
use crate::fault::Fault;
use crate::ids::StatementId;
use crate::statement::{Body, SignedStatement};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

impl Manifest {
    /// What the officers say in these statements, in their order; nothing if they are fewer than the quorum. Each must be
    /// an officer's and `ours`, and bear a name of its own. Nothing is passed over: who sent it would believe that it counted.
    ///
    /// # Errors
    /// [`Fault::StatementMalformed`], also for more statements than officers; [`Fault::UnknownPerson`],
    /// [`Fault::StatementSignature`], [`Fault::StatementForeign`], [`Fault::StatementSpent`]; [`Fault::ManifestMalformed`],
    /// which the manifest's check excludes.
    pub fn officers_say<B: Body>(
        &self,
        statements: &[Blob],
        ours: impl Fn(&B) -> bool,
        name: impl Fn(&B) -> StatementId,
    ) -> Result<Option<Vec<B>>, Fault> {
        let (mut officers, mut names, mut said) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        if statements.len() > self.officers.len() {
            return Err(Fault::StatementMalformed);
        }
        for statement in statements {
            let signed: SignedStatement =
                codec::decode(statement.as_slice()).map_err(|_| Fault::StatementMalformed)?;
            let officer = self.officer(&signed.signer).ok_or(Fault::UnknownPerson)?;
            let key = officer.key.key().map_err(|_| Fault::ManifestMalformed)?;
            let body: B = signed.open(&key)?;
            if !ours(&body) {
                return Err(Fault::StatementForeign);
            }
            officers.insert(&officer.id);
            if !names.insert(name(&body)) {
                return Err(Fault::StatementSpent);
            }
            said.push(body);
        }
        Ok((officers.len() >= usize::from(self.officer_quorum)).then_some(said))
    }
}
