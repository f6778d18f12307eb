//! Place: SAM. Revocation of a credential's certificate (SRG_KM.7.1, DEL-6.3.2-01): the key is destroyed, and a tombstone
//! keeps it so. The list proves itself; nobody's word is asked for, the signer's neither.

use super::{Operational, Surroundings, Ticket};
use crate::ledger::journal::Entry;
use fuin_shared::bytes::Blob;
use fuin_shared::fault::Fault;
use fuin_shared::ids::Digest32;
use fuin_shared::log::event::EventBody;
use fuin_shared::message::ReportRevocation;
use fuin_shared::pki::Certificate;
use fuin_shared::pki::crl::RevocationList;
use sha2::{Digest, Sha256};

impl Operational {
    pub(super) fn report_revocation(
        &mut self,
        ticket: Ticket,
        request: &ReportRevocation,
        around: &Surroundings<'_>,
    ) -> Result<(), Fault> {
        let credential = self.open(&request.credential, &request.record, around)?;
        let record = &credential.record;
        let linked = record.certificate.as_ref().ok_or(Fault::InvalidKeyState)?;
        let authority = around.context.manifest.authority(&record.authority);
        let anchors = authority.map_or(&[][..], |authority| authority.anchors.as_slice());
        if !is_revoked(request.list.as_slice(), &linked.chain, anchors) {
            return Err(Fault::NotRevoked);
        }
        let body = EventBody::KeyRevoked {
            credential: self.journal.state().next_mark(credential.subject),
            list: Digest32(Sha256::digest(request.list.as_slice()).into()),
        };
        // On nobody's word: the list proves itself.
        let detail = record.detail().under(record.certificate_digest());
        self.destroy(ticket, &credential, Entry::new(body, detail), around)
    }
}

/// Whether this list, of the certificate's issuer, revokes the end entity's certificate for good. An old list is as good
/// as a new one: what it revokes stays revoked.
fn is_revoked(list: &[u8], chain: &[Blob], anchors: &[Blob]) -> bool {
    let parse = |der: &Blob| Certificate::from_der(der.as_slice()).ok();
    let Some(leaf) = chain.first().and_then(parse) else { return false };
    let Ok(list) = RevocationList::from_der(list) else { return false };
    // The path was checked when the certificate was linked: its issuer follows it, or is an anchor.
    let mut issuers = chain.get(1).into_iter().chain(anchors).filter_map(parse);
    list.issuer_der() == leaf.issuer_der()
        && list.revokes(leaf.serial())
        && issuers.any(|issuer| list.verify(&issuer).is_ok())
}
