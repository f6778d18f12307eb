//! Place: SAM. `manageProof` (extensions 2.3): the RA/CA client's JWS carries the parameters; the enclave acts on that alone.

use super::ServiceContext;
use super::jose::{CompactJws, manage_statement};
use fuin_shared::fault::Fault;
use fuin_shared::ids::RaClientId;
use fuin_shared::manifest::RaClient;
use fuin_shared::statement::ManageStatement;

/// Longest time that a proof may still have, seconds.
const LONGEST: u64 = 3600;

/// A proof whose signature, target and time hold. That it was not spent is checked where it is spent.
#[derive(Debug)]
pub struct Proven<'a> {
    /// Who signed.
    pub client: &'a RaClient,
    /// What.
    pub statement: ManageStatement,
}

/// Verifies a proof.
///
/// # Errors
/// [`Fault::InvalidProof`].
pub fn verify<'a>(
    jws: &str,
    context: &'a ServiceContext,
    origin: &str,
    now_seconds: u64,
) -> Result<Proven<'a>, Fault> {
    let wrong = Fault::InvalidProof;
    let parsed = CompactJws::parse(jws)?;
    let id = RaClientId::new(parsed.kid()).map_err(|_| wrong)?;
    let client = context.manifest.ra_client(&id).ok_or(wrong)?;
    let key = client.proof_key.key().map_err(|_| wrong)?;
    let statement = manage_statement(parsed.verify(&key)?)?;
    let ours = statement.service == context.service && statement.ledger == origin;
    let timely =
        now_seconds < statement.not_after && statement.not_after <= now_seconds.saturating_add(LONGEST);
    if ours && timely { Ok(Proven { client, statement }) } else { Err(wrong) }
}
