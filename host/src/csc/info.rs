//! Place: SSA. info: what this service is and offers.

use super::{Method, Version};
use crate::http::{Params, Refusal, json};
use crate::server::App;
use axum::response::Response;
use fuin_shared::algorithm::SignatureAlgorithm;
use serde_json::{Value, json};

/// The answer; nobody has to authenticate for it.
pub(super) fn answer(app: &App, version: Version, params: &Params) -> Result<Response, Refusal> {
    // There is one language; the answer says which.
    params.text("lang")?;
    let info = &app.config.info;
    let methods: Vec<&str> = Method::ALL.iter().map(|(_, name)| *name).collect();
    let mut answer = json!({
        "specs": match version { Version::V1 => &info.specs_v1, Version::V2 => &info.specs_v2 },
        "name": info.name,
        "logo": info.logo.clone().unwrap_or_else(|| format!("{}{}", app.base_url, crate::server::LOGO_PATH)),
        "region": info.region,
        "lang": info.lang,
        "description": info.description,
        "authType": ["basic"],
        "methods": methods,
    });
    if version == Version::V2 {
        let algorithms: Vec<String> = SignatureAlgorithm::ALL.iter().map(|a| a.oid().to_string()).collect();
        answer["asynchronousOperationMode"] = false.into();
        answer["validationInfo"] = false.into();
        // ECDSA has no parameters.
        answer["signAlgorithms"] = json!({ "algos": algorithms, "algoParams": [] });
        answer["signature_formats"] = json!({ "formats": [], "envelope_properties": [] });
        answer["conformance_levels"] = Value::Array(Vec::new());
        // Required by clients that insist on 2.2; others ignore it.
        answer["supportedHashTypes"] = json!(["dtbsr"]);
        answer["supportsRar"] = false.into();
    }
    Ok(json(&answer))
}
