//! Place: none. What a host makes with a passkey of its own: right in everything but the key.

use crate::hostile::world::RELYING_PARTY;
use crate::programs::scratch;
use fuin_sca::passkey::PasskeyDirectory;
use fuin_shared::ids::Digest32;
use fuin_shared::message::PasskeyHint;
use fuin_shared::sad::Assertion;
use fuin_sic::Authenticator;

/// A registration of the host's.
#[must_use]
pub fn own_registration(digest: &Digest32) -> Assertion {
    let folder = scratch();
    PasskeyDirectory::new(folder.path(), "https://localhost", false)
        .register(RELYING_PARTY, "hanako", digest)
        .unwrap()
}

/// An assertion by the host's passkey under the name of the signer's.
#[must_use]
pub fn own_assertion(hint: &PasskeyHint, digest: &Digest32) -> Assertion {
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
