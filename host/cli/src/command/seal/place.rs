//! Place: SCA. A folder for each mandate: its terms, and the receipts of its seals, one a line. The SCA's key lies beside.

use crate::file;
use crate::outcome::Failure;
use anyhow::Context as _;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use fuin_sca::seal::ScaKey;
use fuin_shared::codec;
use fuin_shared::ids::MandateId;
use fuin_shared::message::Receipt;
use fuin_shared::seal::{MAX_SCA_EVIDENCE, MAX_TERMS, MandateTerms, ScaEvidence, mandate_id};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const MAX_KEY: u64 = 16 * 1024;
const MAX_RECEIPTS: u64 = 256 * 1024 * 1024;

/// What is kept of a mandate.
pub struct Place {
    folder: PathBuf,
    /// Its id.
    pub id: MandateId,
    /// Its terms.
    pub terms: MandateTerms,
}

fn folder(dir: &Path, id: &MandateId) -> PathBuf {
    dir.join("mandates").join(id.to_string())
}

impl Place {
    /// Keeps new terms.
    pub fn make(dir: &Path, terms: MandateTerms) -> anyhow::Result<Self> {
        let octets = terms.to_bytes();
        let id = mandate_id(&octets);
        let folder = folder(dir, &id);
        file::private_folder(&dir.join("mandates"))?;
        file::private_folder(&folder)?;
        file::write(&folder.join("terms.cbor"), &octets, file::PUBLIC)?;
        Ok(Self { folder, id, terms })
    }

    /// The mandate of this id.
    ///
    /// # Errors
    /// [`Failure::Usage`] when its terms are not here.
    pub fn open(dir: &Path, id: &str) -> Result<Self, Failure> {
        let id: MandateId = id.parse().map_err(|_| {
            Failure::Usage("MANDATE: give the 32 hex digits that `fuin seal mandate` printed".into())
        })?;
        let folder = folder(dir, &id);
        let path = folder.join("terms.cbor");
        if !path.is_file() {
            let text = format!("MANDATE: its terms are not here ({} is missing)", path.display());
            return Err(Failure::Usage(text));
        }
        let octets = file::read(&path, MAX_TERMS as u64)?;
        let terms = codec::decode::<MandateTerms>(&octets).ok().filter(|_| mandate_id(&octets) == id);
        let terms = terms.with_context(|| format!("{}: not the terms of this mandate", path.display()))?;
        Ok(Self { folder, id, terms })
    }

    fn evidence_file(&self) -> PathBuf {
        self.folder.join("sca-evidence.cbor")
    }

    /// Keeps what says where the SCA's key lives.
    pub fn keep_evidence(&self, evidence: &ScaEvidence) -> anyhow::Result<()> {
        file::write(&self.evidence_file(), &evidence.to_bytes(), file::PUBLIC)
    }

    /// The same, if it was kept.
    pub fn evidence(&self) -> anyhow::Result<Option<ScaEvidence>> {
        let path = self.evidence_file();
        if !path.is_file() {
            return Ok(None);
        }
        let octets = file::read(&path, MAX_SCA_EVIDENCE as u64)?;
        let read = codec::decode(&octets).with_context(|| format!("{}: no evidence", path.display()));
        read.map(Some)
    }

    fn receipts_file(&self) -> PathBuf {
        self.folder.join("receipts")
    }

    /// Keeps a receipt, durably, before the seal is used.
    pub fn keep(&self, receipt: &Receipt) -> anyhow::Result<()> {
        let path = self.receipts_file();
        let line = format!("{}\n", Base64UrlUnpadded::encode_string(&codec::encode(receipt)));
        let mut out = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(file::SECRET)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        out.write_all(line.as_bytes())
            .and_then(|()| out.sync_all())
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// The receipts that are kept.
    pub fn receipts(&self) -> anyhow::Result<Vec<Receipt>> {
        let path = self.receipts_file();
        if !path.is_file() {
            return Ok(Vec::new());
        }
        let octets = file::read(&path, MAX_RECEIPTS)?;
        let text = std::str::from_utf8(&octets).ok();
        let wrong = || format!("{}: not receipts, one a line", path.display());
        let read = |line: &str| codec::decode(&Base64UrlUnpadded::decode_vec(line).ok()?).ok();
        text.with_context(wrong)?.lines().map(|line| read(line).with_context(wrong)).collect()
    }
}

/// The SCA's key of an installation, unless another file is named; made on first use if `make`.
pub fn sca_key(dir: &Path, named: Option<&Path>, make: bool) -> Result<ScaKey, Failure> {
    let path = named.map_or_else(|| dir.join("keys").join("sca.pem"), Path::to_owned);
    if !path.exists() && make {
        let key = ScaKey::generate(&mut UnwrapErr(SysRng));
        file::write(&path, key.to_pem()?.as_bytes(), file::SECRET)?;
        return Ok(key);
    }
    let pem = Zeroizing::new(file::read(&path, MAX_KEY)?);
    let pem = std::str::from_utf8(&pem).unwrap_or_default();
    ScaKey::from_pem(pem).map_err(|e| Failure::Usage(format!("--sca-key: {}: {e}", path.display())))
}

/// The terms, as a person reads them before signing.
pub fn display(id: &MandateId, terms: &MandateTerms) -> String {
    use crate::command::ledger::time;
    let seconds = |t: u64| time(t.saturating_mul(1000));
    let key = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(terms.sca_key.0.as_slice()));
    format!(
        "mandate:        {id}\n\
         credential:     {}\n\
         documents:      {}\n\
         seals:          {} at the most, {} in any {} seconds\n\
         from:           {}\n\
         until:          {}\n\
         algorithm:      {}\n\
         SCA's key:      SHA-256 {key}\n",
        terms.credential,
        terms.document_class,
        terms.count,
        terms.rate.seals,
        terms.rate.seconds,
        seconds(terms.not_before),
        seconds(terms.not_after),
        terms.signature_algorithm.oid(),
    )
}
