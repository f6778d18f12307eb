//! Place: SCA. A receipt of an order: the event must be of this order and of nothing else.

use fuin_shared::codec;
use fuin_shared::log::event::{Event, EventBody, salted};
use fuin_shared::log::tree::{leaf_hash, root_of};
use fuin_shared::message::Receipt;
use fuin_shared::seal::SealOrder;

/// The receipt is of something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("receipt: {0}")]
pub struct ReceiptError(&'static str);

/// Checks that a receipt's event carries this order's mandate, number, count and hashes. That the event is in the ledger
/// is checked with the ledger.
///
/// # Errors
/// [`ReceiptError`].
pub fn check_receipt(receipt: &Receipt, order: &SealOrder) -> Result<(), ReceiptError> {
    let wrong = |text| Err(ReceiptError(text));
    let Ok(event) = codec::decode::<Event>(receipt.event.as_slice()) else {
        return wrong("holds no event in its one encoding");
    };
    let EventBody::Sealed { mandate, number, count, hashes, .. } = event.body else {
        return wrong("is not of seals");
    };
    if (mandate, number) != (order.mandate, order.number) || count as usize != order.hashes.len() {
        return wrong("is of another order");
    }
    // The first salt is the certificate's.
    if receipt.salts.len() != order.hashes.len() + 1 {
        return wrong("opens another number of hashes");
    }
    let salts = receipt.salts.iter().skip(1);
    let leaves: Vec<_> = order
        .hashes
        .iter()
        .zip(salts)
        .map(|(hash, salt)| leaf_hash(salted(salt.as_slice(), hash.as_slice()).as_ref()))
        .collect();
    if root_of(&leaves) == hashes.0 { Ok(()) } else { wrong("is of other hashes") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuin_shared::algorithm::{HashAlgorithm, SignatureAlgorithm};
    use fuin_shared::bytes::Blob;
    use fuin_shared::ids::{Digest32, MandateId, ServiceId, Subject};
    use fuin_shared::log::event::CredentialMark;

    fn order() -> SealOrder {
        SealOrder {
            version: 1,
            service: ServiceId([1; 32]),
            mandate: MandateId([2; 16]),
            number: 3,
            expires: 1,
            hashes: vec![vec![4; 32].into(), vec![5; 32].into()],
            hash_algorithm: HashAlgorithm::Sha256,
            signature_algorithm: SignatureAlgorithm::EcdsaSha256,
        }
    }

    fn receipt(order: &SealOrder) -> Receipt {
        let salts: Vec<Blob> = (0..=order.hashes.len() as u8).map(|n| vec![n; 16].into()).collect();
        let leaves: Vec<_> = order
            .hashes
            .iter()
            .zip(&salts[1..])
            .map(|(hash, salt)| leaf_hash(salted(salt.as_slice(), hash.as_slice()).as_ref()))
            .collect();
        let body = EventBody::Sealed {
            credential: CredentialMark { subject: Subject([6; 32]), sequence: 7 },
            mandate: order.mandate,
            number: order.number,
            certificate: Digest32([8; 32]),
            count: order.hashes.len() as u32,
            hashes: Digest32(root_of(&leaves)),
        };
        let event = Event { version: 1, time: 9, body, detail: None };
        Receipt { index: 10, event: codec::encode(&event).into(), salts, checkpoint: String::new() }
    }

    #[test]
    fn a_receipt_is_of_one_order() {
        let (order, receipt) = (order(), receipt(&order()));
        assert_eq!(check_receipt(&receipt, &order), Ok(()));
        let changes: [fn(&mut SealOrder); 4] = [
            |o| o.mandate = MandateId([0; 16]),
            |o| o.number = 4,
            |o| o.hashes[1] = vec![6; 32].into(),
            |o| drop(o.hashes.pop()),
        ];
        for change in changes {
            let mut other = order.clone();
            change(&mut other);
            assert!(check_receipt(&receipt, &other).is_err());
        }
        let mut broken = receipt.clone();
        broken.salts.pop();
        assert!(check_receipt(&broken, &order).is_err());
        let mut broken = receipt;
        broken.event.0.push(0);
        assert!(check_receipt(&broken, &order).is_err());
    }
}
