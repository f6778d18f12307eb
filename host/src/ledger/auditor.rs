//! Place: SSA. The token of an auditor, of which the host knows only the SHA-256.

use crate::csc::bearer;
use crate::http::Refusal;
use axum::http::{HeaderMap, StatusCode};
use fuin_shared::ids::Digest32;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// Lets an auditor in: 403 where there are none, 401 without a token of one.
pub(super) fn admit(known: &[Digest32], headers: &HeaderMap) -> Result<(), Refusal> {
    if known.is_empty() {
        let text = "Entries of the ledger are not served here";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "access_denied", text));
    }
    let Some(token) = bearer::credentials(headers, "Bearer") else {
        return Err(unauthorized("An auditor's token is needed", "Bearer"));
    };
    let digest: [u8; 32] = Sha256::digest(token).into();
    // All are compared, whichever fits.
    let fits = known.iter().fold(Choice::from(0), |fits, known| fits | known.0.ct_eq(&digest));
    if bool::from(fits) {
        return Ok(());
    }
    Err(unauthorized("The token is not an auditor's", r#"Bearer error="invalid_token""#))
}

fn unauthorized(text: &'static str, challenge: &'static str) -> Refusal {
    Refusal { challenge: Some(challenge), ..Refusal::new(StatusCode::UNAUTHORIZED, "invalid_token", text) }
}
