//! Place: none. One certificate of a chain: parsed once, and known to be its own DER.

use super::{CadesError, MAX_CERTIFICATE};
use der::{Decode, Encode};
use x509_cert::Certificate;

/// Parses the certificate at `position` of a chain.
///
/// The octets must be the only DER encoding of what was parsed, because they are hashed in one place and re-encoded in another.
///
/// # Errors
/// [`CadesError::Certificate`] when they are not.
pub(super) fn parse(position: usize, octets: &[u8]) -> Result<Certificate, CadesError> {
    let refuse = |reason: String| CadesError::Certificate { position, reason };
    if octets.len() > MAX_CERTIFICATE {
        return Err(refuse(format!("{} octets, at most {MAX_CERTIFICATE} are taken", octets.len())));
    }
    let certificate = Certificate::from_der(octets).map_err(|e| refuse(e.to_string()))?;
    let again = certificate.to_der().map_err(|e| refuse(e.to_string()))?;
    if again != octets {
        return Err(refuse("not in strict DER".to_owned()));
    }
    Ok(certificate)
}
