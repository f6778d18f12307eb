//! Place: SSA. credentials/info, and the same object in credentials/list.

use super::{Version, object_id, standing};
use crate::http::params::not_acceptable;
use crate::http::{Params, Refusal, json};
use crate::server::App;
use crate::store::{CatalogueEntry, KeyStatus, StoredToken};
use axum::response::Response;
use base64ct::{Base64, Encoding};
use fuin_shared::ids::CredentialId;
use fuin_shared::pki::Certificate;
use fuin_shared::sad::MeansProfile;
use serde_json::{Value, json};

/// `certificates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certificates {
    None,
    Single,
    Chain,
}

/// What of a credential is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    certificates: Certificates,
    certificate_info: bool,
    authentication_info: bool,
}

impl Shown {
    pub(super) fn parse(params: &Params) -> Result<Self, Refusal> {
        let certificates = match params.text("certificates")? {
            None | Some("single") => Certificates::Single,
            Some("none") => Certificates::None,
            Some("chain") => Certificates::Chain,
            Some(_) => return Err(not_acceptable("certificates")),
        };
        Ok(Self {
            certificates,
            certificate_info: params.flag("certInfo")?,
            authentication_info: params.flag("authInfo")?,
        })
    }
}

/// credentials/info.
pub(super) async fn answer(
    app: &App,
    version: Version,
    caller: &StoredToken,
    params: &Params,
) -> Result<Response, Refusal> {
    let id = params.required_text("credentialID")?;
    let shown = Shown::parse(params)?;
    let entry = owned(app, caller, id).await?;
    let mut answer = describe(&entry, version, shown, app.clock.unix_seconds())?;
    answer["lang"] = app.config.info.lang.clone().into();
    // Of the enclave itself; while it cannot be asked, the catalogue's word stands alone.
    if let Some(status) = standing::of(app, &entry).await {
        let usable = status.suspended.is_empty() && !status.locked;
        if !usable {
            answer["key"]["status"] = KeyStatus::Disabled.as_str().into();
        }
        if let (Some(fuin), Value::Object(shown)) = (answer["fuin"].as_object_mut(), standing::shown(&status))
        {
            fuin.extend(shown);
        }
    }
    Ok(json(&answer))
}

/// The caller's credential of this name.
pub(super) async fn owned(app: &App, caller: &StoredToken, id: &str) -> Result<CatalogueEntry, Refusal> {
    let unknown = || not_acceptable("credentialID");
    let id = CredentialId::new(id).map_err(|_| unknown())?;
    let entry = app.store.credential(&id).await?;
    entry.filter(|entry| entry.owner == caller.user).ok_or_else(unknown)
}

/// The object that describes a credential.
pub(super) fn describe(
    entry: &CatalogueEntry,
    version: Version,
    shown: Shown,
    now: u64,
) -> Result<Value, Refusal> {
    let algorithms: Vec<String> =
        entry.key_algorithm.signature_algorithms().iter().map(|a| a.oid().to_string()).collect();
    let mut object = json!({
        "key": {
            "status": entry.status.as_str(),
            "algo": algorithms,
            "len": entry.key_algorithm.bits(),
            "curve": entry.key_algorithm.curve_oid().to_string(),
        },
        "cert": certificate(entry, shown, now)?,
        "SCAL": entry.scal.as_str(),
        "multisign": entry.multisign,
        // Additions of ours.
        "fuin": { "means": entry.means.as_str(), "sic": entry.sic.as_str() },
    });
    if let Some(description) = &entry.description {
        object["description"] = description.clone().into();
    }
    match version {
        Version::V1 => {
            object["authMode"] = "explicit".into();
            if shown.authentication_info {
                object["PIN"] = json!({ "presence": "false" });
                object["OTP"] = one_time(entry.means);
            }
        }
        Version::V2 if is_seal(entry)? => object["auth"] = mandate(),
        Version::V2 => object["auth"] = authentication(entry.means),
    }
    Ok(object)
}

/// Id of the one authentication object of a seal credential.
const MANDATE_OBJECT: &str = "mandate";

/// What a person is told of the one authentication object.
const fn label(means: MeansProfile) -> (&'static str, &'static str) {
    match means {
        MeansProfile::Passkey => (
            "Passkey",
            "Evidence of authorization by the signer's device: base64url of CBOR with the SAD and the passkey's assertion",
        ),
        MeansProfile::DeviceKey => (
            "Device key",
            "Evidence of authorization by the signer's device: base64url of CBOR with the SAD and the device key's JWS",
        ),
        MeansProfile::X509 => (
            "Authentication certificate",
            "Evidence of authorization by the signer's device, sealed to the enclave: base64url of CBOR with the SAD and the certificate's signature",
        ),
        MeansProfile::Oidc => (
            "Identity provider",
            "Evidence of authorization by the signer's device, sealed to the enclave: base64url of CBOR with the SAD and an ID token",
        ),
        MeansProfile::PinTotp => (
            "PIN and one-time password",
            "Evidence of authorization by the signer's device, sealed to the enclave: base64url of CBOR with the SAD, a PIN and a one-time password",
        ),
    }
}

/// v1: the evidence travels as an offline one-time value, made from a challenge of credentials/getChallenge.
fn one_time(means: MeansProfile) -> Value {
    let (label, description) = label(means);
    json!({
        "presence": "true",
        "type": "offline",
        "format": "A",
        "ID": object_id(means),
        "provider": means.as_str(),
        "label": label,
        "description": description,
    })
}

/// v2.
fn authentication(means: MeansProfile) -> Value {
    let (label, description) = label(means);
    json!({
        "mode": "explicit",
        "expression": object_id(means),
        "objects": [{
            "type": "ChallengeResponse",
            "id": object_id(means),
            "format": "A",
            "label": label,
            "description": description,
        }],
    })
}

/// v2, of a seal credential: the SAD is an order of the SCA under a mandate.
fn mandate() -> Value {
    json!({
        "mode": "explicit",
        "expression": MANDATE_OBJECT,
        "objects": [{
            "type": "SealOrder",
            "id": MANDATE_OBJECT,
            "format": "A",
            "label": "Mandate",
            "description": "Order under a mandate that the organization's approvers granted: base64url of CBOR, signed by the SCA",
        }],
    })
}

/// Whether the credential is for seals, by its certificate's subject.
fn is_seal(entry: &CatalogueEntry) -> Result<bool, Refusal> {
    const ORGANIZATION_IDENTIFIER: &str = "2.5.4.97";
    const PERSON: [&str; 3] = ["2.5.4.4", "2.5.4.42", "2.5.4.65"];
    Ok(leaf(entry)?.is_some_and(|certificate| {
        let has = |oid: &&str| certificate.subject_attribute(oid).is_some();
        has(&ORGANIZATION_IDENTIFIER) && !PERSON.iter().any(has)
    }))
}

fn certificate(entry: &CatalogueEntry, shown: Shown, now: u64) -> Result<Value, Refusal> {
    let mut object = json!({});
    let Some(end_entity) = leaf(entry)? else { return Ok(object) };
    let count = match shown.certificates {
        Certificates::None => 0,
        Certificates::Single => 1,
        Certificates::Chain => entry.certificates.len(),
    };
    if count > 0 {
        let list: Vec<String> =
            entry.certificates.iter().take(count).map(|der| Base64::encode_string(der.as_slice())).collect();
        object["certificates"] = list.into();
    }
    // Revocation is not known here, so `valid` is never claimed.
    if now > end_entity.not_after() {
        object["status"] = "expired".into();
    }
    if shown.certificate_info {
        object["issuerDN"] = end_entity.issuer().into();
        object["subjectDN"] = end_entity.subject().into();
        object["serialNumber"] = end_entity.serial_hex().into();
        object["validFrom"] = end_entity.not_before_text().into();
        object["validTo"] = end_entity.not_after_text().into();
    }
    Ok(object)
}

/// The end entity's certificate, once there is one.
fn leaf(entry: &CatalogueEntry) -> Result<Option<Certificate>, Refusal> {
    entry
        .certificates
        .first()
        .map(|der| Certificate::from_der(der.as_slice()).map_err(|error| Refusal::internal(&error)))
        .transpose()
}

/// Whether a signature could be made now, as far as the host knows.
pub(super) fn can_sign(entry: &CatalogueEntry, now: u64) -> bool {
    entry.status == KeyStatus::Enabled
        && matches!(leaf(entry), Ok(Some(certificate)) if certificate.is_valid_at(now))
}

/// v1 names the expired certificate.
pub(super) fn expired_text(entry: &CatalogueEntry) -> String {
    let subject = leaf(entry).ok().flatten();
    let attribute = |oid| subject.as_ref().and_then(|s| s.subject_attribute(oid)).unwrap_or_default();
    format!("Signing certificate 'O={},CN={}' is expired.", attribute("2.5.4.10"), attribute("2.5.4.3"))
}
