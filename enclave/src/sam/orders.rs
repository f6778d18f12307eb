//! Place: SAM. Officers' orders about one credential. To restrict, one officer is enough; to release takes their quorum.

use super::ServiceContext;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::ids::{CredentialId, PersonId, StatementId};
use fuin_shared::statement::{CredentialOrder, CredentialOrderKind, SignedStatement};
use std::collections::BTreeSet;

/// Longest time that an order may still have, seconds.
const LONGEST: u64 = 3600;

/// What enough officers ordered. That it was not spent is checked where it is spent.
#[derive(Debug)]
pub struct Ordered {
    /// What.
    pub kind: CredentialOrderKind,
    /// Running number of the event whose suspension is to end.
    pub suspension: Option<u64>,
    /// Each officer's statement.
    pub statements: Vec<StatementId>,
    /// Who.
    pub officers: Vec<PersonId>,
}

/// Verifies orders, all of them for the same.
///
/// # Errors
/// [`Fault::StatementMalformed`]: also more orders than there are officers; [`Fault::StatementSignature`], [`Fault::StatementForeign`]: another service, ledger,
/// credential, or orders that differ; [`Fault::StatementExpired`]; [`Fault::StatementSpent`]: one statement twice;
/// [`Fault::UnknownPerson`]: no officer, or too few.
pub fn verify(
    orders: &[Blob],
    context: &ServiceContext,
    origin: &str,
    credential: &CredentialId,
    now_seconds: u64,
) -> Result<Ordered, Fault> {
    let (mut officers, mut statements) = (BTreeSet::new(), BTreeSet::new());
    let mut ordered = None;
    if orders.len() > context.manifest.officers.len() {
        return Err(Fault::StatementMalformed);
    }
    for order in orders {
        let signed: SignedStatement =
            codec::decode(order.as_slice()).map_err(|_| Fault::StatementMalformed)?;
        let officer = context.manifest.officer(&signed.signer).ok_or(Fault::UnknownPerson)?;
        let key = officer.key.key().map_err(|_| Fault::ManifestMalformed)?;
        let body: CredentialOrder = signed.open(&key)?;
        let ours = body.service == context.service && body.ledger == origin && body.credential == *credential;
        let said = (body.order, body.suspension);
        if !ours || *ordered.get_or_insert(said) != said {
            return Err(Fault::StatementForeign);
        }
        if now_seconds >= body.not_after || body.not_after > now_seconds.saturating_add(LONGEST) {
            return Err(Fault::StatementExpired);
        }
        officers.insert(&officer.id);
        if !statements.insert(body.statement) {
            return Err(Fault::StatementSpent);
        }
    }
    let (kind, suspension) = ordered.ok_or(Fault::UnknownPerson)?;
    let enough = match kind {
        CredentialOrderKind::Suspend => 1,
        CredentialOrderKind::Release => usize::from(context.manifest.officer_quorum),
    };
    if officers.len() < enough {
        return Err(Fault::UnknownPerson);
    }
    let officers = officers.into_iter().cloned().collect();
    Ok(Ordered { kind, suspension, statements: statements.into_iter().collect(), officers })
}
