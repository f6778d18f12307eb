//! Place: none. What approvers granted and programs ordered, and the judgement of every seal.
//!
//! The ledger's index in the receipts says what was before what, in whatever order answers came. An answer may be lost, and its
//! mandate or seals with it: then what came out is still within what was granted.

use super::said::event;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{CredentialId, MandateId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::log::event::EventBody;
use fuin_shared::message::{Receipt, Seal};
use fuin_shared::seal::{MandateTerms, SealOrder, SignedOrder, mandate_hash, mandate_id};
use std::collections::{BTreeMap, BTreeSet};

/// An order that was obeyed.
struct Obeyed {
    /// Index of its event.
    index: u64,
    /// When, Unix milliseconds.
    time: u64,
    number: u64,
    seals: u32,
}

/// Terms that were put before the approvers, and what came of them.
struct Proposed {
    terms: MandateTerms,
    obeyed: Vec<Obeyed>,
    /// Index of the event that ended it.
    ended: Option<u64>,
}

/// All that is known of mandates.
#[derive(Default)]
pub struct Mandates {
    /// How many approvers of a credential must sign.
    thresholds: BTreeMap<CredentialId, u8>,
    proposed: BTreeMap<MandateId, Proposed>,
    /// Approvers who signed a hash with the purpose to grant.
    signed: BTreeMap<Blob, BTreeSet<u32>>,
    /// Orders that programs signed: by whose key, and whether each was obeyed.
    orders: BTreeMap<Blob, (Spki, bool)>,
    /// Statements with which officers ended mandates.
    endings: BTreeSet<Blob>,
}

impl Mandates {
    /// So many approvers must sign for this credential.
    pub fn approved_by(&mut self, credential: &CredentialId, threshold: u8) {
        self.thresholds.insert(credential.clone(), threshold);
    }

    /// How many must.
    pub(super) fn threshold(&self, credential: &CredentialId) -> Option<usize> {
        self.thresholds.get(credential).map(|threshold| usize::from(*threshold))
    }

    /// These terms are put before the approvers.
    pub fn proposed(&mut self, terms: &MandateTerms) {
        let proposed = Proposed { terms: terms.clone(), obeyed: Vec::new(), ended: None };
        self.proposed.entry(mandate_id(&terms.to_bytes())).or_insert(proposed);
    }

    /// An approver signed this, with the purpose to grant.
    pub(super) fn signed(&mut self, hash: &Blob, approver: u32) {
        self.signed.entry(hash.clone()).or_default().insert(approver);
    }

    /// The program with this key signed this order.
    pub fn ordered(&mut self, order: &SealOrder, key: Spki) {
        self.orders.entry(codec::encode(order).into()).or_insert((key, false));
    }

    /// An officer signed this ending of a mandate.
    pub fn ending(&mut self, statement: Blob) {
        self.endings.insert(statement);
    }

    /// Whether an officer did.
    pub(super) fn may_end(&self, statement: &Blob) -> bool {
        self.endings.contains(statement)
    }

    /// The hash that grants these terms, if they were put before approvers.
    pub(super) fn granting(&self, terms: &Blob) -> Option<Blob> {
        let known = self.proposed.get(&mandate_id(terms.as_slice()))?;
        (known.terms.to_bytes() == terms.0)
            .then(|| mandate_hash(known.terms.hash_algorithm, terms.as_slice()))
    }

    /// A mandate was ended under this receipt: nothing is sealed after it.
    ///
    /// # Errors
    /// What is wrong with that.
    pub(super) fn ended(&mut self, mandate: &MandateId, receipt: &Receipt) -> Result<(), String> {
        let known = self.proposed.get_mut(mandate).ok_or("ended a mandate that nobody proposed")?;
        known.ended.get_or_insert(receipt.index);
        known.judge()
    }

    /// An order of a program seals once, its own hashes and no others, under a mandate that allows it.
    ///
    /// # Errors
    /// What is wrong with the seals.
    pub(super) fn sealed(
        &mut self,
        request: &Seal,
        seals: &[Blob],
        receipt: &Receipt,
        key: &PublicKey,
    ) -> Result<(), String> {
        let none = "sealed on an order that is none";
        let signed: SignedOrder = codec::decode(request.order.as_slice()).map_err(|_| none)?;
        let order: SealOrder = codec::decode(signed.order.as_slice()).map_err(|_| none)?;
        let (by, obeyed) =
            self.orders.get_mut(&signed.order).ok_or("sealed on an order that no program made")?;
        if std::mem::replace(obeyed, true) {
            return Err("sealed on an order that was obeyed before".to_owned());
        }
        if order.hashes.is_empty() || order.hashes.len() != seals.len() {
            return Err("not one seal for each hash".to_owned());
        }
        for (hash, seal) in order.hashes.iter().zip(seals) {
            key.verify_digest(hash.as_slice(), seal.as_slice())
                .map_err(|_| "a seal of something else than the hash ordered")?;
        }
        let known = self.proposed.get_mut(&order.mandate).ok_or("sealed under a mandate of nobody's")?;
        let terms = &known.terms;
        if terms.credential != request.credential {
            return Err("sealed with another key than the mandate's".to_owned());
        }
        if terms.sca_key != *by {
            return Err("sealed for another program than the mandate's".to_owned());
        }
        let approvers = self.signed.get(&mandate_hash(terms.hash_algorithm, &terms.to_bytes()));
        let wanted = self.thresholds.get(&terms.credential).copied().unwrap_or(u8::MAX);
        if approvers.map_or(0, BTreeSet::len) < usize::from(wanted) {
            return Err("sealed under a mandate that too few approvers signed".to_owned());
        }
        let event = event(receipt)?;
        let seals = u32::try_from(seals.len()).unwrap();
        match event.body {
            EventBody::Sealed { mandate, number, count, .. }
                if (mandate, number, count) == (order.mandate, order.number, seals) => {}
            _ => return Err("seals under the event of another order".to_owned()),
        }
        let obeyed = Obeyed { index: receipt.index, time: event.time, number: order.number, seals };
        known.obeyed.push(obeyed);
        known.judge()
    }
}

impl Proposed {
    /// Never more than was granted, in whatever order the answers came.
    fn judge(&mut self) -> Result<(), String> {
        self.obeyed.sort_by_key(|order| order.index);
        let (terms, all) = (&self.terms, &self.obeyed);
        if all.windows(2).any(|pair| pair[0].number >= pair[1].number) {
            return Err("orders obeyed out of their order".to_owned());
        }
        if all.iter().map(|order| order.seals).sum::<u32>() > terms.count {
            return Err("more seals than the mandate allows".to_owned());
        }
        let window = terms.not_before..terms.not_after;
        if !all.iter().all(|order| window.contains(&(order.time / 1000))) {
            return Err("a seal outside the mandate's window".to_owned());
        }
        let interval = u64::from(terms.rate.seconds) * 1000;
        let fast = all.iter().enumerate().any(|(at, last)| {
            let within = all[..=at].iter().filter(|order| last.time - order.time < interval);
            within.map(|order| order.seals).sum::<u32>() > terms.rate.seals
        });
        if fast {
            return Err("more seals in an interval than the mandate allows".to_owned());
        }
        let after = |ended| all.iter().any(|order| order.index > ended);
        if self.ended.is_some_and(after) {
            Err("a seal after the end of its mandate".to_owned())
        } else {
            Ok(())
        }
    }
}
