//! Place: SIC. `fuin sad`: for clients of the API that leave the authorization to their user.

use crate::installation::{DEFAULT_DIR, Installation, now};
use crate::outcome::Failure;
use base64ct::{Base64, Encoding as _};
use fuin_sca::sign::{ToAuthorize, authorize};
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::bytes::Blob;
use serde::Deserialize;
use std::io::Read as _;
use std::path::PathBuf;

/// Most octets read from standard input.
const MAX_INPUT: u64 = 1024 * 1024;

/// Arguments.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("source").required(true).args(["hash", "stdin"])))]
pub struct Args {
    /// Folder of the development installation.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// The credential.
    #[arg(long, value_name = "ID", required_unless_present = "stdin", conflicts_with = "stdin")]
    credential: Option<String>,
    /// A hash to authorize, base64; once for each signature.
    #[arg(long, value_name = "BASE64")]
    hash: Vec<String>,
    /// Object identifier of the hash algorithm.
    #[arg(long, value_name = "OID", required_unless_present = "stdin", conflicts_with = "stdin")]
    hash_algo: Option<String>,
    /// What the hashes are of.
    #[arg(long, value_enum, value_name = "TYPE", default_value = "dtbs")]
    hash_type: crate::command::hash_type::Named,
    /// Reads a JSON object {credentialID, hashes, hashAlgorithmOID, numSignatures} from standard input instead.
    #[arg(long)]
    stdin: bool,
}

/// What standard input holds. Members have the names of credentials/authorize.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(rename = "credentialID")]
    credential: String,
    hashes: Vec<String>,
    #[serde(rename = "hashAlgorithmOID")]
    hash_algorithm: String,
    #[serde(rename = "numSignatures")]
    count: Option<u64>,
}

/// The request, parsed.
#[derive(Debug)]
struct Wanted {
    credential: String,
    hashes: Vec<Blob>,
    algorithm: HashAlgorithm,
}

/// Authorizes.
pub async fn run(args: Args) -> Result<(), Failure> {
    let request = if args.stdin {
        parse(&read_input()?)?
    } else {
        Request {
            credential: args.credential.clone().unwrap_or_default(),
            hashes: args.hash.clone(),
            hash_algorithm: args.hash_algo.clone().unwrap_or_default(),
            count: None,
        }
    };
    let wanted = request.check()?;
    let installation = Installation::open(&args.dir)?;
    let client = installation.client()?;
    let sic = installation.sic()?;
    let credential = installation.credential(&client, Some(&wanted.credential)).await?;
    let algorithm = credential.algorithm_for(wanted.algorithm)?;
    let asked = ToAuthorize {
        credential: &credential,
        hash_type: args.hash_type.into(),
        hashes: &wanted.hashes,
        algorithm,
        display: None,
    };
    let authorization = authorize(&client, &sic, &mut installation.means(), asked, now).await?;
    let sad = client
        .authorize(
            &credential.id,
            &credential.auth_object,
            &wanted.hashes,
            wanted.algorithm,
            &authorization.evidence,
            false,
        )
        .await?;
    println!("{}", sad.token.as_str());
    Ok(())
}

fn read_input() -> Result<Vec<u8>, Failure> {
    let mut octets = Vec::new();
    std::io::stdin().take(MAX_INPUT + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > MAX_INPUT {
        return Err(Failure::Usage("standard input: more than 1 MiB".into()));
    }
    Ok(octets)
}

fn parse(octets: &[u8]) -> Result<Request, Failure> {
    serde_json::from_slice(octets).map_err(|e| {
        let form = "{credentialID, hashes, hashAlgorithmOID, numSignatures}";
        Failure::Usage(format!("standard input: must be one JSON object {form}: {e}"))
    })
}

impl Request {
    fn check(self) -> Result<Wanted, Failure> {
        let wrong = |text: String| Err(Failure::Usage(text));
        let Some(algorithm) = HashAlgorithm::from_oid(&self.hash_algorithm) else {
            let known: Vec<_> = HashAlgorithm::ALL.iter().map(|a| a.oid().to_string()).collect();
            return wrong(format!(
                "hashAlgorithmOID (--hash-algo): {:?} is not offered; use one of {}",
                self.hash_algorithm,
                known.join(", ")
            ));
        };
        if self.hashes.is_empty() {
            return wrong("hashes: give at least one".into());
        }
        if self.count.is_some_and(|count| count != self.hashes.len() as u64) {
            return wrong(format!("numSignatures: must be {}, the number of hashes", self.hashes.len()));
        }
        let mut hashes = Vec::new();
        for (index, text) in self.hashes.iter().enumerate() {
            let Ok(hash) = Base64::decode_vec(text) else {
                return wrong(format!("hashes[{index}] (--hash): not base64"));
            };
            if hash.len() != algorithm.octets() {
                let (got, wanted) = (hash.len(), algorithm.octets());
                return wrong(format!(
                    "hashes[{index}] (--hash): has {got} octets, the hash algorithm gives {wanted}"
                ));
            }
            hashes.push(hash.into());
        }
        Ok(Wanted { credential: self.credential, hashes, algorithm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const SHA256: &str = "2.16.840.1.101.3.4.2.1";

    fn check(value: &Value) -> Result<Wanted, String> {
        let usage = |failure| match failure {
            Failure::Usage(text) => text,
            Failure::Failed(error) => panic!("{error}"),
        };
        parse(value.to_string().as_bytes()).and_then(Request::check).map_err(usage)
    }

    fn request() -> Value {
        let hash = Base64::encode_string(&[1; 32]);
        json!({ "credentialID": "c", "hashes": [hash, hash], "hashAlgorithmOID": SHA256, "numSignatures": 2 })
    }

    #[test]
    fn equal_hashes_stay_two_permissions() {
        let wanted = check(&request()).unwrap();
        assert_eq!(wanted.hashes, [Blob(vec![1; 32]), Blob(vec![1; 32])]);
        let mut without = request();
        without.as_object_mut().unwrap().remove("numSignatures");
        assert!(check(&without).is_ok());
    }

    #[test]
    fn each_wrong_field_is_named() {
        for (field, value, told) in [
            ("numSignatures", json!(1), "numSignatures"),
            ("numSignatures", json!(3), "numSignatures"),
            ("numSignatures", json!("2"), "standard input"),
            ("hashes", json!([]), "hashes"),
            ("hashes", json!(["AAAA", "AAAA"]), "hashes[0]"),
            ("hashes", json!(["*", "*"]), "hashes[0]"),
            ("hashAlgorithmOID", json!("1.3.14.3.2.26"), "hashAlgorithmOID"),
            ("credentialID", json!(null), "standard input"),
            ("colour", json!(1), "standard input"),
        ] {
            let mut changed = request();
            changed[field] = value;
            assert!(check(&changed).unwrap_err().starts_with(told), "{field}");
        }
        assert!(parse(b"{} {}").is_err());
    }
}
