//! Place: none. Checks a signature value against the signer's certificate before anything is built around it.

use super::CadesError;
use der::Encode;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::pkcs8::DecodePublicKey;
use x509_cert::Certificate;

const ID_EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

const NOT_DER: CadesError = CadesError::Signature("not a DER ECDSA-Sig-Value");
const WRONG: CadesError =
    CadesError::Signature("does not verify under the signer's certificate over the signed attributes");

/// Verifies the DER `ECDSA-Sig-Value` `signature` over the digest `dtbsr`.
pub(super) fn verify(certificate: &Certificate, dtbsr: &[u8], signature: &[u8]) -> Result<(), CadesError> {
    let key = certificate.tbs_certificate().subject_public_key_info();
    let curve =
        key.algorithm.parameters.as_ref().and_then(|p| p.decode_as::<const_oid::ObjectIdentifier>().ok());
    let curve = curve.map(|oid| oid.to_string()).unwrap_or_default();
    let der = key.to_der()?;
    let unusable = |e: spki::Error| CadesError::UnsupportedKey(e.to_string());
    match (key.algorithm.oid.to_string().as_str(), curve.as_str()) {
        (ID_EC_PUBLIC_KEY, P256) => {
            let key = p256::ecdsa::VerifyingKey::from_public_key_der(&der).map_err(unusable)?;
            let value = p256::ecdsa::Signature::from_der(signature).map_err(|_| NOT_DER)?;
            key.verify_prehash(dtbsr, &value).map_err(|_| WRONG)
        }
        (ID_EC_PUBLIC_KEY, P384) => {
            let key = p384::ecdsa::VerifyingKey::from_public_key_der(&der).map_err(unusable)?;
            let value = p384::ecdsa::Signature::from_der(signature).map_err(|_| NOT_DER)?;
            key.verify_prehash(dtbsr, &value).map_err(|_| WRONG)
        }
        (algorithm, _) => Err(CadesError::UnsupportedKey(format!(
            "{algorithm} on curve {curve:?}; P-256 and P-384 are supported"
        ))),
    }
}
