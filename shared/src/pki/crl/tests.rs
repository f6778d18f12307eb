use proptest::prelude::*;

use super::super::forge::*;
use super::*;
use crate::algorithm::SignatureAlgorithm;
use CrlError as E;

fn ca_key() -> Key {
    Key::p384(2)
}

fn ca() -> Certificate {
    Forge::ca("CA", "Root", &ca_key(), Some(0)).issue(&Key::p384(1))
}

/// Fields of a list to be; change one and see it refused.
struct List {
    version: Vec<u8>,
    inner_algorithm: Option<Vec<u8>>,
    issuer: Vec<u8>,
    this_update: Vec<u8>,
    next_update: Vec<u8>,
    entries: Option<Vec<Vec<u8>>>,
    extensions: Vec<Ext>,
    unused_bits: u8,
}

fn extensions(list: &[Ext]) -> Vec<u8> {
    let each: Vec<Vec<u8>> = list
        .iter()
        .map(|(o, critical, value)| {
            let critical: &[u8] = if *critical { &[1, 1, 0xff] } else { &[] };
            seq(&[&oid(o), critical, &tlv(4, value)])
        })
        .collect();
    tlv(0x30, &each.concat())
}

fn entry_der(serial: &[u8], list: &[Ext]) -> Vec<u8> {
    let time = tlv(0x17, b"250601000000Z");
    let list = if list.is_empty() { Vec::new() } else { extensions(list) };
    seq(&[&tlv(2, serial), &time, &list])
}

impl List {
    fn new() -> Self {
        Self {
            version: tlv(2, &[1]),
            inner_algorithm: None,
            issuer: cn("CA"),
            this_update: tlv(0x17, b"260101000000Z"),
            next_update: tlv(0x17, b"260102000000Z"),
            entries: Some(vec![entry_der(&[7], &[("2.5.29.21", false, vec![0x0a, 1, 1])])]),
            extensions: vec![("2.5.29.20", false, tlv(2, &[5])), ("2.5.29.35", false, seq(&[]))],
            unused_bits: 0,
        }
    }

    fn der(&self, key: &Key) -> Vec<u8> {
        let algorithm = seq(&[&oid(&SignatureAlgorithm::EcdsaSha384.oid().to_string())]);
        let entries = self.entries.as_ref().map(|list| tlv(0x30, &list.concat())).unwrap_or_default();
        let exts =
            if self.extensions.is_empty() { Vec::new() } else { tlv(0xa0, &extensions(&self.extensions)) };
        let tbs = seq(&[
            &self.version,
            self.inner_algorithm.as_ref().unwrap_or(&algorithm),
            &self.issuer,
            &self.this_update,
            &self.next_update,
            &entries,
            &exts,
        ]);
        let signature = key.sign(SignatureAlgorithm::EcdsaSha384, &tbs);
        seq(&[&tbs, &algorithm, &tlv(3, &[&[self.unused_bits][..], &signature].concat())])
    }
}

fn read(change: impl FnOnce(&mut List)) -> Result<RevocationList, CrlError> {
    let mut list = List::new();
    change(&mut list);
    RevocationList::from_der(&list.der(&ca_key()))
}

fn with_entry(entry: Vec<u8>) -> Result<RevocationList, CrlError> {
    read(|list| list.entries = Some(vec![entry]))
}

#[test]
fn fields_of_a_good_list() {
    let list = read(|_| {}).unwrap();
    assert_eq!(list.issuer_der(), cn("CA"));
    assert_eq!(list.number(), [5]);
    assert_eq!((list.this_update(), list.next_update()), (NOW, NOW + 86_400));
    assert!(list.lists(&[7]) && !list.lists(&[8]));
    assert_eq!((list.len(), list.is_empty()), (1, false));
    assert_eq!(list.verify(&ca()), Ok(()));
    let empty = read(|list| list.entries = None).unwrap();
    assert!(empty.is_empty() && empty.verify(&ca()).is_ok());
}

#[test]
fn times_include_both_ends() {
    let list = read(|_| {}).unwrap();
    assert_eq!(list.check_time(NOW - 1), Err(E::NotYetValid));
    assert_eq!(list.check_time(NOW), Ok(()));
    assert_eq!(list.check_time(NOW + 86_400), Ok(()));
    assert_eq!(list.check_time(NOW + 86_401), Err(E::Expired));
}

#[test]
fn numbers_are_compared_as_numbers() {
    let with = |content: &[u8]| read(|list| list.extensions[0].2 = tlv(2, content)).unwrap();
    assert_eq!(with(&[0x7f]).compare_number(&with(&[0x01, 0x00])), Ordering::Less);
    assert_eq!(with(&[0x00, 0x80]).compare_number(&with(&[0x7f])), Ordering::Greater);
    assert_eq!(with(&[9]).compare_number(&with(&[9])), Ordering::Equal);
}

#[test]
fn lists_of_another_version_are_refused() {
    assert_eq!(read(|list| list.version = tlv(2, &[0])).unwrap_err(), E::NotVersion2);
    assert!(matches!(read(|list| list.version = Vec::new()), Err(E::Malformed(_))));
}

#[test]
fn lists_without_order_in_their_times_are_refused() {
    assert_eq!(read(|list| list.next_update = Vec::new()).unwrap_err(), E::BadTimes);
    assert_eq!(read(|list| list.next_update = tlv(0x17, b"251231000000Z")).unwrap_err(), E::BadTimes);
    assert_eq!(read(|list| list.next_update = tlv(0x18, b"20260102000000Z")).unwrap_err(), E::NotExact);
    assert!(read(|list| list.next_update = tlv(0x18, b"20500102000000Z")).is_ok());
}

#[test]
fn lists_without_a_number_are_refused() {
    let number = |value: Vec<u8>| read(|list| list.extensions[0].2 = value).unwrap_err();
    assert_eq!(read(|list| list.extensions.clear()).unwrap_err(), E::NoNumber);
    assert_eq!(number(tlv(2, &[0xff])), E::NoNumber);
    assert_eq!(number(tlv(2, &[0, 1])), E::NoNumber);
    assert_eq!(number(tlv(2, &[0x7f; 21])), E::NoNumber);
    assert_eq!(number(tlv(4, &[1])), E::NoNumber);
}

#[test]
fn unknown_critical_extensions_are_refused() {
    let unknown = || ("1.2.3.4", true, vec![5, 0]);
    let oid = ObjectIdentifier::new_unwrap("1.2.3.4");
    assert_eq!(read(|list| list.extensions.push(unknown())).unwrap_err(), E::UnknownCritical(oid));
    assert_eq!(with_entry(entry_der(&[7], &[unknown()])).unwrap_err(), E::UnknownCritical(oid));
    assert!(read(|list| list.extensions.push(("1.2.3.4", false, vec![5, 0]))).is_ok());
}

#[test]
fn partial_and_indirect_lists_are_refused() {
    for (oid, constant) in [("2.5.29.27", DELTA_INDICATOR), ("2.5.29.28", ISSUING_POINT)] {
        for critical in [true, false] {
            let value = tlv(2, &[1]);
            assert_eq!(
                read(|list| list.extensions.push((oid, critical, value))).unwrap_err(),
                E::Partial(constant)
            );
        }
    }
    let issuer = ("2.5.29.29", true, seq(&[]));
    assert_eq!(with_entry(entry_der(&[7], &[issuer])).unwrap_err(), E::Partial(ENTRY_ISSUER));
    let removed = ("2.5.29.21", false, vec![0x0a, 1, 8]);
    assert_eq!(with_entry(entry_der(&[7], &[removed])).unwrap_err(), E::Partial(REASON));
}

#[test]
fn repeated_extensions_are_refused() {
    let twice = read(|list| list.extensions.push(("2.5.29.20", false, tlv(2, &[6]))));
    assert_eq!(twice.unwrap_err(), E::DuplicateExtension(CRL_NUMBER));
    let reason = ("2.5.29.21", false, vec![0x0a, 1, 1]);
    let twice = with_entry(entry_der(&[7], &[reason.clone(), reason]));
    assert_eq!(twice.unwrap_err(), E::DuplicateExtension(REASON));
}

#[test]
fn bad_entries_are_refused() {
    assert_eq!(read(|list| list.entries = Some(Vec::new())).unwrap_err(), E::NoEntries);
    assert_eq!(with_entry(entry_der(&[0x80], &[])).unwrap_err(), E::BadSerial);
    assert!(with_entry(entry_der(&[0, 1], &[])).is_err());
    assert!(with_entry(entry_der(&[0x7f; 22], &[])).is_err());
    // A serial number with its high bit set has an octet before it.
    assert!(with_entry(entry_der(&[0, 0x80], &[])).unwrap().lists(&[0x80]));
}

#[test]
fn other_forms_of_a_list_are_refused() {
    let der = List::new().der(&ca_key());
    assert!(matches!(RevocationList::from_der(&[&der[..], &[0]].concat()), Err(E::Malformed(_))));
    assert!(matches!(RevocationList::from_der(&der[..der.len() - 1]), Err(E::Malformed(_))));
    assert_eq!(RevocationList::from_der(&vec![0x30; MAX_CRL + 1]).unwrap_err(), E::TooLong(MAX_CRL + 1));
    assert_eq!(read(|list| list.unused_bits = 1).unwrap_err(), E::BadSignatureBits);
    let other = seq(&[&oid(&SignatureAlgorithm::EcdsaSha256.oid().to_string())]);
    assert_eq!(read(|list| list.inner_algorithm = Some(other)).unwrap_err(), E::AlgorithmMismatch);
    // critical FALSE is the default and must be left out.
    let mut list = List::new();
    list.entries = None;
    let explicit = seq(&[&oid("1.2.3.4"), &[1, 1, 0], &tlv(4, &[5, 0])]);
    let inner = seq(&[&seq(&[&oid("2.5.29.20"), &tlv(4, &tlv(2, &[5]))]), &explicit]);
    let algorithm = seq(&[&oid(&SignatureAlgorithm::EcdsaSha384.oid().to_string())]);
    let tbs = seq(&[
        &list.version,
        &algorithm,
        &list.issuer,
        &list.this_update,
        &list.next_update,
        &tlv(0xa0, &inner),
    ]);
    let signature = ca_key().sign(SignatureAlgorithm::EcdsaSha384, &tbs);
    let der = seq(&[&tbs, &algorithm, &tlv(3, &[&[0][..], &signature].concat())]);
    assert!(RevocationList::from_der(&der).is_err());
}

#[test]
fn lists_by_another_issuer_are_refused() {
    let list = read(|_| {}).unwrap();
    let key = ca_key();
    let root = Key::p384(1);
    let other_name = Forge::ca("Other", "Root", &key, None).issue(&root);
    assert_eq!(list.verify(&other_name), Err(E::ForeignIssuer));
    let other_key = Forge::ca("CA", "Root", &Key::p384(9), None).issue(&root);
    assert_eq!(list.verify(&other_key), Err(E::BadSignature));
    let no_crl_sign = Forge::ca("CA", "Root", &key, None).with("2.5.29.15", true, key_usage(0x04));
    assert_eq!(list.verify(&no_crl_sign.issue(&root)), Err(E::NoCrlSign));
    let no_usage = Forge::ca("CA", "Root", &key, None).without("2.5.29.15");
    assert_eq!(list.verify(&no_usage.issue(&root)), Err(E::NoCrlSign));
}

#[test]
fn a_flipped_bit_of_any_octet_is_refused() {
    let der = List::new().der(&ca_key());
    let issuer = ca();
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 1 << (at % 8);
        let taken = RevocationList::from_der(&changed).is_ok_and(|list| list.verify(&issuer).is_ok());
        assert!(!taken, "octet {at}");
    }
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = RevocationList::from_der(&octets);
    }

    #[test]
    fn changed_lists_never_panic_and_what_is_read_is_exact(at in 0usize..400, octet in any::<u8>()) {
        let mut der = List::new().der(&ca_key());
        let at = at % der.len();
        der[at] = octet;
        if let Ok(list) = RevocationList::from_der(&der) {
            prop_assert!(list.this_update() <= list.next_update());
            prop_assert!(!list.number().is_empty());
        }
    }
}
