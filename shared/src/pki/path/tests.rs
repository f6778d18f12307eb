use super::super::forge::*;
use super::*;
use crate::algorithm::SignatureAlgorithm;
use PathError as E;

const CHAIN: fn(usize) -> Place = Place::Chain;

/// Root (P-384), CA (P-384), end entity (P-256), with one of them changed before it is signed.
struct World {
    root: Forge,
    ca: Forge,
    end_entity: Forge,
}

fn root_key() -> Key {
    Key::p384(1)
}

fn ca_key() -> Key {
    Key::p384(2)
}

fn end_entity_key() -> Key {
    Key::p256(3)
}

impl World {
    fn new() -> Self {
        let mut end_entity = Forge::end_entity("Taro", "CA", &end_entity_key());
        end_entity.algorithm = SignatureAlgorithm::EcdsaSha384;
        Self {
            root: Forge::ca("Root", "Root", &root_key(), Some(1)),
            ca: Forge::ca("CA", "Root", &ca_key(), Some(0)),
            end_entity,
        }
    }

    fn certificates(&self) -> [Certificate; 3] {
        [self.end_entity.issue(&ca_key()), self.ca.issue(&root_key()), self.root.issue(&root_key())]
    }

    /// Validates without and with the root in the chain; both must agree but for the root's place.
    fn validate(&self) -> Result<ValidPath, PathError> {
        let all = self.certificates();
        let anchors = &all[2..];
        let short = validate(&all[..2], anchors, NOW);
        let long = validate(&all, anchors, NOW);
        match (short, long) {
            (Ok(s), Ok(l)) => {
                assert!(!s.anchor_in_chain && l.anchor_in_chain);
                assert_eq!((s.anchor, l.anchor), (0, 0));
            }
            (s, l) => assert_eq!(s.is_ok(), l.is_ok(), "{s:?} {l:?}"),
        }
        short
    }
}

/// The refusal after one change.
fn refusal(change: impl FnOnce(&mut World)) -> PathError {
    let mut world = World::new();
    change(&mut world);
    world.validate().unwrap_err()
}

#[test]
fn good_chain_is_valid() {
    assert_eq!(World::new().validate(), Ok(ValidPath { anchor: 0, anchor_in_chain: false }));
}

#[test]
fn the_anchor_used_is_reported() {
    let all = World::new().certificates();
    let other = Forge::ca("Other", "Other", &Key::p256(9), None).issue(&Key::p256(9));
    // Another anchor of the same name and another key is passed over.
    let namesake = Forge::ca("Root", "Root", &Key::p256(9), None).issue(&Key::p256(9));
    let anchors = [other, namesake, all[2].clone()];
    assert_eq!(validate(&all[..2], &anchors, NOW).map(|p| p.anchor), Ok(2));
    assert_eq!(validate(&all, &anchors, NOW).map(|p| p.anchor), Ok(2));
    // The issuing CA itself may be the anchor.
    assert_eq!(validate(&all[..1], &all[1..2], NOW), Ok(ValidPath { anchor: 0, anchor_in_chain: false }));
    assert_eq!(validate(&all[..2], &all[1..2], NOW), Ok(ValidPath { anchor: 0, anchor_in_chain: true }));
}

#[test]
fn every_digest_on_either_curve() {
    for algorithm in SignatureAlgorithm::ALL {
        for key in [Key::p256(5), Key::p384(5)] {
            let mut root = Forge::ca("Root", "Root", &key, None);
            let mut end_entity = Forge::end_entity("Taro", "Root", &end_entity_key());
            (root.algorithm, end_entity.algorithm) = (algorithm, algorithm);
            let chain = [end_entity.issue(&key)];
            assert!(validate(&chain, &[root.issue(&key)], NOW).is_ok(), "{algorithm:?}");
        }
    }
}

#[test]
fn openssl_chain_is_valid() {
    let read = |b: &[u8]| Certificate::from_der(b).unwrap();
    let chain = [
        read(include_bytes!("../../../../tests/vectors/pki/openssl-end-entity.der")),
        read(include_bytes!("../../../../tests/vectors/pki/openssl-p256-ca.der")),
        read(include_bytes!("../../../../tests/vectors/pki/openssl-p384-root.der")),
    ];
    let at = chain[0].not_before();
    assert_eq!(validate(&chain, &chain[2..], at).map(|p| p.anchor_in_chain), Ok(true));
    assert_eq!(validate(&chain[..2], &chain[2..], at).map(|p| p.anchor_in_chain), Ok(false));
    let rsa = read(include_bytes!("../../../../tests/vectors/pki/openssl-rsa.der"));
    assert!(validate(&[chain[0].clone(), rsa.clone()], &[rsa], at).is_err());
}

#[test]
fn empty_chain_is_refused() {
    let all = World::new().certificates();
    assert_eq!(validate(&[], &all[2..], NOW), Err(E::Empty));
}

#[test]
fn eleventh_certificate_is_refused() {
    let keys: Vec<Key> = (1..=11).map(Key::p256).collect();
    let names: Vec<String> = (0..=11).map(|i| format!("CA{i}")).collect();
    let root = Forge::ca("CA0", "CA0", &keys[0], None).issue(&keys[0]);
    let mut chain: Vec<Certificate> =
        (1..11).map(|i| Forge::ca(&names[i], &names[i - 1], &keys[i], None).issue(&keys[i - 1])).collect();
    chain.reverse();
    assert_eq!(chain.len(), MAX_CHAIN);
    let anchors = [root.clone()];
    assert!(validate(&chain, &anchors, NOW).is_ok());
    chain.push(root);
    assert_eq!(validate(&chain, &anchors, NOW), Err(E::TooLong(11)));
}

#[test]
fn repeated_certificate_is_refused() {
    let all = World::new().certificates();
    let chain = [all[0].clone(), all[1].clone(), all[1].clone()];
    assert_eq!(validate(&chain, &all[2..], NOW), Err(E::Repeated(2)));
}

#[test]
fn anchor_as_end_entity_is_refused() {
    let all = World::new().certificates();
    assert_eq!(validate(&all[2..], &all[2..], NOW), Err(E::EndEntityIsAnchor));
    assert_eq!(validate(&all[..1], &all[..1], NOW), Err(E::EndEntityIsAnchor));
}

#[test]
fn self_issued_end_entity_is_refused() {
    let own = Forge::end_entity("Taro", "Taro", &end_entity_key()).issue(&end_entity_key());
    let all = World::new().certificates();
    assert_eq!(validate(&[own], &all[2..], NOW), Err(E::EndEntitySelfIssued));
}

#[test]
fn certificates_after_the_anchor_are_refused() {
    let all = World::new().certificates();
    let anchors = [all[1].clone(), all[2].clone()];
    assert_eq!(validate(&all, &anchors, NOW), Err(E::AfterAnchor(1)));
}

#[test]
fn self_made_root_is_refused() {
    let all = World::new().certificates();
    // A stranger's whole hierarchy with the same names.
    let fake_root = Forge::ca("Root", "Root", &Key::p384(8), None).issue(&Key::p384(8));
    let fake_ca = World::new().ca.issue(&Key::p384(8));
    let chain = [all[0].clone(), fake_ca.clone(), fake_root];
    assert_eq!(validate(&chain, &all[2..], NOW), Err(E::UntrustedSelfSigned(2)));
    assert_eq!(validate(&chain[..2], &all[2..], NOW), Err(E::BadSignature(1)));
    // The anchor's own key and name, but another certificate.
    let mut again = World::new().root;
    again.serial = tlv(2, &[9]);
    let chain = [all[0].clone(), all[1].clone(), again.issue(&root_key())];
    assert_eq!(validate(&chain, &all[2..], NOW), Err(E::UntrustedSelfSigned(2)));
}

#[test]
fn key_rollover_certificate_is_accepted_and_not_counted() {
    // The root's new key, certified by its old key: self-issued, not self-signed.
    let new_key = Key::p384(6);
    let world = World::new();
    let rollover = Forge::ca("Root", "Root", &new_key, None).issue(&root_key());
    let chain = [world.end_entity.issue(&ca_key()), world.ca.issue(&new_key), rollover];
    let anchors = [world.root.issue(&root_key())];
    assert!(validate(&chain, &anchors, NOW).is_ok());
}

#[test]
fn wrong_issuer_name_is_refused() {
    assert_eq!(refusal(|w| w.end_entity.issuer = cn("Ca")), E::NameChaining(0));
    assert_eq!(refusal(|w| w.ca.subject = cn("Other")), E::NameChaining(0));
    // The same characters in another string type are another name.
    let printable = name_der(&[&[("2.5.4.3", 0x13, b"CA")]]);
    assert_eq!(refusal(|w| w.end_entity.issuer = printable), E::NameChaining(0));
    let swapped = World::new().certificates();
    let chain = [swapped[1].clone(), swapped[0].clone()];
    assert_eq!(validate(&chain, &swapped[2..], NOW), Err(E::NoAnchor));
}

#[test]
fn unknown_anchor_is_refused() {
    let all = World::new().certificates();
    assert_eq!(validate(&all[..2], &[], NOW), Err(E::NoAnchor));
    assert_eq!(validate(&all[..1], &all[2..], NOW), Err(E::NoAnchor));
    assert_eq!(refusal(|w| w.ca.issuer = cn("Nobody")), E::NoAnchor);
}

#[test]
fn wrong_signature_is_refused() {
    let world = World::new();
    let all = world.certificates();
    let strangers = [world.end_entity.issue(&Key::p384(9)), all[1].clone()];
    assert_eq!(validate(&strangers, &all[2..], NOW), Err(E::BadSignature(0)));
    let strangers = [all[0].clone(), world.ca.issue(&Key::p384(9))];
    assert_eq!(validate(&strangers, &all[2..], NOW), Err(E::BadSignature(1)));
    // Another issuer's key under the right name.
    assert_eq!(refusal(|w| w.ca.spki = Key::p384(9).spki()), E::BadSignature(0));
    // The digest named is not the one used.
    let mut other = world.end_entity.der(&ca_key());
    let (from, to) = (oid("1.2.840.10045.4.3.3"), oid("1.2.840.10045.4.3.2"));
    while let Some(at) = other.windows(from.len()).position(|w| w == from) {
        other[at..at + to.len()].copy_from_slice(&to);
    }
    let other = [Certificate::from_der(&other).unwrap(), all[1].clone()];
    assert_eq!(validate(&other, &all[2..], NOW), Err(E::BadSignature(0)));
}

#[test]
fn every_flipped_bit_of_the_end_entity_is_refused() {
    let key = Key::p256(4);
    let anchors = [Forge::ca("Root", "Root", &key, None).issue(&key)];
    let good = Forge::end_entity("Taro", "Root", &end_entity_key()).der(&key);
    assert!(validate(&[Certificate::from_der(&good).unwrap()], &anchors, NOW).is_ok());
    for bit in 0..good.len() * 8 {
        let mut der = good.clone();
        der[bit / 8] ^= 1 << (bit % 8);
        if let Ok(flipped) = Certificate::from_der(&der) {
            assert!(validate(&[flipped], &anchors, NOW).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn unsupported_algorithms_are_refused() {
    let both = |w: &mut World, identifier: Vec<u8>| {
        w.end_entity.inner_algorithm = Some(identifier.clone());
        w.end_entity.outer_algorithm = Some(identifier);
    };
    let rsa = seq(&[&oid("1.2.840.113549.1.1.11"), &[5, 0]]);
    assert_eq!(refusal(|w| both(w, rsa)), E::UnsupportedAlgorithm(0));
    let sha1 = seq(&[&oid("1.2.840.10045.4.1")]);
    assert_eq!(refusal(|w| both(w, sha1)), E::UnsupportedAlgorithm(0));
    // Parameters must be absent, not NULL.
    let null = seq(&[&oid("1.2.840.10045.4.3.3"), &[5, 0]]);
    assert_eq!(refusal(|w| both(w, null)), E::UnsupportedAlgorithm(0));
}

#[test]
fn unsupported_issuer_key_is_refused() {
    let ed25519 = seq(&[&seq(&[&oid("1.3.101.112")]), &tlv(3, &[0; 33])]);
    assert_eq!(refusal(|w| w.ca.spki = ed25519), E::UnsupportedKey(CHAIN(1)));
    let mut spki = ca_key().spki();
    let last = spki.len() - 1;
    spki[last] ^= 1;
    // Not a point of the curve.
    assert_eq!(refusal(|w| w.ca.spki = spki), E::UnsupportedKey(CHAIN(1)));
    let world = World::new();
    let mut root = world.root.clone();
    root.spki = seq(&[&seq(&[&oid("1.3.101.112")]), &tlv(3, &[0; 33])]);
    let chain = [world.end_entity.issue(&ca_key()), world.ca.issue(&root_key())];
    let refused = validate(&chain, &[root.issue(&root_key())], NOW);
    assert_eq!(refused, Err(E::UnsupportedKey(Place::Anchor(0))));
}

#[test]
fn not_yet_valid_is_refused() {
    let future = tlv(0x17, b"260101000001Z");
    assert_eq!(refusal(|w| w.end_entity.not_before = future.clone()), E::NotYetValid(CHAIN(0)));
    assert_eq!(refusal(|w| w.ca.not_before = future.clone()), E::NotYetValid(CHAIN(1)));
    assert_eq!(refusal(|w| w.root.not_before = future), E::NotYetValid(Place::Anchor(0)));
    let mut world = World::new();
    world.ca.not_before = tlv(0x17, b"260101000000Z");
    assert!(world.validate().is_ok());
}

#[test]
fn expired_is_refused() {
    let past = tlv(0x17, b"251231235959Z");
    assert_eq!(refusal(|w| w.end_entity.not_after = past.clone()), E::Expired(CHAIN(0)));
    assert_eq!(refusal(|w| w.ca.not_after = past.clone()), E::Expired(CHAIN(1)));
    assert_eq!(refusal(|w| w.root.not_after = past), E::Expired(Place::Anchor(0)));
    let mut world = World::new();
    world.ca.not_after = tlv(0x17, b"260101000000Z");
    assert!(world.validate().is_ok());
}

#[test]
fn issuer_that_is_no_ca_is_refused() {
    let bc = "2.5.29.19";
    assert_eq!(refusal(|w| w.ca = w.ca.clone().without(bc)), E::NotCa(CHAIN(1)));
    assert_eq!(
        refusal(|w| w.ca = w.ca.clone().with(bc, true, basic_constraints(false, None))),
        E::NotCa(CHAIN(1))
    );
    assert_eq!(refusal(|w| w.root = w.root.clone().without(bc)), E::NotCa(Place::Anchor(0)));
    // An end entity that issues another.
    let all = World::new().certificates();
    let forged = Forge::end_entity("Eve", "Taro", &Key::p256(9)).issue(&end_entity_key());
    let chain = [forged, all[0].clone(), all[1].clone()];
    assert_eq!(validate(&chain, &all[2..], NOW), Err(E::NotCa(CHAIN(1))));
}

#[test]
fn basic_constraints_not_critical_is_refused() {
    let lax = basic_constraints(true, Some(1));
    let refused = refusal(|w| w.ca = w.ca.clone().with("2.5.29.19", false, lax.clone()));
    assert_eq!(refused, E::BasicConstraintsNotCritical(CHAIN(1)));
    let refused = refusal(|w| w.root = w.root.clone().with("2.5.29.19", false, lax));
    assert_eq!(refused, E::BasicConstraintsNotCritical(Place::Anchor(0)));
}

#[test]
fn issuer_without_key_cert_sign_is_refused() {
    let ku = "2.5.29.15";
    assert_eq!(refusal(|w| w.ca = w.ca.clone().with(ku, true, key_usage(0x82))), E::NoKeyCertSign(CHAIN(1)));
    assert_eq!(refusal(|w| w.ca = w.ca.clone().without(ku)), E::NoKeyCertSign(CHAIN(1)));
    assert_eq!(refusal(|w| w.root = w.root.clone().without(ku)), E::NoKeyCertSign(Place::Anchor(0)));
}

#[test]
fn path_length_is_kept() {
    let bc = "2.5.29.19";
    let zero = basic_constraints(true, Some(0));
    assert_eq!(refusal(|w| w.root = w.root.clone().with(bc, true, zero)), E::PathLength(Place::Anchor(0)));
    // A CA of path length 0 that certifies a further CA.
    let world = World::new();
    let sub_key = Key::p256(4);
    let sub = Forge { algorithm: SignatureAlgorithm::EcdsaSha384, ..Forge::ca("Sub", "CA", &sub_key, None) };
    let chain = [
        Forge::end_entity("Taro", "Sub", &end_entity_key()).issue(&sub_key),
        sub.issue(&ca_key()),
        world.ca.issue(&root_key()),
    ];
    let unlimited = Forge::ca("Root", "Root", &root_key(), None).issue(&root_key());
    assert_eq!(validate(&chain, &[unlimited], NOW), Err(E::PathLength(CHAIN(2))));
    // The anchor inside the chain keeps its limit too.
    let long =
        [chain[0].clone(), chain[1].clone(), Forge::ca("CA", "Root", &ca_key(), None).issue(&root_key())];
    let root = world.root.issue(&root_key());
    let with_root = [&long[..], core::slice::from_ref(&root)].concat();
    assert_eq!(validate(&with_root, core::slice::from_ref(&root), NOW), Err(E::PathLength(CHAIN(3))));
    assert_eq!(validate(&long, &[root], NOW), Err(E::PathLength(Place::Anchor(0))));
}

#[test]
fn name_constraints_are_refused() {
    let oid = "2.5.29.30";
    for critical in [true, false] {
        let value = seq(&[]);
        assert_eq!(
            refusal(|w| w.ca = w.ca.clone().with(oid, critical, value.clone())),
            E::NameConstraints(CHAIN(1))
        );
        let refused = refusal(|w| w.root = w.root.clone().with(oid, critical, value));
        assert_eq!(refused, E::NameConstraints(Place::Anchor(0)));
    }
}

#[test]
fn policy_constraints_are_refused() {
    let refused = |oid, critical| refusal(|w| w.ca = w.ca.clone().with(oid, critical, vec![5, 0]));
    assert_eq!(refused("2.5.29.36", true), E::PolicyConstraints(CHAIN(1), POLICY_CONSTRAINTS));
    assert_eq!(refused("2.5.29.36", false), E::PolicyConstraints(CHAIN(1), POLICY_CONSTRAINTS));
    assert_eq!(refused("2.5.29.54", true), E::PolicyConstraints(CHAIN(1), INHIBIT_ANY_POLICY));
    assert_eq!(refused("2.5.29.33", true), E::PolicyConstraints(CHAIN(1), POLICY_MAPPINGS));
}

#[test]
fn unknown_critical_extensions_are_refused() {
    let unknown = ObjectIdentifier::new_unwrap("1.2.3.4.5");
    let with = |f: &Forge, critical| f.clone().with("1.2.3.4.5", critical, vec![5, 0]);
    assert_eq!(refusal(|w| w.end_entity = with(&w.end_entity, true)), E::UnknownCritical(CHAIN(0), unknown));
    assert_eq!(refusal(|w| w.ca = with(&w.ca, true)), E::UnknownCritical(CHAIN(1), unknown));
    assert_eq!(refusal(|w| w.root = with(&w.root, true)), E::UnknownCritical(Place::Anchor(0), unknown));
    let mut world = World::new();
    world.end_entity = with(&world.end_entity, false);
    assert!(world.validate().is_ok());
}

#[test]
fn critical_known_extensions_are_accepted() {
    let mut world = World::new();
    let policies = seq(&[&seq(&[&oid("1.2.3.4")])]);
    let purposes = seq(&[&oid("1.3.6.1.5.5.7.3.36")]);
    let names = seq(&[&tlv(0x81, b"taro@example.com")]);
    world.end_entity = world
        .end_entity
        .with("2.5.29.32", true, policies)
        .with("2.5.29.37", true, purposes)
        .with("2.5.29.17", true, names)
        .with("2.5.29.19", true, basic_constraints(false, None));
    assert!(world.validate().is_ok());
}
