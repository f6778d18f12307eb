//! Place: none. Who must have cosigned a checkpoint: options, and what they find.

use super::Trouble;
use super::breaks::Named;
use crate::ceremony::founded::Founded;
use crate::file;
use crate::outcome::Failure;
use fuin_sca::card::{MAX_CARD, ServiceCard};
use fuin_shared::log::cosignature::{CosignedCheckpoint, WitnessKey};
use fuin_shared::log::note::VerifierKey;
use fuin_shared::log::tlog_policy::{MAX_POLICY, TlogPolicy};
use fuin_shared::log::witness_policy::WitnessPolicy;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Whose cosignatures count. Those that the service card names, unless others are given.
#[derive(clap::Args)]
#[group(id = "quorum")]
pub struct Args {
    /// A witness, a C2SP vkey; once for each. Most of them must have cosigned, unless --threshold says otherwise.
    #[arg(long, value_name = "VKEY")]
    witness: Vec<String>,
    /// How many of the witnesses given must have cosigned.
    #[arg(long, value_name = "K", requires = "witness")]
    threshold: Option<usize>,
    /// A C2SP tlog-policy: witnesses, groups of them, and their quorum.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["witness", "manifest"])]
    policy: Option<PathBuf>,
    /// The service's signed manifest, or all of its manifests as `fuin manifest show --save` keeps them: the newest names the
    /// witnesses. The file must have come by another way than from the host: its signatures are checked, and that its officers
    /// are the service's is not.
    #[arg(long, value_name = "FILE", conflicts_with = "witness")]
    manifest: Option<PathBuf>,
}

impl Args {
    /// The quorum that is demanded; none where nobody names witnesses.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub fn read(&self, card: Option<&Path>, log: &VerifierKey) -> Result<Option<TlogPolicy>, Failure> {
        let wrong = |option: &str, e: &dyn std::fmt::Display| Failure::Usage(format!("{option}: {e}"));
        let read = |option, path: &Path, limit: usize| {
            file::read(path, limit as u64).map_err(|e| wrong(option, &format!("{e:#}")))
        };
        if let Some(path) = &self.policy {
            let text = String::from_utf8(read("--policy", path, MAX_POLICY)?);
            let text = text.map_err(|_| wrong("--policy", &"not UTF-8"))?;
            let policy = TlogPolicy::parse(&text).map_err(|e| wrong("--policy", &e))?;
            let named = |known: &VerifierKey| known.to_string() == log.to_string();
            if !policy.logs().is_empty() && !policy.logs().iter().any(named) {
                return Err(wrong("--policy", &"it names logs, and this ledger is none of them"));
            }
            return Ok(Some(policy));
        }
        if !self.witness.is_empty() {
            let keys = self.witness.iter().map(|vkey| WitnessKey::parse(vkey)).collect::<Result<Vec<_>, _>>();
            let keys = keys.map_err(|e| wrong("--witness", &e))?;
            let k = self.threshold.unwrap_or(keys.len() / 2 + 1);
            return TlogPolicy::of(keys, k).map(Some).map_err(|e| wrong("--witness", &e));
        }
        let set = |option, policy: Option<WitnessPolicy>| {
            let set = policy.map(|policy| policy.check()).transpose().map_err(|e| wrong(option, &e))?;
            Ok(set.as_ref().map(TlogPolicy::from))
        };
        if let Some(path) = &self.manifest {
            let founded = Founded::read_signed(path).map_err(|e| wrong("--manifest", &format!("{e:#}")))?;
            return set("--manifest", founded.manifest.witnesses);
        }
        let Some(path) = card else { return Ok(None) };
        let card = ServiceCard::parse(&read("--card", path, MAX_CARD)?).map_err(|e| wrong("--card", &e))?;
        set("--card", card.witnesses)
    }
}

impl Args {
    /// The witnesses of each manifest, where all manifests are given.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub fn history(&self) -> Result<Vec<Named>, Failure> {
        let Some(path) = &self.manifest else { return Ok(Vec::new()) };
        let all = Founded::read_all(path).map_err(|e| Failure::Usage(format!("--manifest: {e:#}")))?;
        let named = all.into_iter().map(|(hash, manifest)| {
            let set = manifest.witnesses.map(|policy| policy.check()).transpose();
            set.map(|set| (hash, set)).map_err(|e| Failure::Usage(format!("--manifest: {e}")))
        });
        named.collect()
    }
}

/// A checkpoint that a quorum has cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// Entries that it covers.
    pub size: u64,
    /// Who, and when in Unix seconds.
    pub by: Vec<(String, u64)>,
    /// Who has not.
    pub missing: Vec<String>,
}

impl Cosigned {
    /// The cosignatures under a checkpoint of this ledger, and whether they are enough.
    ///
    /// # Errors
    /// [`Trouble::Broken`] where a line of a known witness does not verify.
    pub fn under(note: &str, log: &VerifierKey, policy: &TlogPolicy) -> Result<(Self, bool), Trouble> {
        let cosigned = CosignedCheckpoint::open(note, log, policy.witnesses())
            .map_err(|e| Trouble::broken(0, format!("checkpoint: {e}")))?;
        let cosignatures = cosigned.cosignatures();
        let by = cosignatures.iter().map(|c| (c.witness().name().to_owned(), c.time())).collect();
        let silent = |key: &&WitnessKey| !cosignatures.iter().any(|c| c.witness() == *key);
        let missing = policy.witnesses().iter().filter(silent).map(|key| key.name().to_owned()).collect();
        let size = cosigned.checkpoint().size;
        Ok((Self { size, by, missing }, policy.met_by(cosignatures)))
    }

    /// What is said where there is no quorum.
    pub fn too_few(&self) -> String {
        let by: Vec<&str> = self.by.iter().map(|(name, _)| name.as_str()).collect();
        let by = if by.is_empty() { "nobody".to_owned() } else { by.join(", ") };
        format!(
            "no quorum of witnesses: the checkpoint of {} entries is cosigned by {by}; missing: {}",
            self.size,
            self.missing.join(", ")
        )
    }

    /// For `--json`.
    pub fn value(&self) -> Value {
        let by = self.by.iter().map(|(name, time)| json!({ "witness": name, "time": time }));
        json!({ "size": self.size, "by": by.collect::<Vec<_>>(), "missing": self.missing })
    }

    /// One line for each.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.by.is_empty() {
            text += "cosigned:    by nobody, and nobody was demanded\n";
        }
        for (name, time) in &self.by {
            let time = super::show::time(time.saturating_mul(1000));
            text += &format!("cosigned:    {} entries by {name} at {time}\n", self.size);
        }
        for name in &self.missing {
            text += &format!("             not by {name}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::log::checkpoint::Checkpoint;
    use fuin_shared::log::cosignature::Cosigner;
    use fuin_shared::log::note::NoteSigner;

    fn args() -> Args {
        Args { witness: Vec::new(), threshold: None, policy: None, manifest: None }
    }

    fn usage(result: Result<Option<TlogPolicy>, Failure>) -> String {
        match result {
            Err(Failure::Usage(text)) => text,
            _ => panic!("no usage error"),
        }
    }

    #[test]
    fn options_that_cannot_work_are_named() {
        let log = NoteSigner::from_seed("log.example", &[1; 32]).unwrap();
        let log = log.verifier();
        let vkey = |n: u8| Cosigner::from_seed("w", &[n; 32]).unwrap().witness().to_string();
        assert!(args().read(None, log).ok().unwrap().is_none());
        let witness = |witness, threshold| Args { witness, threshold, ..args() }.read(None, log);
        assert_eq!(witness(vec![vkey(1), vkey(2)], None).ok().unwrap().unwrap().witnesses().len(), 2);
        assert!(usage(witness(vec![log.to_string()], None)).starts_with("--witness: signature type"));
        assert!(usage(witness(vec![vkey(1)], Some(2))).starts_with("--witness: the threshold"));
        assert!(usage(witness(vec![vkey(1), vkey(1)], None)).starts_with("--witness: two witnesses"));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy");
        let policy = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Args { policy: Some(path.clone()), ..args() }.read(None, log)
        };
        assert!(policy(&format!("log {log}\nquorum none\n")).is_ok());
        let other = NoteSigner::from_seed("log.example", &[2; 32]).unwrap().verifier().to_string();
        assert!(usage(policy(&format!("log {other}\nquorum none\n"))).contains("none of them"));
        assert_eq!(usage(policy("quorum q\n")), "--policy: line 1: a quorum that is not defined before");
        let manifest = Args { manifest: Some(path.clone()), ..args() };
        assert!(usage(manifest.read(None, log)).starts_with("--manifest: "));
        assert!(usage(args().read(Some(&path), log)).starts_with("--card: "));
    }

    #[test]
    fn a_forged_cosignature_refuses_the_checkpoint_and_a_missing_one_the_quorum() {
        let log = NoteSigner::from_seed("log.example", &[1; 32]).unwrap();
        let cosigners = [1, 2, 3].map(|n| Cosigner::from_seed(&format!("w{n}"), &[n; 32]).unwrap());
        let keys = cosigners.iter().map(|c| c.witness().clone()).collect();
        let policy = TlogPolicy::of(keys, 2).unwrap();
        let head = Checkpoint { origin: "log.example".into(), size: 5, root: [5; 32] };
        let line = |n: usize, head: &Checkpoint| cosigners[n].cosign(head, 9).unwrap().to_text();
        let own = head.sign(&log).unwrap();
        let under = |note: &str| Cosigned::under(note, log.verifier(), &policy);
        let (two, enough) = under(&format!("{own}{}{}", line(0, &head), line(2, &head))).unwrap();
        assert!(enough && two.missing == ["w2"] && two.by == [("w1".into(), 9), ("w3".into(), 9)]);
        let (one, enough) = under(&format!("{own}{}", line(0, &head))).unwrap();
        assert!(!enough && one.too_few().ends_with("cosigned by w1; missing: w2, w3"), "{}", one.too_few());
        let other = Checkpoint { size: 6, ..head.clone() };
        let forged = format!("{own}{}{}{}", line(0, &head), line(1, &head), line(2, &other));
        assert!(matches!(under(&forged), Err(Trouble::Broken(_))));
        assert!(under(&own).unwrap().0.too_few().contains("by nobody"));
    }
}
