//! Place: SSA. Configuration: one TOML file, unknown fields refused, every limit with its unit.

use crate::revocation::{MAX_LISTS, RevocationConfig};
use crate::witness::{MAX_WITNESSES, WitnessConfig};
use fuin_shared::ids::Digest32;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The host's configuration. Every field has a default but `enclave` and `data`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostConfig {
    /// Address of the HTTP listener. Default `127.0.0.1:8080`; port 0 takes a free one.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Base URL under which clients reach the host, without a trailing slash. Default: `http://` and the bound address.
    #[serde(default)]
    pub external_url: Option<String>,
    /// Where enclaves dial: `unix:///path/to/socket` or `vsock://:PORT`.
    pub enclave: String,
    /// Directory of the host's database; made with mode 0700 if missing.
    pub data: PathBuf,
    /// What `info` says.
    #[serde(default)]
    pub info: InfoConfig,
    /// Limits.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// Witnesses of the ledger, as the manifest names them. The first one is asked first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<WitnessConfig>,
    /// Revocation lists that the enclave needs for X.509 means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation: Vec<RevocationConfig>,
    /// Where officers and custodians come in. Not served unless given.
    #[serde(default)]
    pub ceremony: Option<CeremonyConfig>,
    /// The ledger for outsiders.
    #[serde(default)]
    pub ledger: LedgerConfig,
}

/// The listener for ceremonies, apart from the public one: a proxy in front of that one must not lead to this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeremonyConfig {
    /// A loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
}

/// Who may read the ledger's entries. Checkpoint, hash tiles and proofs are for everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerConfig {
    /// SHA-256 of each auditor's token, hex, at most 16. Without any, no entry bundle is served.
    pub auditor_token_sha256: Vec<Digest32>,
}

/// What `info` says of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InfoConfig {
    /// Name, at most 255 characters.
    pub name: String,
    /// ISO 3166-1 alpha-2 code of the country.
    pub region: String,
    /// RFC 5646 tag of the language of answers.
    pub lang: String,
    /// Description, at most 255 characters.
    pub description: String,
    /// URI of a logo. Default: the one that the host serves at `/logo.png`.
    pub logo: Option<String>,
    /// `specs` on `/csc/v1`.
    pub specs_v1: String,
    /// `specs` on `/csc/v2`: some clients insist on `2.2.0.0`.
    pub specs_v2: String,
}

/// Limits. Names carry their units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Largest request body, octets.
    pub body_octets: usize,
    /// Time for a client to send a whole body, milliseconds.
    pub body_ms: u64,
    /// Time for a client to send the head of a request, also on a connection that is kept, milliseconds.
    pub head_ms: u64,
    /// Most HTTP connections; more wait to be accepted.
    pub http_connections: usize,
    /// Most HTTP requests being answered at once; more get 503.
    pub requests: usize,
    /// Most connections of enclaves.
    pub enclave_connections: usize,
    /// Most requests in flight on one connection to the enclave; more get 429.
    pub in_flight_per_connection: usize,
    /// Most requests in flight from the enclave on one connection.
    pub enclave_requests_per_connection: usize,
    /// Time for the enclave's first frame, for the rest of a frame that began, and for a write, milliseconds.
    pub frame_ms: u64,
    /// Deadline of getChallenge, authorize, signHash and evidence, milliseconds.
    pub deadline_ms: u32,
    /// `Retry-After` of 429 and 503, seconds.
    pub retry_after_seconds: u32,
    /// Life of an access token from auth/login, seconds.
    pub access_token_seconds: u64,
    /// Life of a refresh token, seconds.
    pub refresh_token_seconds: u64,
    /// Password checks at once (each takes about 20 MiB); more get 429.
    pub password_checks: usize,
    /// Wrong passwords for one user within `login_window_seconds` before logins get 429.
    pub login_failures: u32,
    /// Window of `login_failures`, seconds.
    pub login_window_seconds: u64,
    /// Most credentials in one page of credentials/list on v1.
    pub list_page: u32,
}

impl Default for InfoConfig {
    fn default() -> Self {
        Self {
            name: "Fuin".into(),
            region: "JP".into(),
            lang: "en-US".into(),
            description: "Remote signing service whose keys live in an attested enclave".into(),
            logo: None,
            specs_v1: "1.0.4.0".into(),
            specs_v2: "2.0.0.2".into(),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body_octets: 256 * 1024,
            body_ms: 10_000,
            head_ms: 60_000,
            http_connections: 4096,
            requests: 1024,
            enclave_connections: 16,
            in_flight_per_connection: 64,
            enclave_requests_per_connection: 32,
            frame_ms: 30_000,
            deadline_ms: 30_000,
            retry_after_seconds: 1,
            access_token_seconds: 3600,
            refresh_token_seconds: 30 * 24 * 3600,
            password_checks: 4,
            login_failures: 10,
            login_window_seconds: 300,
            list_page: 100,
        }
    }
}

impl LimitsConfig {
    /// Deadline of a command.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms.into())
    }

    /// Time for a frame.
    #[must_use]
    pub const fn frame(&self) -> Duration {
        Duration::from_millis(self.frame_ms)
    }
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8080).into()
}

/// Why a configuration is refused. The text names the field and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not TOML of this structure.
    #[error("the configuration is not valid: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A field has a value that cannot work.
    #[error("{field}: {remedy}")]
    Field {
        /// Which.
        field: &'static str,
        /// What to do.
        remedy: &'static str,
    },
}

impl HostConfig {
    /// A configuration with defaults, for this enclave listener and this data directory, on a free loopback port.
    #[must_use]
    pub fn local(enclave: impl Into<String>, data: impl Into<PathBuf>) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            external_url: None,
            enclave: enclave.into(),
            data: data.into(),
            info: InfoConfig::default(),
            limits: LimitsConfig::default(),
            witnesses: Vec::new(),
            revocation: Vec::new(),
            ceremony: None,
            ledger: LedgerConfig::default(),
        }
    }

    /// Reads a TOML file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.into(), source })?;
        Self::parse(&text)
    }

    /// Parses TOML text.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`], [`ConfigError::Field`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// [`ConfigError::Field`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let rule = |holds: bool, field, remedy| {
            if holds { Ok(()) } else { Err(ConfigError::Field { field, remedy }) }
        };
        let short = |text: &str| !text.is_empty() && text.chars().count() <= 255;
        let specs =
            |text: &str| text.split('.').count() == 4 && text.split('.').all(|n| n.parse::<u16>().is_ok());
        rule(
            self.external_url
                .as_deref()
                .is_none_or(|u| (u.starts_with("http://") || u.starts_with("https://")) && !u.ends_with('/')),
            "external_url",
            "give an http or https URL without a trailing slash",
        )?;
        crate::relay::Endpoint::parse(&self.enclave).map_err(|_| ConfigError::Field {
            field: "enclave",
            remedy: "give unix:///path or vsock://:PORT",
        })?;
        rule(
            self.ceremony.as_ref().is_none_or(|ceremony| ceremony.listen.ip().is_loopback()),
            "ceremony.listen",
            "give a loopback address such as 127.0.0.1:8081; people come in through a tunnel of their own",
        )?;
        rule(short(&self.info.name), "info.name", "give 1 to 255 characters")?;
        rule(short(&self.info.description), "info.description", "give 1 to 255 characters")?;
        rule(
            self.info.region.len() == 2 && self.info.region.bytes().all(|b| b.is_ascii_uppercase()),
            "info.region",
            "give the two capital letters of ISO 3166-1",
        )?;
        rule(short(&self.info.lang), "info.lang", "give an RFC 5646 language tag")?;
        rule(specs(&self.info.specs_v1), "info.specs_v1", "give four numbers such as 1.0.4.0")?;
        rule(specs(&self.info.specs_v2), "info.specs_v2", "give four numbers such as 2.0.0.2")?;
        rule(self.witnesses.len() <= MAX_WITNESSES, "witnesses", "give at most 16")?;
        for witness in &self.witnesses {
            witness.check().map_err(|(field, remedy)| ConfigError::Field { field, remedy })?;
        }
        rule(self.revocation.len() <= MAX_LISTS, "revocation", "give at most 32")?;
        for list in &self.revocation {
            list.check().map_err(|(field, remedy)| ConfigError::Field { field, remedy })?;
        }
        let l = &self.limits;
        rule(
            (1024..=fuin_shared::frame::MAX_FRAME / 2).contains(&l.body_octets),
            "limits.body_octets",
            "give 1024 to 524288: a request must fit into one frame to the enclave",
        )?;
        for (value, field) in [
            (l.http_connections, "limits.http_connections"),
            (l.requests, "limits.requests"),
            (l.enclave_connections, "limits.enclave_connections"),
            (l.in_flight_per_connection, "limits.in_flight_per_connection"),
            (l.enclave_requests_per_connection, "limits.enclave_requests_per_connection"),
            (l.password_checks, "limits.password_checks"),
        ] {
            rule((1..=65_536).contains(&value), field, "give 1 to 65536")?;
        }
        rule(l.frame_ms >= 1, "limits.frame_ms", "give at least 1")?;
        rule(l.head_ms >= 1, "limits.head_ms", "give at least 1")?;
        rule(l.body_ms >= 1, "limits.body_ms", "give at least 1")?;
        rule(l.deadline_ms >= 1, "limits.deadline_ms", "give at least 1")?;
        rule(
            self.ledger.auditor_token_sha256.len() <= 16,
            "ledger.auditor_token_sha256",
            "give at most 16 digests",
        )?;
        rule(l.login_failures >= 1, "limits.login_failures", "give at least 1")?;
        rule((1..=1000).contains(&l.list_page), "limits.list_page", "give 1 to 1000")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "enclave = \"unix:///run/fuin/enclave.sock\"\ndata = \"/var/lib/fuin\"\n";

    #[test]
    fn the_least_configuration_is_on_loopback() {
        let config = HostConfig::parse(SMALL).unwrap();
        assert!(config.listen.ip().is_loopback());
        assert_eq!(config.limits, LimitsConfig::default());
        let text = toml::to_string(&config).unwrap();
        assert_eq!(HostConfig::parse(&text).unwrap(), config);
    }

    #[test]
    fn unknown_fields_are_refused_at_every_level() {
        for extra in ["colour = 1", "[info]\ncolour = 1", "[limits]\ncolour = 1", "[ledger]\ncolour = 1"] {
            assert!(
                matches!(HostConfig::parse(&format!("{SMALL}{extra}\n")), Err(ConfigError::Syntax(_))),
                "{extra}"
            );
        }
    }

    #[test]
    fn values_that_cannot_work_name_their_field() {
        for (extra, field) in [
            ("external_url = \"https://a/\"", "external_url"),
            ("[ceremony]\nlisten = \"0.0.0.0:8081\"", "ceremony.listen"),
            ("[[revocation]]\nlist = \"ca.crl\"\nissuer = []", "revocation.issuer"),
            ("[info]\nregion = \"Japan\"", "info.region"),
            ("[info]\nspecs_v2 = \"2\"", "info.specs_v2"),
            ("[limits]\nbody_octets = 10", "limits.body_octets"),
            ("[limits]\nin_flight_per_connection = 0", "limits.in_flight_per_connection"),
            ("[limits]\ndeadline_ms = 0", "limits.deadline_ms"),
            ("[limits]\nlist_page = 0", "limits.list_page"),
        ] {
            let error = HostConfig::parse(&format!("{SMALL}{extra}\n")).unwrap_err();
            assert!(error.to_string().starts_with(field), "{error}");
        }
        let digests = vec![format!("\"{}\"", "ab".repeat(32)); 17].join(", ");
        let many = format!("{SMALL}[ledger]\nauditor_token_sha256 = [{digests}]\n");
        assert!(HostConfig::parse(&many).unwrap_err().to_string().starts_with("ledger.auditor_token_sha256"));
        let short = format!("{SMALL}[ledger]\nauditor_token_sha256 = [\"abcd\"]\n");
        assert!(matches!(HostConfig::parse(&short), Err(ConfigError::Syntax(_))));
        let text = SMALL.replace("unix://", "tcp://");
        assert!(HostConfig::parse(&text).unwrap_err().to_string().starts_with("enclave"));
    }
}
