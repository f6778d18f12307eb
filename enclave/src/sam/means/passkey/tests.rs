//! One test by name for every check of registration and assertion.

use super::maker::*;
use super::*;
use crate::sam::means::Judging;
use ciborium::Value;
use fuin_shared::ids::RaClientId;
use proptest::prelude::*;

fn registered(maker: &Maker) -> Result<Passkey, Fault> {
    register(&maker.registration(), RELYING_PARTY, &origins(), &CHALLENGE)
}

fn passkey() -> Passkey {
    registered(&Maker::create()).unwrap()
}

fn verified(maker: &Maker) -> Result<u32, Fault> {
    verify(&passkey(), 1, &maker.assertion(), &CHALLENGE)
}

/// Both ceremonies, so that what they have in common is tried in both.
fn refused(fault: Fault, change: impl Fn(Maker) -> Maker) {
    assert_eq!(registered(&change(Maker::create())), Err(fault), "registration");
    assert_eq!(verified(&change(Maker::get())), Err(fault), "assertion");
}

fn refused_object(assertion: &Assertion) {
    let result = register(assertion, RELYING_PARTY, &origins(), &CHALLENGE);
    assert_eq!(result, Err(Fault::AssertionMalformed));
}

#[test]
fn registration_gives_the_passkey_and_assertion_its_counter() {
    let passkey = passkey();
    assert_eq!(passkey.credential_id.as_slice(), CREDENTIAL);
    assert_eq!(
        passkey.public_key.key().unwrap(),
        fuin_shared::key::PublicKey::P256(*signing_key().verifying_key())
    );
    assert_eq!((passkey.counter, passkey.aaguid, passkey.backup_eligible), (1, [6; 16], false));
    assert_eq!(passkey.attestation_format, AttestationFormat::None);
    assert_eq!(passkey.origins, origins());
    assert_eq!(verified(&Maker::get()), Ok(2));
}

#[test]
fn the_passkey_is_the_same_again_from_its_record() {
    let means = crate::sam::means::EidMeans::Passkey(passkey());
    let octets = fuin_shared::codec::encode(&means);
    assert_eq!(fuin_shared::codec::decode(&octets), Ok(means.clone()));
    assert_eq!(means.profile(), fuin_shared::sad::MeansProfile::Passkey);
    let (status, client) = (Default::default(), RaClientId::new("ra").unwrap());
    let judging =
        Judging { policy: None, status: &status, client: &client, salt: &[], challenged: 0, now: 0 };
    assert_eq!(means.verify(1, &Maker::get().assertion(), &CHALLENGE, judging), Ok(2));
    let refused = means.verify(2, &Maker::get().assertion(), &CHALLENGE, judging);
    assert_eq!(refused, Err(Fault::AssertionCounter));
}

#[test]
fn one_kind_of_answer_does_not_serve_for_the_other() {
    let registration = Maker::create().registration();
    assert_eq!(verify(&passkey(), 1, &registration, &CHALLENGE), Err(Fault::AssertionMalformed));
    refused_object(&Maker::get().assertion());
}

#[test]
fn another_ceremony_is_refused() {
    let create = Maker::create().replace("webauthn.create", "webauthn.get");
    assert_eq!(registered(&create), Err(Fault::AssertionMalformed));
    let get = Maker::get().replace("webauthn.get", "webauthn.create");
    assert_eq!(verified(&get), Err(Fault::AssertionMalformed));
    refused(Fault::AssertionMalformed, |m| m.replace("webauthn.", "payment."));
}

#[test]
fn another_challenge_is_refused() {
    refused(Fault::AssertionChallenge, |m| m.replace("CQkJCQ", "CQkJCA"));
    refused(Fault::AssertionChallenge, |m| m.replace("CQkJCQ", ""));
    refused(Fault::AssertionChallenge, |m| m.replace("\",\"origin", "=\",\"origin"));
}

#[test]
fn another_origin_is_refused() {
    for origin in [
        "https://evil.example",
        "https://sign.example.evil",
        "http://sign.example",
        "https://sign.example/",
        "",
    ] {
        refused(Fault::AssertionOrigin, |m| m.replace(ORIGIN, origin));
    }
    let none = register(&Maker::create().registration(), RELYING_PARTY, &[], &CHALLENGE);
    assert_eq!(none, Err(Fault::AssertionOrigin));
}

#[test]
fn a_cross_origin_frame_is_refused() {
    refused(Fault::AssertionOrigin, |m| m.replace(r#""crossOrigin":false"#, r#""crossOrigin":true"#));
    for top in [r#""https://sign.example""#, "null", "{}"] {
        refused(Fault::AssertionOrigin, |m| {
            m.replace(r#""crossOrigin":false"#, &format!(r#""topOrigin":{top}"#))
        });
    }
}

#[test]
fn cross_origin_may_be_absent_and_unknown_members_are_let_through() {
    let create =
        Maker::create().replace(r#","crossOrigin":false"#, r#","other_keys_can_be_added_here":{"a":[1]}"#);
    assert!(registered(&create).is_ok());
}

#[test]
fn token_binding_in_use_is_refused() {
    let with = |status: &str| format!(r#""tokenBinding":{{"status":"{status}"}},"crossOrigin":false"#);
    refused(Fault::AssertionMalformed, |m| m.replace(r#""crossOrigin":false"#, &with("present")));
    assert!(registered(&Maker::create().replace(r#""crossOrigin":false"#, &with("supported"))).is_ok());
}

#[test]
fn malformed_client_data_is_refused() {
    refused(Fault::AssertionMalformed, |m| m.replace(r#""origin""#, r#""origin":"x","origin""#));
    refused(Fault::AssertionMalformed, |m| m.replace(r#""origin""#, r#""orig""#));
    refused(Fault::AssertionMalformed, |m| m.replace(r#""type""#, r#""typo""#));
    refused(Fault::AssertionMalformed, |m| m.replace("false}", "false} {}"));
    refused(Fault::AssertionMalformed, |m| m.replace("false}", "\"no\"}"));
    refused(Fault::AssertionMalformed, |m| Maker { client_data: String::new(), ..m });
    refused(Fault::AssertionMalformed, |m| Maker { client_data: format!("\u{feff}{}", m.client_data), ..m });
    refused(Fault::AssertionMalformed, |m| Maker { client_data: "[".repeat(4000), ..m });
    // Longer than the cap.
    refused(Fault::AssertionMalformed, |m| m.replace("false}", &format!("false{}}}", " ".repeat(4096))));
}

#[test]
fn another_relying_party_is_refused() {
    refused(Fault::AssertionRelyingParty, |m| Maker { relying_party: "evil.example", ..m });
}

#[test]
fn missing_user_presence_is_refused() {
    refused(Fault::AssertionFlags, |m| {
        let flags = m.flags & !UP;
        m.flags(flags)
    });
}

#[test]
fn missing_user_verification_is_refused() {
    refused(Fault::AssertionFlags, |m| {
        let flags = m.flags & !UV;
        m.flags(flags)
    });
}

#[test]
fn a_backup_without_eligibility_is_refused() {
    refused(Fault::AssertionFlags, |m| {
        let flags = m.flags | BS;
        m.flags(flags)
    });
}

#[test]
fn backup_eligibility_that_changed_is_refused() {
    assert_eq!(verified(&Maker::get().flags(UP | UV | BE)), Err(Fault::AssertionFlags));
    let eligible = registered(&Maker::create().flags(UP | UV | AT | BE)).unwrap();
    assert!(eligible.backup_eligible);
    let check = |flags| verify(&eligible, 1, &Maker::get().flags(flags).assertion(), &CHALLENGE);
    assert_eq!(check(UP | UV | BE | BS), Ok(2));
    assert_eq!(check(UP | UV), Err(Fault::AssertionFlags));
}

#[test]
fn a_registration_without_credential_is_refused() {
    assert_eq!(registered(&Maker::create().flags(UP | UV)), Err(Fault::AssertionFlags));
}

#[test]
fn an_assertion_with_credential_data_is_refused() {
    assert_eq!(verified(&Maker::get().flags(UP | UV | AT)), Err(Fault::AssertionMalformed));
}

#[test]
fn octets_after_the_authenticator_data_are_refused() {
    refused(Fault::AssertionMalformed, |m| Maker { tail: vec![0], ..m });
    // Extensions that no flag announces.
    refused(Fault::AssertionMalformed, |m| Maker { tail: vec![0xa0], ..m });
}

#[test]
fn truncated_authenticator_data_is_refused() {
    let whole = Maker::create().authenticator_data();
    for length in 0..whole.len() {
        let object = Maker::create().registration_of(vec![
            ("fmt", "none".into()),
            ("attStmt", Value::Map(Vec::new())),
            ("authData", whole[..length].to_vec().into()),
        ]);
        refused_object(&object);
    }
}

#[test]
fn extensions_are_read_to_the_end() {
    let with = |m: Maker, tail: &[u8]| {
        let flags = m.flags | ED;
        Maker { tail: tail.to_vec(), ..m }.flags(flags)
    };
    for good in
        [&b"\xa0"[..], b"\xa1\x65credP\x02", b"\xa1\x6bhmac-secret\x58\x20aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
    {
        assert!(registered(&with(Maker::create(), good)).is_ok());
        assert_eq!(verified(&with(Maker::get(), good)), Ok(2));
    }
    for bad in [
        &b""[..],
        b"\xa0\x00",
        b"\x80",
        b"\xa1\x01\x02",
        b"\xa2\x61a\x01\x61a\x02",
        b"\xbf\xff",
        b"\xa1\x61a\x18\x01",
        b"\xa1\x61a\x5a\x7f\xff\xff\xff",
        b"\xa1\x61a\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x80",
    ] {
        refused(Fault::AssertionMalformed, |m| with(m, bad));
    }
    refused(Fault::AssertionMalformed, |m| with(m, &[&b"\xa1\x61a\x59\x10\x00"[..], &[0; 4096]].concat()));
}

#[test]
fn credential_ids_that_are_too_short_or_too_long_are_refused() {
    for (length, good) in [(0, false), (15, false), (16, true), (1023, true), (1024, false)] {
        let maker = Maker { credential: vec![4; length], ..Maker::create() };
        assert_eq!(registered(&maker).is_ok(), good, "{length}");
    }
}

#[test]
fn keys_other_than_es256_on_p256_are_refused() {
    let changed = |at: usize, to: u8| {
        let mut key = cose_key();
        key[at] = to;
        Maker { cose_key: key, ..Maker::create() }
    };
    // kty OKP, alg ES384, crv P-384, another order, a longer head, a point that is not on the curve.
    for (at, to) in [(2, 0x01), (4, 0x38), (6, 0x02), (7, 0x22), (8, 0x59), (76, cose_key()[76] ^ 1)] {
        assert_eq!(registered(&changed(at, to)), Err(Fault::AssertionMalformed), "{at}");
    }
}

#[test]
fn attestation_objects_with_foreign_missing_or_duplicate_members_are_refused() {
    let maker = Maker::create();
    let none = || ("fmt", Value::from("none"));
    let empty = || ("attStmt", Value::Map(Vec::new()));
    let data = || ("authData", Value::from(maker.authenticator_data()));
    let result = register(
        &maker.registration_of(vec![data(), empty(), none()]),
        RELYING_PARTY,
        &origins(),
        &CHALLENGE,
    );
    assert!(result.is_ok(), "any order");
    for members in [
        vec![],
        vec![none(), empty()],
        vec![none(), none(), data()],
        vec![none(), empty(), data(), ("ep", true.into())],
        vec![none(), empty(), data(), data()],
        vec![("fmt", Value::from(b"none".to_vec())), empty(), data()],
        vec![none(), ("attStmt", Value::Null), data()],
        vec![none(), empty(), ("authData", "text".into())],
    ] {
        refused_object(&maker.registration_of(members));
    }
}

#[test]
fn attestation_objects_that_are_not_exact_cbor_are_refused() {
    let maker = Maker::create();
    let Assertion::PasskeyRegistration { attestation_object, .. } = maker.registration() else {
        unreachable!()
    };
    let good = attestation_object.0;
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut octets = good.clone();
        change(&mut octets);
        refused_object(&maker.registration_octets(octets));
    };
    changed(&|o| o.push(0));
    changed(&|o| o.clear());
    changed(&|o| o.truncate(40));
    // The map of three with a head of two octets, and without length.
    changed(&|o| drop(o.splice(0..1, [0xb8, 0x03])));
    changed(&|o| {
        o[0] = 0xbf;
        o.push(0xff);
    });
    changed(&|o| o.extend(vec![0; 9000]));
}

#[test]
fn other_attestation_formats_are_refused() {
    let maker = Maker::create();
    for format in ["fido-u2f", "apple", "tpm", "android-key", "android-safetynet", "", "None"] {
        refused_object(&maker.registration_of(vec![
            ("fmt", format.into()),
            ("attStmt", Value::Map(Vec::new())),
            ("authData", maker.authenticator_data().into()),
        ]));
    }
}

#[test]
fn format_none_with_a_statement_is_refused() {
    let maker = Maker::create();
    refused_object(&maker.registration_of(vec![
        ("fmt", "none".into()),
        ("attStmt", Value::Map(vec![("alg".into(), (-7).into())])),
        ("authData", maker.authenticator_data().into()),
    ]));
}

#[test]
fn packed_self_attestation_is_verified() {
    let maker = Maker::create();
    let packed = |statement| register(&maker.packed(statement), RELYING_PARTY, &origins(), &CHALLENGE);
    let signature = maker.sign();
    let good = packed(vec![("alg", (-7).into()), ("sig", signature.clone().into())]).unwrap();
    assert_eq!(good.attestation_format, AttestationFormat::PackedSelf);

    let foreign = Maker::create().replace("false", "null").sign();
    let result = packed(vec![("alg", (-7).into()), ("sig", foreign.into())]);
    assert_eq!(result, Err(Fault::AssertionSignature));
    // Longer than the cap.
    let long = packed(vec![("alg", (-7).into()), ("sig", vec![0; 9000].into())]);
    assert_eq!(long, Err(Fault::AssertionMalformed));
    for statement in [
        vec![("alg", Value::from(-35)), ("sig", signature.clone().into())],
        vec![("sig", signature.clone().into())],
        vec![("alg", Value::from(-7)), ("sig", "text".into())],
        vec![
            ("alg", Value::from(-7)),
            ("sig", signature.clone().into()),
            ("x5c", Value::Array(vec![vec![0x30].into()])),
        ],
    ] {
        assert_eq!(packed(statement), Err(Fault::AssertionMalformed));
    }
}

#[test]
fn another_passkey_is_refused() {
    let maker = Maker { credential: vec![3; 16], ..Maker::get() };
    assert_eq!(verified(&maker), Err(Fault::AssertionCredential));
    let longer = Maker { credential: [&CREDENTIAL[..], &[0]].concat(), ..Maker::get() };
    assert_eq!(verified(&longer), Err(Fault::AssertionCredential));
}

#[test]
fn a_signature_over_something_else_is_refused() {
    let check =
        |signature: Vec<u8>| verify(&passkey(), 1, &Maker::get().assertion_signed(signature), &CHALLENGE);
    assert_eq!(check(Maker::get().sign()), Ok(2));
    assert_eq!(check(Maker { counter: 3, ..Maker::get() }.sign()), Err(Fault::AssertionSignature));
    assert_eq!(check(Maker::get().replace("false", "null").sign()), Err(Fault::AssertionSignature));
    assert_eq!(check(Vec::new()), Err(Fault::AssertionSignature));
    let mut trailing = Maker::get().sign();
    trailing.push(0);
    assert_eq!(check(trailing), Err(Fault::AssertionSignature));
    // The raw form that COSE uses elsewhere.
    let der = p256::ecdsa::Signature::from_der(&Maker::get().sign()).unwrap();
    assert_eq!(check(der.to_bytes().to_vec()), Err(Fault::AssertionSignature));
}

#[test]
fn a_counter_that_did_not_grow_is_refused() {
    let check =
        |last, counter| verify(&passkey(), last, &Maker { counter, ..Maker::get() }.assertion(), &CHALLENGE);
    assert_eq!(check(5, 6), Ok(6));
    assert_eq!(check(5, 5), Err(Fault::AssertionCounter));
    assert_eq!(check(5, 4), Err(Fault::AssertionCounter));
    assert_eq!(check(5, 0), Err(Fault::AssertionCounter));
    assert_eq!(check(0, 1), Ok(1));
    assert_eq!(check(0, 0), Ok(0));
    assert_eq!(check(u32::MAX, u32::MAX), Err(Fault::AssertionCounter));
}

proptest! {
    #[test]
    fn no_octets_panic(a in proptest::collection::vec(any::<u8>(), 0..200), b in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = AttestationObject::parse(&a);
        let _ = AuthenticatorData::parse(&b);
        let _ = ClientData::parse(&a);
        let maker = Maker::create();
        let object = maker.registration_of(vec![
            ("fmt", "none".into()),
            ("attStmt", Value::Map(Vec::new())),
            ("authData", b.into()),
        ]);
        let _ = register(&object, RELYING_PARTY, &origins(), &CHALLENGE);
    }

    #[test]
    fn no_changed_octet_verifies(part in 0..4usize, at in any::<proptest::sample::Index>(), flip in 1..=255u8) {
        let Assertion::Passkey { mut credential_id, mut client_data, mut authenticator_data, mut signature } = Maker::get().assertion() else {
            unreachable!()
        };
        let octets = [&mut credential_id, &mut client_data, &mut authenticator_data, &mut signature];
        let octets = &mut octets[part].0;
        let at = at.index(octets.len());
        octets[at] ^= flip;
        let assertion = Assertion::Passkey { credential_id, client_data, authenticator_data, signature };
        prop_assert!(verify(&passkey(), 1, &assertion, &CHALLENGE).is_err());
    }
}
