//! Place: SIC. A change of approvers (SEAL-07), seen from those who approve seals: who comes registers a passkey to the enclave,
//! and former approvers sign over exactly who stays and who comes.

use crate::csc::CscClient;
use crate::passkey::PasskeyDirectory;
use crate::sign::{Credential, SignError};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::sad::{HashType, LinkSubject, MeansProfile, Purpose, sad_digest};
use fuin_shared::seal::ApproverRegistration;
use fuin_sic::{Authenticator as _, SadRequest, Sic};
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// Life of the newcomer's SAD, seconds.
const LIFE: u64 = 120;

/// Who comes.
#[derive(Debug, Clone)]
pub struct Newcomer<'a> {
    /// Number of any approver that there is, under which the nonce is had.
    pub beside: u32,
    /// Whom the RA saw.
    pub subject: LinkSubject,
    /// rpId of the passkey.
    pub relying_party: &'a str,
}

/// Has a newcomer register a passkey before the eyes of the RA: the evidence, and what the RA names of it. `now` gives Unix seconds.
///
/// # Errors
/// [`SignError`].
pub async fn register(
    client: &CscClient,
    sic: &Sic,
    credential: &Credential,
    newcomer: Newcomer<'_>,
    passkeys: &mut PasskeyDirectory,
    now: impl Fn() -> u64,
) -> Result<(Blob, ApproverRegistration), SignError> {
    let wrong = |reason| SignError::Credential { credential: credential.id.to_string(), reason };
    let mut nonce = [0u8; 32];
    getrandom::fill(&mut nonce)?;
    let bundle = client.evidence(&nonce, Some(&credential.id)).await?;
    let instance = sic.check_evidence(&bundle, &nonce, now())?;
    let (mut challenge, _) = client.change_challenge(&credential.id, newcomer.beside, Purpose::Link).await?;
    // It speaks of the means of whoever is there already.
    challenge.means = None;
    let algorithm =
        *credential.algorithms.first().ok_or_else(|| wrong("it offers no signature algorithm"))?;
    let identity = newcomer.subject.identity;
    let user = newcomer.subject.user.to_string();
    let made = now();
    let sad = instance.build_sad(
        &challenge,
        SadRequest {
            credential: &credential.id,
            spki: &credential.spki,
            purpose: Purpose::Link,
            hash_type: HashType::Dtbs,
            hashes: &[],
            hash_algorithm: algorithm.hash(),
            signature_algorithm: algorithm,
            now: made,
            expires: made + LIFE,
            display: None,
            link: Some(newcomer.subject),
        },
    )?;
    let digest = sad_digest(&sad.to_bytes());
    let assertion = passkeys
        .register(newcomer.relying_party, &user, &digest)
        .map_err(|e| SignError::Means(e.to_string()))?;
    let registration =
        assertion.registration().ok_or_else(|| SignError::Means("it registered no passkey".into()))?;
    let evidence = instance.seal(&sad, assertion, &mut UnwrapErr(SysRng))?;
    let registered = ApproverRegistration {
        means: MeansProfile::Passkey,
        identity,
        relying_party: Some(newcomer.relying_party.to_owned()),
        registration,
    };
    Ok((codec::encode(&evidence).into(), registered))
}
