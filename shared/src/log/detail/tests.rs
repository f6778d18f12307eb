use super::*;
use crate::codec;
use crate::ids::{Digest32, LedgerId, PersonId};
use crate::log::event::{AlarmKind, Event, EventBody};
use crate::manifest::MAX_HASHES;
use alloc::string::{String, ToString};
use alloc::vec;

fn longest(text: &str, length: usize) -> String {
    text.chars().cycle().take(length).collect()
}

/// The largest that the SAM makes: every hash that a manifest may allow in one call, the longest of them, and of every
/// document too.
fn largest() -> Detail {
    let hashes = vec![Blob::from(vec![7; 64]); MAX_HASHES as usize];
    let credential = Concerned {
        id: CredentialId::new(longest("c", 64)).unwrap(),
        client: RaClientId::new(longest("r", 64)).unwrap(),
        user: UserId::new(longest("u", 128)).unwrap(),
        authority: CaId::new(longest("a", 64)).unwrap(),
        means: Some(MeansProfile::PinTotp),
    };
    let officers = (0..64).map(|n| PersonId::new(longest("p", 62) + &n.to_string()).unwrap());
    let officers: Vec<_> = officers.collect();
    Detail::about(credential)
        .by_each(Role::Officer, &officers)
        .asked(Purpose::Sign, Digest32([9; 32]))
        .under(Some(Digest32([8; 32])))
        .over(SignatureAlgorithm::EcdsaSha384, hashes.clone())
        .of_documents(hashes)
}

#[test]
fn the_largest_detail_with_the_keys_of_all_auditors_is_within_the_bound() {
    let wrapped = WrappedKey {
        auditor: PersonId::new(longest("p", 64)).unwrap(),
        key: Digest32([1; 32]),
        sealed: crate::statement::HpkeSealed {
            encapsulated: vec![4; 97].into(),
            ciphertext: vec![5; 48].into(),
        },
    };
    let detail = codec::encode(&largest());
    let sealed = SealedDetail {
        version: VERSION,
        keys_at: u64::MAX,
        keys: vec![wrapped; 64],
        number: u64::MAX,
        ciphertext: vec![0; detail.len() + 16].into(),
    };
    let octets = codec::encode(&sealed);
    assert!(octets.len() <= MAX_SEALED, "{}", octets.len());
    assert_eq!(codec::decode::<Detail>(&detail), Ok(largest()));
    assert_eq!(codec::decode::<SealedDetail>(&octets), Ok(sealed));
}

#[test]
fn the_digest_of_an_event_is_of_all_but_the_hash_of_its_detail() {
    let body = |count| EventBody::Alarm { about: AlarmKind::RecordForeign, count };
    let event = Event { version: 1, time: 5, body: body(1), detail: None };
    let with = Event { detail: Some(Digest32([1; 32])), ..event.clone() };
    assert_eq!(event_digest(&event), event_digest(&with));
    assert_ne!(event_digest(&event), event_digest(&Event { time: 6, ..event.clone() }));
    assert_ne!(event_digest(&event), event_digest(&Event { body: body(2), ..event }));
}

#[test]
fn what_a_detail_is_bound_to_differs_with_each_part() {
    let sealed = |keys_at, number| SealedDetail {
        version: VERSION,
        keys_at,
        keys: Vec::new(),
        number,
        ciphertext: Blob::default(),
    };
    let digest = |n| Digest32([n; 32]);
    let all = [
        detail_aad(&LedgerId([1; 16]), 7, &digest(1), &sealed(3, 4)),
        detail_aad(&LedgerId([2; 16]), 7, &digest(1), &sealed(3, 4)),
        detail_aad(&LedgerId([1; 16]), 8, &digest(1), &sealed(3, 4)),
        detail_aad(&LedgerId([1; 16]), 7, &digest(2), &sealed(3, 4)),
        detail_aad(&LedgerId([1; 16]), 7, &digest(1), &sealed(2, 4)),
        detail_aad(&LedgerId([1; 16]), 7, &digest(1), &sealed(3, 5)),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[at + 1..].contains(one), "{at}");
    }
    assert_ne!(key_info(1), key_info(2));
}
