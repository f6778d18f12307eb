//! Place: none. What a host makes with means of its own: right in everything but the key.

use crate::hostile::means::Provider;
use crate::hostile::signer::USER;
use crate::hostile::world::RELYING_PARTY;
use crate::programs::scratch;
use crate::signer::random;
use fuin_sca::device_key::SoftwareDeviceKey;
use fuin_sca::passkey::PasskeyDirectory;
use fuin_shared::ids::Digest32;
use fuin_shared::message::{Challenge, PasskeyHint};
use fuin_shared::sad::{Assertion, MeansProfile};
use fuin_sic::Authenticator;
use getrandom::SysRng;
use p256::ecdsa::SigningKey;
use rand_core::UnwrapErr;

/// A key of the host's.
#[must_use]
pub fn own_key() -> SigningKey {
    // Too large a number is as likely as an earthquake here and now.
    SigningKey::from_slice(&random::<32>()).unwrap()
}

/// A registration of the host's.
#[must_use]
pub fn own_registration(digest: &Digest32) -> Assertion {
    let folder = scratch();
    PasskeyDirectory::new(folder.path(), "https://localhost", false)
        .register(RELYING_PARTY, "hanako", digest)
        .unwrap()
}

/// An answer by a means of the host's own of this kind, where one can be made up.
#[must_use]
pub fn own_answer(means: MeansProfile, challenge: &Challenge, digest: &Digest32) -> Option<Assertion> {
    match means {
        MeansProfile::Passkey => challenge.passkey.as_ref().map(|hint| own_assertion(hint, digest)),
        MeansProfile::DeviceKey => SoftwareDeviceKey::generate(&mut UnwrapErr(SysRng)).assertion(digest).ok(),
        MeansProfile::Oidc => Some(Provider::new().token(USER, digest)),
        MeansProfile::X509 | MeansProfile::PinTotp => None,
    }
}

/// An assertion by the host's passkey under the name of the signer's.
fn own_assertion(hint: &PasskeyHint, digest: &Digest32) -> Assertion {
    let folder = scratch();
    let mut own = PasskeyDirectory::new(folder.path(), "https://localhost", false);
    own.register(&hint.relying_party, "hanako", digest).unwrap();
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .find(|f| f.path().extension().is_some_and(|e| e == "json"));
    let stem = file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
    let own_id = hex::decode(stem).unwrap();
    let Assertion::Passkey { client_data, authenticator_data, signature, .. } =
        own.assert(&hint.relying_party, &own_id, digest).unwrap()
    else {
        panic!("an assertion");
    };
    Assertion::Passkey {
        credential_id: hint.credential_id.clone(),
        client_data,
        authenticator_data,
        signature,
    }
}
