//! Place: SAM. Hash type `document`: the signer authorized a document's digest, and the SAM reads and hashes what is signed.

use super::attributes::{detached, signed_attributes, signing_input};
use super::world::{Enrolled, SUBJECT, World, evidence, hash, pop_action};
use fuin_shared::algorithm::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::fault::Fault;
use fuin_shared::key::PublicKey;
use fuin_shared::log::event::{Event, EventBody, salted};
use fuin_shared::log::tree::{leaf_hash, root_of};
use fuin_shared::message::{Answer, Command, ExtendTransaction, Receipt, SignDocument, ToBeSigned};
use fuin_shared::sad::{HashType, Purpose};
use fuin_shared::statement::ManageAction;
use sha2::{Digest, Sha256};

/// The world, a credential, and its certificate.
fn ready() -> (World, Enrolled, Vec<u8>) {
    let mut world = World::operational(1);
    let key = world.enrol(KeyAlgorithm::EcdsaP256, 21);
    // The authority signs deterministically: this is the one that was linked.
    let certificate = world.ca.certify(&key.spki, SUBJECT, 101);
    (world, key, certificate)
}

pub fn authorize(world: &mut World, key: &Enrolled, documents: Vec<Blob>) -> Result<Blob, Fault> {
    let mut sad = world.sad(&key.id, &key.spki, Purpose::Sign, documents);
    sad.hash_type = HashType::Document;
    world.authorize_sad(key, &sad)
}

fn request(world: &World, key: &Enrolled, token: &Blob, to_be_signed: Vec<ToBeSigned>) -> SignDocument {
    SignDocument {
        credential: key.id.clone(),
        token: token.clone(),
        to_be_signed,
        hash_algorithm: Some(HashAlgorithm::Sha256),
        signature_algorithm: SignatureAlgorithm::EcdsaSha256,
        record: world.store.records[&key.id].clone(),
    }
}

pub fn sign(
    world: &mut World,
    key: &Enrolled,
    token: &Blob,
    to_be_signed: Vec<ToBeSigned>,
) -> Result<(Vec<Blob>, Receipt), Fault> {
    let request = request(world, key, token, to_be_signed);
    match world.call(Command::SignDocument(request))? {
        Answer::Signatures { signatures, receipt } => Ok((signatures, receipt)),
        other => panic!("{other:?}"),
    }
}

pub fn cms(document: &Blob, certificate: &[u8]) -> ToBeSigned {
    ToBeSigned::Cms(signed_attributes(document.as_slice(), certificate).into())
}

fn octets(to_be_signed: &ToBeSigned) -> &[u8] {
    let (ToBeSigned::Cms(octets) | ToBeSigned::Jws(octets)) = to_be_signed;
    octets.as_slice()
}

fn signs(key: &Enrolled, to_be_signed: &ToBeSigned, signature: &Blob) -> bool {
    let digest = Sha256::digest(octets(to_be_signed));
    PublicKey::from_spki(&key.spki).unwrap().verify_digest(&digest, signature.as_slice()).is_ok()
}

#[test]
fn authorized_documents_are_signed_in_cms_and_jws() {
    let (mut world, key, certificate) = ready();
    let token = authorize(&mut world, &key, vec![hash(1), hash(2)]).unwrap();
    let wanted = vec![
        ToBeSigned::Jws(signing_input(&detached(hash(2).as_slice(), &certificate), b"")),
        cms(&hash(1), &certificate),
    ];
    let (signatures, _) = sign(&mut world, &key, &token, wanted.clone()).unwrap();
    assert_eq!(signatures.len(), 2);
    for (wanted, signature) in wanted.iter().zip(&signatures) {
        assert!(signs(&key, wanted, signature));
    }
    assert_eq!(sign(&mut world, &key, &token, wanted), Err(Fault::TokenUnknown), "each serves once");
}

#[test]
fn another_document_is_refused_and_spends_nothing() {
    let (mut world, key, certificate) = ready();
    let token = authorize(&mut world, &key, vec![hash(1), hash(2)]).unwrap();
    let good = cms(&hash(1), &certificate);
    for wrong in [
        vec![cms(&hash(9), &certificate)],
        vec![good.clone(), cms(&hash(9), &certificate)],
        vec![good.clone(), good.clone()],
    ] {
        assert_eq!(sign(&mut world, &key, &token, wrong), Err(Fault::HashNotAuthorized));
    }
    assert_eq!(sign(&mut world, &key, &token, Vec::new()), Err(Fault::NoHashes));
    // One of two that cannot be read: nothing is signed.
    let broken = ToBeSigned::Cms(vec![0x31, 0].into());
    assert_eq!(sign(&mut world, &key, &token, vec![good.clone(), broken]), Err(Fault::ToBeSignedContent));
    let other = world.ca.certify(&key.spki, SUBJECT, 900);
    let renamed = cms(&hash(1), &other);
    assert_eq!(sign(&mut world, &key, &token, vec![renamed]), Err(Fault::ToBeSignedCertificate));
    let many = vec![good.clone(); 101];
    assert_eq!(sign(&mut world, &key, &token, many), Err(Fault::SadTooMany));
    assert!(sign(&mut world, &key, &token, vec![good]).is_ok());
}

#[test]
fn token_for_documents_never_signs_a_hash() {
    let (mut world, key, certificate) = ready();
    let token = authorize(&mut world, &key, vec![hash(1)]).unwrap();
    let wanted = cms(&hash(1), &certificate);
    let dtbsr: Blob = Sha256::digest(octets(&wanted)).to_vec().into();
    for hash in [hash(1), dtbsr] {
        assert_eq!(world.sign(&key, &token, vec![hash]), Err(Fault::HashType));
    }
    assert!(sign(&mut world, &key, &token, vec![wanted]).is_ok());
}

#[test]
fn token_for_hashes_never_signs_a_document() {
    let (mut world, key, certificate) = ready();
    let wanted = cms(&hash(1), &certificate);
    let dtbsr: Blob = Sha256::digest(octets(&wanted)).to_vec().into();
    for hashes in [vec![hash(1)], vec![dtbsr]] {
        let token = world.authorize(&key, hashes.clone()).unwrap();
        let refused = sign(&mut world, &key, &token, vec![wanted.clone()]);
        assert_eq!(refused, Err(Fault::HashType));
        assert!(world.sign(&key, &token, hashes).is_ok());
    }
}

#[test]
fn extended_transaction_keeps_the_type() {
    let (mut world, key, certificate) = ready();
    let former = authorize(&mut world, &key, vec![hash(1), hash(2)]).unwrap();
    let extend = ExtendTransaction {
        credential: key.id.clone(),
        token: former.clone(),
        hashes: Some(vec![hash(1)]),
        hash_algorithm: None,
        record: world.store.records[&key.id].clone(),
    };
    let Ok(Answer::Activation { token, .. }) = world.call(Command::ExtendTransaction(extend)) else {
        panic!()
    };
    assert_eq!(world.sign(&key, &token, vec![hash(1)]), Err(Fault::HashType));
    let wanted = cms(&hash(2), &certificate);
    assert_eq!(sign(&mut world, &key, &former, vec![wanted.clone()]), Err(Fault::TokenUnknown));
    assert!(sign(&mut world, &key, &token, vec![wanted]).is_ok());
}

#[test]
fn documents_are_for_signing_alone() {
    let (mut world, key, _) = ready();
    let mut sad = world.sad(&key.id, &key.spki, Purpose::Delete, Vec::new());
    sad.hash_type = HashType::Document;
    let consent = evidence(&sad, |digest| key.passkey.assert(digest));
    let statement = world.manage(ManageAction::DeleteKey {}, Some(&key.id));
    let manage = world.signed_manage(&statement, Some(consent));
    assert_eq!(world.call(Command::DeleteKey(manage)), Err(Fault::SadRequest));
    let other = world.generate("hanako", KeyAlgorithm::EcdsaP256).unwrap();
    let passkey = super::passkey::TestPasskey::new(22);
    let other = Enrolled { id: other.key, spki: other.spki.0, passkey };
    world.link_means(&other).unwrap();
    let info = world.request_info(&other).unwrap();
    let digest = HashAlgorithm::Sha256.digest(info.as_slice());
    let mut sad = world.sad(&other.id, &other.spki, Purpose::Pop, vec![digest.into()]);
    sad.hash_type = HashType::Document;
    let consent = evidence(&sad, |digest| other.passkey.assert(digest));
    let statement = world.manage(pop_action(Some(info)), Some(&other.id));
    let manage = world.signed_manage(&statement, Some(consent));
    assert_eq!(world.call(Command::AuthorizePop(manage)), Err(Fault::SadRequest));
}

#[test]
fn event_tells_documents_and_hashes_apart_and_the_receipt_opens_both() {
    let (mut world, key, certificate) = ready();
    let token = authorize(&mut world, &key, vec![hash(1), hash(2)]).unwrap();
    let wanted = vec![cms(&hash(2), &certificate), cms(&hash(1), &certificate)];
    let (_, receipt) = sign(&mut world, &key, &token, wanted.clone()).unwrap();
    assert_eq!(world.store.entries[receipt.index as usize], receipt.event.0);
    let event: Event = codec::decode(receipt.event.as_slice()).unwrap();
    let EventBody::DocumentsSigned { certificate: named, count, documents, hashes, .. } = event.body else {
        panic!()
    };
    assert_eq!(count, 2);
    let (first, salts) = receipt.salts.split_first().unwrap();
    assert_eq!(named, salted(first.as_slice(), &certificate));
    let root = |values: &[Vec<u8>]| {
        let leaves: Vec<_> = values
            .iter()
            .zip(salts)
            .map(|(value, salt)| leaf_hash(salted(salt.as_slice(), value).as_ref()))
            .collect();
        root_of(&leaves)
    };
    assert_eq!(documents.0, root(&[hash(2).0, hash(1).0]));
    let digests: Vec<_> = wanted.iter().map(|one| Sha256::digest(octets(one)).to_vec()).collect();
    assert_eq!(hashes.0, root(&digests));
    // It is an event like others at the next boot.
    world.reboot();
    assert_eq!(world.provide(), Ok(()));
}
