//! Place: SAM. SEAL-01: a seal key never makes a signature, nor the reverse.

use super::*;

#[test]
fn seal_01_a_seal_key_never_makes_a_signature() {
    let (mut world, organization) = ready();
    assert_eq!(world.challenge(&organization.id, Purpose::Sign), Err(Fault::KeyPurpose));
    // With a nonce for another purpose, and the word of an approver.
    let challenge = world.challenge(&organization.id, Purpose::Mandate).unwrap();
    let sad = world.sad_for(&challenge, &organization.id, &organization.spki, Purpose::Sign, vec![hash(1)]);
    let sealed =
        world.sealed(&sad, organization.approvers[0].assert(&fuin_shared::sad::sad_digest(&sad.to_bytes())));
    let as_signer = super::super::world::Enrolled {
        id: organization.id.clone(),
        spki: organization.spki.clone(),
        passkey: TestPasskey::new(41),
    };
    let request = world.authorize_request(&as_signer, &sad, sealed);
    assert_eq!(world.authorize_call(request), Err(Fault::KeyPurpose));
    let token: Blob = vec![7; 32].into();
    assert_eq!(world.sign(&as_signer, &token, vec![hash(1)]), Err(Fault::KeyPurpose));
    let extend = ExtendTransaction {
        credential: organization.id.clone(),
        token,
        hashes: None,
        hash_algorithm: None,
        record: world.store.records[&organization.id].clone(),
    };
    assert_eq!(world.call(Command::ExtendTransaction(extend)), Err(Fault::KeyPurpose));
}

#[test]
fn seal_01_a_seal_key_takes_no_signers_means() {
    let mut world = World::operational(31);
    let organization = world.generate_seal_key(SEAL_SUBJECT).unwrap();
    let sad = world.sad(&organization.id, &organization.spki, Purpose::Link, Vec::new());
    let passkey = TestPasskey::new(41);
    let evidence = evidence(&sad, |digest| passkey.register(digest));
    let statement = world.manage(super::super::world::link_action(&passkey), Some(&organization.id));
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::KeyPurpose));
}

#[test]
fn seal_01_a_signature_key_never_makes_a_seal() {
    let (mut world, organization, mandate) = granted();
    let key = world.enrol(P256, 21);
    let posing = Organization {
        id: key.id.clone(),
        spki: key.spki.clone(),
        approvers: vec![TestPasskey::new(21)],
        sca: Person::new("sca", 44),
    };
    let terms = world.terms(&posing);
    assert_eq!(world.grant_with(&posing, &terms, Vec::new()), Err(Fault::KeyPurpose));
    assert_eq!(world.challenge(&key.id, Purpose::Mandate), Err(Fault::InvalidKeyState));
    let ask = GetApproverChallenge {
        credential: key.id.clone(),
        purpose: Purpose::Mandate,
        approver: 1,
        record: world.store.records[&key.id].clone(),
    };
    assert_eq!(world.call(Command::GetApproverChallenge(ask)), Err(Fault::KeyPurpose));
    // An order under a mandate of the organization, with the signer's key.
    let order = world.order(mandate, 1, vec![hash(1)]);
    assert_eq!(world.seal_order(&posing, &order).unwrap_err(), Fault::KeyPurpose);
    let change = world.approver_change(&posing, &[], &[TestPasskey::new(51)], 1);
    let action = ManageAction::EnrolApprovers { approvers: change.approvers, threshold: 1 };
    let statement = world.manage(action, Some(&key.id));
    let evidence = codec::encode(&ApproverEvidence::default()).into();
    let manage = world.signed_manage(&statement, Some(evidence));
    assert_eq!(world.call(Command::LinkEid(manage)), Err(Fault::KeyPurpose));
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
}

#[test]
fn seal_01_the_certificate_must_be_of_the_keys_kind() {
    // A seal key needs organization and organizationIdentifier, and no person.
    let mut world = World::operational(31);
    for subject in ["CN=Example,O=Example K.K.,C=JP", "CN=Example,2.5.4.97=NTRJP-1", SUBJECT] {
        assert_eq!(world.generate_seal_key(subject).err(), Some(Fault::InvalidProof), "{subject}");
    }
    let subject = "givenName=Taro,CN=Example,2.5.4.97=NTRJP-1,O=Example K.K.";
    let organization = world.generate_seal_key(subject).unwrap();
    world.enrol_approvers(&organization, 2).unwrap();
    assert_eq!(world.link_seal_certificate(&organization, subject), Err(Fault::CertificateNotAcceptable));
    // A key for signatures takes no legal person's.
    let ManageAction::GenerateKey { user, authority, key_algorithm, multisign, .. } =
        generate_action("hanako", P256)
    else {
        panic!()
    };
    let subject = Some(SEAL_SUBJECT.to_owned());
    let action = ManageAction::GenerateKey { user, authority, key_algorithm, multisign, subject };
    let statement = world.manage(action, None);
    let Ok(Answer::KeyGenerated(key)) =
        world.call(Command::GenerateKey(world.signed_manage(&statement, None)))
    else {
        panic!()
    };
    let key = super::super::world::Enrolled { id: key.key, spki: key.spki.0, passkey: TestPasskey::new(21) };
    world.link_means(&key).unwrap();
    let certificate = world.ca.certify(&key.spki, SEAL_SUBJECT, 77);
    assert_eq!(
        world.link_chain(&key, vec![certificate.into(), world.ca.root.clone().into()]),
        Err(Fault::CertificateNotAcceptable)
    );
}
