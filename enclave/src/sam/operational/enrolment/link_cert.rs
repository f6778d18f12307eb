//! Place: SAM. linkCert (extensions 4.6): the key's one certificate for life; the credential becomes usable.

use super::super::{Operational, Outcome, Surroundings, Ticket};
use super::require;
use crate::ledger::journal::Entry;
use crate::sam::certificates;
use crate::sam::record::{KeyState, LinkedCertificate};
use fuin_shared::fault::Fault;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::Manage;
use fuin_shared::statement::ManageAction;
use rand_core::CryptoRng;

impl Operational {
    pub(in super::super) fn link_cert(
        &mut self,
        ticket: Ticket,
        manage: &Manage,
        around: &Surroundings<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let proven = self.prove(manage, around)?;
        let target = self.target(manage, &proven, around)?;
        let ManageAction::LinkCert { certificates: chain } = proven.statement.action else {
            return Err(Fault::InvalidProof);
        };
        require(&target, KeyState::EidLinked)?;
        let record = &target.credential.record;
        let authority =
            around.context.manifest.authority(&record.authority).ok_or(Fault::UnknownAuthority)?;
        let checked = certificates::check(
            &chain,
            record.spki.as_slice(),
            &authority.anchors,
            record.subject.as_deref(),
            around.seconds(),
        )?;
        certificates::check_purpose(&checked.leaf, record.purpose)?;
        // The key may be used with one of its algorithms until the certificate ends (SRC_SKS.1.1).
        let manifest = &around.context.manifest;
        let algorithms = record.algorithm.signature_algorithms();
        if !algorithms.iter().any(|algorithm| manifest.allows(*algorithm, checked.not_after)) {
            return Err(Fault::CertificateNotAcceptable);
        }
        let pseudonym = self.journal.keys().certificate(checked.issuer.as_slice(), checked.serial.as_slice());
        if self.journal.state().is_linked(&pseudonym) {
            return Err(Fault::CertificateLinked);
        }
        let mut record = self.copy(target.hint)?;
        record.certificate =
            Some(LinkedCertificate { not_before: checked.not_before, not_after: checked.not_after, chain });
        record.state = KeyState::Active;
        let (mark, change, version) = self.reseal(&target, &record, rng)?;
        let body = EventBody::CertificateLinked {
            credential: self.journal.state().next_mark(target.credential.subject),
            record: mark,
            certificate: pseudonym,
            statement: target.statement,
        };
        let detail = target.detail().under(record.certificate_digest());
        let entry = Entry { records: vec![change], ..Entry::new(body, detail) };
        self.append(ticket, entry, Outcome::CertificateLinked(version), around)
    }
}
