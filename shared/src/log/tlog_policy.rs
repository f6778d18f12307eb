//! Place: none. C2SP tlog-policy: whose checkpoints count, and who must have cosigned them.
//!
//! ```text
//! log <vkey> [<url>]
//! witness <name> <vkey> [<url>]
//! group <name> <k|any|all> <name>...
//! quorum <name|none>
//! ```
//!
//! Lines end with a line feed, words are separated by spaces and tabs, `#` begins a comment line. A name stands for one thing,
//! is defined before it is used, and is a member of one group at most, so a witness counts in one way only.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use thiserror::Error;

use super::cosignature::{Cosignature, WitnessKey};
use super::note::{KeyError, VerifierKey};
use super::witness_policy::WitnessSet;

/// Most octets of a policy.
pub const MAX_POLICY: usize = 64 * 1024;
/// Most logs, most witnesses, most groups.
const MAX_EACH: usize = 64;

/// Why a policy was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TlogPolicyError {
    /// More than [`MAX_POLICY`] octets.
    #[error("the policy is longer than {MAX_POLICY} octets")]
    TooLong,
    /// A control character other than tab and line feed.
    #[error("line {0}: a control character other than a tab")]
    Character(usize),
    /// A rule of the format.
    #[error("line {0}: {1}")]
    Line(usize, &'static str),
    /// A vkey.
    #[error("line {0}: {1}")]
    Key(usize, KeyError),
    /// No line `quorum`.
    #[error("the policy has no line `quorum`")]
    NoQuorum,
    /// A threshold that no number of these witnesses can meet, or that is met by none.
    #[error("the threshold must be 1 to the number of witnesses")]
    Threshold,
    /// Two witnesses with one raw key.
    #[error("two witnesses have the same public key: it would count twice")]
    SameKey,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    None,
    /// Position among the witnesses.
    Witness(usize),
    /// At least so many of these.
    Group(usize, Vec<Rule>),
}

impl Rule {
    fn met(&self, cosigned: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::None => true,
            Self::Witness(position) => cosigned(*position),
            Self::Group(k, members) => members.iter().filter(|member| member.met(cosigned)).count() >= *k,
        }
    }
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogPolicy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<WitnessKey>,
    quorum: Rule,
}

/// What a name stands for, and whether it is a member of a group.
struct Named {
    name: String,
    rule: Rule,
    member: bool,
}

/// A policy that is being read.
#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    witnesses: Vec<WitnessKey>,
    names: Vec<Named>,
    quorum: Option<Rule>,
}

impl TlogPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`TlogPolicyError`], with the number of the line.
    pub fn parse(text: &str) -> Result<Self, TlogPolicyError> {
        if text.len() > MAX_POLICY {
            return Err(TlogPolicyError::TooLong);
        }
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(text.split('\n')) {
            if line.bytes().any(|octet| (octet < b' ' && octet != b'\t') || octet == 0x7f) {
                return Err(TlogPolicyError::Character(number));
            }
            let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
            let Some(first) = words.next().filter(|word| !word.starts_with('#')) else { continue };
            reader.line(number, first, &words.collect::<Vec<_>>())?;
        }
        let quorum = reader.quorum.ok_or(TlogPolicyError::NoQuorum)?;
        Ok(Self { logs: reader.logs, witnesses: reader.witnesses, quorum })
    }

    /// At least `k` of these witnesses; any log.
    ///
    /// # Errors
    /// [`TlogPolicyError::Threshold`], [`TlogPolicyError::SameKey`].
    pub fn of(witnesses: Vec<WitnessKey>, k: usize) -> Result<Self, TlogPolicyError> {
        if k == 0 || k > witnesses.len() {
            return Err(TlogPolicyError::Threshold);
        }
        for (position, witness) in witnesses.iter().enumerate() {
            if witnesses.iter().take(position).any(|other| other.public_key() == witness.public_key()) {
                return Err(TlogPolicyError::SameKey);
            }
        }
        let members = (0..witnesses.len()).map(Rule::Witness).collect();
        Ok(Self { logs: Vec::new(), witnesses, quorum: Rule::Group(k, members) })
    }

    /// The logs; none means that the log is known otherwise.
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// All witnesses, also those that the quorum does not need.
    #[must_use]
    pub fn witnesses(&self) -> &[WitnessKey] {
        &self.witnesses
    }

    /// Whether these cosignatures *over one checkpoint* are enough.
    #[must_use]
    pub fn met_by(&self, cosignatures: &[Cosignature]) -> bool {
        let cosigned = |position: usize| {
            self.witnesses.get(position).is_some_and(|key| cosignatures.iter().any(|c| c.witness() == key))
        };
        self.quorum.met(&cosigned)
    }
}

impl From<&WitnessSet> for TlogPolicy {
    fn from(set: &WitnessSet) -> Self {
        let members = (0..set.keys().len()).map(Rule::Witness).collect();
        Self {
            logs: Vec::new(),
            witnesses: set.keys().to_vec(),
            quorum: Rule::Group(set.threshold(), members),
        }
    }
}

impl Reader {
    fn line(&mut self, number: usize, first: &str, words: &[&str]) -> Result<(), TlogPolicyError> {
        let wrong = |what| TlogPolicyError::Line(number, what);
        let key = |error| TlogPolicyError::Key(number, error);
        match (first, words) {
            ("log", [vkey] | [vkey, _]) => {
                let log = VerifierKey::parse(vkey).map_err(key)?;
                if self.logs.len() == MAX_EACH {
                    return Err(wrong("more than 64 logs"));
                }
                if self.logs.iter().any(|other| other.public_key() == log.public_key()) {
                    return Err(wrong("another log has the same public key"));
                }
                self.logs.push(log);
                Ok(())
            }
            ("witness", [name, vkey] | [name, vkey, _]) => {
                let witness = WitnessKey::parse(vkey).map_err(key)?;
                if self.witnesses.len() == MAX_EACH {
                    return Err(wrong("more than 64 witnesses"));
                }
                if self.witnesses.iter().any(|other| other.public_key() == witness.public_key()) {
                    return Err(wrong("another witness has the same public key"));
                }
                self.define(number, name, Rule::Witness(self.witnesses.len()))?;
                self.witnesses.push(witness);
                Ok(())
            }
            ("group", [name, k, members @ ..]) if !members.is_empty() => {
                let k = match *k {
                    "any" => Some(1),
                    "all" => Some(members.len()),
                    k => decimal(k).filter(|k| (1..=members.len()).contains(k)),
                };
                let k = k.ok_or_else(|| wrong("a threshold is any, all, or 1 to the number of members"))?;
                if self.names.iter().filter(|named| matches!(named.rule, Rule::Group(..))).count() == MAX_EACH
                {
                    return Err(wrong("more than 64 groups"));
                }
                let mut rules = Vec::new();
                for member in members {
                    let named = self.names.iter_mut().find(|named| named.name == *member);
                    let named = named.ok_or_else(|| wrong("a member that is not defined before"))?;
                    if core::mem::replace(&mut named.member, true) {
                        return Err(wrong("a member that is one already, here or of another group"));
                    }
                    rules.push(named.rule.clone());
                }
                self.define(number, name, Rule::Group(k, rules))
            }
            ("quorum", [name]) => {
                let rule = match *name {
                    "none" => Some(Rule::None),
                    name => {
                        self.names.iter().find(|named| named.name == name).map(|named| named.rule.clone())
                    }
                };
                let rule = rule.ok_or_else(|| wrong("a quorum that is not defined before"))?;
                if self.quorum.replace(rule).is_some() {
                    return Err(wrong("a second quorum"));
                }
                Ok(())
            }
            _ => Err(wrong("neither log, witness, group nor quorum with the words that it needs")),
        }
    }

    fn define(&mut self, number: usize, name: &str, rule: Rule) -> Result<(), TlogPolicyError> {
        if name == "none" || self.names.iter().any(|named| named.name == name) {
            return Err(TlogPolicyError::Line(number, "the name is taken"));
        }
        self.names.push(Named { name: name.to_owned(), rule, member: false });
        Ok(())
    }
}

fn decimal(text: &str) -> Option<usize> {
    let plain = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests;
