//! Place: none. The software PIN and its generator: files, steps, and when they refuse.

use super::*;
use fuin_shared::ids::InstanceId;
use fuin_shared::message::{Challenge, MeansHint};
use fuin_shared::sad::MeansProfile;
use fuin_sic::SignerMeans;

const DIGEST: Digest32 = Digest32([7; 32]);
/// Ten seconds into a step.
const NOW: u64 = 1_800_000_010;

fn rng() -> rand_core::UnwrapErr<getrandom::SysRng> {
    rand_core::UnwrapErr(getrandom::SysRng)
}

fn challenge(hint: Option<MeansHint>) -> Challenge {
    Challenge {
        nonce: vec![1; 16].into(),
        instance: InstanceId([2; 32]),
        expires: 1,
        means: Some(MeansProfile::PinTotp),
        passkey: None,
        hint,
    }
}

fn code(assertion: &Assertion) -> &Secret {
    match assertion {
        Assertion::PinTotp { code, .. } | Assertion::PinTotpRegistration { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_password_is_given_once_and_only_while_the_sam_takes_it() {
    let mut made = SoftwarePinTotp::generate(&mut rng());
    let at = |made: &SoftwarePinTotp, step| password(made.secret.as_slice(), made.hash, made.digits, step);
    let current = step(NOW).unwrap();
    // That of the last step is good for a while yet, and that of the next one already.
    let first = made.registration(NOW, &mut rng()).unwrap();
    assert_eq!(Some(code(&first)), at(&made, current - 1).as_ref());
    for given in [current, current + 1] {
        assert_eq!(Some(code(&made.assertion(NOW).unwrap())), at(&made, given).as_ref());
    }
    assert!(matches!(made.assertion(NOW), Err(PinTotpError::Wait(20))));
    let next = made.assertion(NOW + 20).unwrap();
    assert_eq!(Some(code(&next)), at(&made, current + 2).as_ref());
    // Skipped ones are not made up for; one that soon ends is not given.
    let later = made.assertion(NOW + 3015).unwrap();
    assert_eq!(Some(code(&later)), at(&made, current + 100).as_ref());
    assert!(matches!(made.assertion(u64::MAX), Err(PinTotpError::Clock)));
}

#[test]
fn a_pin_is_of_digits_and_nothing_is_shown() {
    let mut made = SoftwarePinTotp::generate(&mut rng());
    assert!(made.pin.as_slice().len() == PIN && made.pin.as_slice().iter().all(u8::is_ascii_digit));
    let assertion = made.assertion(NOW).unwrap();
    let pin = String::from_utf8(made.pin.as_slice().to_vec()).unwrap();
    assert!(!format!("{made:?}{assertion:?}").contains(&pin));
}

#[test]
fn a_directory_answers_by_the_name_of_the_registration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pins");
    let shown = PinTotpDirectory::new(&path, || NOW).register().unwrap();
    let registration = shown.registration().unwrap();
    let mut directory = PinTotpDirectory::new(&path, || NOW);
    let asked = challenge(Some(MeansHint::PinTotp { registration }));
    let answer = directory.answer(MeansProfile::PinTotp, &asked, &DIGEST).unwrap();
    let (Assertion::PinTotp { pin, .. }, Assertion::PinTotpRegistration { pin: linked, .. }) =
        (&answer, &shown)
    else {
        panic!("{answer:?}")
    };
    assert!(pin == linked && code(&answer) != code(&shown));
    // The file knows which passwords were given.
    directory.answer(MeansProfile::PinTotp, &asked, &DIGEST).unwrap();
    let again = directory.answer(MeansProfile::PinTotp, &asked, &DIGEST);
    assert!(matches!(again, Err(PinTotpError::Wait(_))));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(path.join(format!("{registration}.json"))).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn unknown_foreign_and_malformed_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut directory = PinTotpDirectory::new(folder.path(), || NOW);
    let asked = challenge(Some(MeansHint::PinTotp { registration: DIGEST }));
    let refused = directory.answer(MeansProfile::PinTotp, &asked, &DIGEST);
    assert!(matches!(refused, Err(PinTotpError::Unknown { .. })));
    for (profile, hint) in [
        (MeansProfile::Passkey, Some(MeansHint::PinTotp { registration: DIGEST })),
        (MeansProfile::PinTotp, Some(MeansHint::DeviceKey { key: DIGEST })),
        (MeansProfile::PinTotp, None),
    ] {
        let refused = directory.answer(profile, &challenge(hint), &DIGEST);
        assert!(matches!(refused, Err(PinTotpError::NotAsked)));
    }
    for text in ["", "{}", r#"{"version":1,"pin":"00","secret":"00","hash":"sha1","digits":6,"lastStep":0}"#]
    {
        std::fs::write(folder.path().join(format!("{DIGEST}.json")), text).unwrap();
        let refused = directory.answer(MeansProfile::PinTotp, &asked, &DIGEST);
        assert!(matches!(refused, Err(PinTotpError::Malformed(_))), "{text}");
    }
}
