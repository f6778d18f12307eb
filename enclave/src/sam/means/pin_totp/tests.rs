//! Place: SAM. PIN and one-time password, each alone and both together.

use super::*;
use fuin_shared::codec;
use getrandom::SysRng;
use rand_core::UnwrapErr;

const GENERATOR: &[u8] = b"12345678901234567890";
/// Time and code of RFC 6238 appendix B, SHA-1, and those of another step.
const FIRST: (u64, &[u8]) = (1_111_111_109, b"07081804");
const SECOND: (u64, &[u8]) = (1_234_567_890, b"89005924");

/// What a registration is made of.
struct Parts {
    blind: Vec<u8>,
    pin: Vec<u8>,
    secret: Vec<u8>,
    digits: u8,
    code: Vec<u8>,
}

impl Parts {
    fn new() -> Self {
        let (secret, code) = (GENERATOR.to_vec(), FIRST.1.to_vec());
        Self { blind: vec![3; BLIND], pin: b"2580".to_vec(), secret, digits: 8, code }
    }

    fn assertion(self) -> Assertion {
        Assertion::PinTotpRegistration {
            blind: self.blind.into(),
            pin: self.pin.into(),
            secret: self.secret.into(),
            hash: TotpHash::Sha1,
            digits: self.digits,
            code: self.code.into(),
        }
    }
}

fn registered(parts: Parts) -> Result<PinTotp, Fault> {
    register(&parts.assertion(), FIRST.0, &mut UnwrapErr(SysRng))
}

fn refused(change: impl Fn(&mut Parts)) -> Option<Fault> {
    let mut parts = Parts::new();
    change(&mut parts);
    registered(parts).err()
}

fn answer(pin: &[u8], code: &[u8]) -> Assertion {
    Assertion::PinTotp { pin: pin.into(), code: code.into() }
}

#[test]
fn pin_and_password_together_are_taken_once() {
    let linked = registered(Parts::new()).unwrap();
    let right = answer(b"2580", SECOND.1);
    let second = verify(&linked, 0, &right, SECOND.0).unwrap();
    assert!(second > linked.step);
    assert_eq!(verify(&linked, second, &right, SECOND.0), Err(Fault::AssertionSignature));
    // The password that came with the registration is spent too.
    let first = answer(b"2580", FIRST.1);
    assert_eq!(verify(&linked, 0, &first, FIRST.0), Err(Fault::AssertionSignature));
}

#[test]
fn a_wrong_pin_or_a_wrong_password_is_refused_alike() {
    let linked = registered(Parts::new()).unwrap();
    let long = [b'2'; 65];
    for (pin, code) in [
        (&b"2581"[..], SECOND.1),
        (b"", SECOND.1),
        (&long, SECOND.1),
        (b"2580", &b"89005925"[..]),
        (b"2580", b""),
    ] {
        assert_eq!(verify(&linked, 0, &answer(pin, code), SECOND.0), Err(Fault::AssertionSignature));
    }
}

#[test]
fn a_longer_pin_with_the_same_beginning_is_refused() {
    let linked = registered(Parts { pin: vec![b'2'; 64], ..Parts::new() }).unwrap();
    let longer = answer(&[b'2'; 65], SECOND.1);
    assert_eq!(verify(&linked, 0, &longer, SECOND.0), Err(Fault::AssertionSignature));
    assert!(verify(&linked, 0, &answer(&[b'2'; 64], SECOND.1), SECOND.0).is_ok());
}

#[test]
fn registrations_outside_the_bounds_are_refused() {
    let malformed = Some(Fault::AssertionMalformed);
    assert_eq!(refused(|r| r.blind.truncate(31)), malformed);
    assert_eq!(refused(|r| r.blind.push(0)), malformed);
    assert_eq!(refused(|r| r.pin = b"258".to_vec()), malformed);
    assert_eq!(refused(|r| r.pin = vec![b'2'; 65]), malformed);
    assert_eq!(refused(|r| r.secret.truncate(15)), malformed);
    assert_eq!(refused(|r| r.secret = vec![1; 65]), malformed);
    assert_eq!(refused(|r| r.digits = 5), malformed);
    assert_eq!(refused(|r| r.digits = 9), malformed);
    assert_eq!(refused(|r| r.code = b"07081805".to_vec()), Some(Fault::AssertionSignature));
}

#[test]
fn answers_of_other_means_are_malformed() {
    let linked = registered(Parts::new()).unwrap();
    let token = Assertion::IdToken { token: "e30.e30.AAAA".to_owned() };
    assert_eq!(verify(&linked, 0, &token, SECOND.0), Err(Fault::AssertionMalformed));
    assert_eq!(verify(&linked, 0, &Parts::new().assertion(), FIRST.0), Err(Fault::AssertionMalformed));
    for other in [token, answer(b"2580", FIRST.1)] {
        assert_eq!(register(&other, FIRST.0, &mut UnwrapErr(SysRng)).err(), Some(Fault::AssertionMalformed));
    }
}

#[test]
fn the_pin_is_not_kept_and_nothing_is_shown() {
    let linked = registered(Parts::new()).unwrap();
    let kept = codec::encode(&linked);
    assert!(!kept.windows(4).any(|window| window == b"2580"));
    assert_eq!(codec::decode::<PinTotp>(&kept), Ok(linked.clone()));
    assert!(linked.verifier != registered(Parts::new()).unwrap().verifier, "salts differ");
    let shown = format!("{linked:?} {:?}", Parts::new().assertion());
    assert!(!shown.contains("2580") && !shown.contains("123456"), "{shown}");
}

#[test]
fn the_name_of_a_registration_hides_the_pin_behind_the_blind() {
    let named = |parts: Parts| parts.assertion().registration().unwrap();
    let name = named(Parts::new());
    assert_eq!(registered(Parts::new()).unwrap().registration, name);
    for changed in [
        Parts { blind: vec![4; BLIND], ..Parts::new() },
        Parts { pin: b"2581".to_vec(), ..Parts::new() },
        Parts { secret: vec![1; 20], ..Parts::new() },
        Parts { digits: 7, ..Parts::new() },
    ] {
        assert!(named(changed) != name);
    }
    // Another password of the same generator is the same registration.
    assert_eq!(named(Parts { code: SECOND.1.to_vec(), ..Parts::new() }), name);
}
