use super::forge::*;
use super::*;
use fuin_shared::manifest::means::MeansPolicy;
use proptest::prelude::*;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsages};

const NOW: u64 = 1_767_225_600;
const CHALLENGE: Digest32 = Digest32([5; 32]);

fn issuer() -> X509Issuer {
    entry("cards", "ra", NOW)
}

fn policy() -> MeansPolicy {
    MeansPolicy { x509: vec![issuer()], ..MeansPolicy::default() }
}

fn chain() -> Vec<Blob> {
    vec![Plan::card(NOW).make(), Plan::middle(NOW).make()]
}

/// A book with a list of the root and one of the CA below it.
fn book(root: &List, middle: &List) -> StatusBook {
    let mut book = StatusBook::default();
    book.take(root.make().as_slice(), &[Plan::root(NOW).make()], &policy(), NOW).unwrap();
    book.take(middle.make().as_slice(), &[Plan::middle(NOW).make()], &policy(), NOW).unwrap();
    book
}

fn good_book() -> StatusBook {
    book(&List::of_root(NOW), &List::of_middle(NOW))
}

fn registered(
    certificates: &[Blob],
    issuer: &X509Issuer,
    status: &StatusBook,
    now: u64,
) -> Result<X509, Fault> {
    let signature = answer(CARD, &CHALLENGE);
    let answer = Answer { certificates, signature: signature.as_slice() };
    register(answer, Grounds { issuer, status, now }, &CHALLENGE)
}

fn with_card(change: impl FnOnce(&mut Plan)) -> Result<X509, Fault> {
    let mut card = Plan::card(NOW);
    change(&mut card);
    registered(&[card.make(), Plan::middle(NOW).make()], &issuer(), &good_book(), NOW)
}

fn verified(
    linked: &X509,
    certificates: &[Blob],
    signature: &[u8],
    challenge: &Digest32,
) -> Result<(), Fault> {
    let (issuer, status) = (issuer(), good_book());
    let answer = Answer { certificates, signature };
    verify(linked, answer, Grounds { issuer: &issuer, status: &status, now: NOW }, challenge)
}

#[test]
fn a_card_is_linked_and_answers() {
    let linked = registered(&chain(), &issuer(), &good_book(), NOW).unwrap();
    assert_eq!(linked.issuer.as_str(), "cards");
    let next = Digest32([6; 32]);
    assert_eq!(verified(&linked, &chain(), answer(CARD, &next).as_slice(), &next), Ok(()));
    // The anchor may come along.
    let whole = [chain(), vec![Plan::root(NOW).make()]].concat();
    assert_eq!(verified(&linked, &whole, answer(CARD, &next).as_slice(), &next), Ok(()));
}

#[test]
fn what_is_kept_shows_no_personal_data() {
    let linked = registered(&chain(), &issuer(), &good_book(), NOW).unwrap();
    let kept = fuin_shared::codec::encode(&linked);
    let debug = format!("{linked:?}");
    let holder = HOLDER.trim_start_matches("CN=").split(',').next().unwrap();
    assert!(!kept.windows(holder.len()).any(|w| w == holder.as_bytes()) && !debug.contains(holder));
}

#[test]
fn an_answer_to_another_challenge_is_refused() {
    let linked = registered(&chain(), &issuer(), &good_book(), NOW).unwrap();
    let other = answer(CARD, &Digest32([7; 32]));
    assert_eq!(verified(&linked, &chain(), other.as_slice(), &CHALLENGE), Err(Fault::AssertionSignature));
}

#[test]
fn a_signature_without_the_tag_is_refused() {
    use ecdsa::signature::Signer;
    let linked = registered(&chain(), &issuer(), &good_book(), NOW).unwrap();
    let login: p256::ecdsa::DerSignature = key(CARD).sign(CHALLENGE.as_ref());
    assert_eq!(verified(&linked, &chain(), login.as_bytes(), &CHALLENGE), Err(Fault::AssertionSignature));
}

#[test]
fn another_card_of_the_issuer_is_refused() {
    let linked = registered(&chain(), &issuer(), &good_book(), NOW).unwrap();
    let other = Plan { key: 77, serial: 43, subject: "CN=Taro", ..Plan::card(NOW) }.make();
    let signature = answer(77, &CHALLENGE);
    let refused = verified(&linked, &[other, Plan::middle(NOW).make()], signature.as_slice(), &CHALLENGE);
    assert_eq!(refused, Err(Fault::AssertionCredential));
}

#[test]
fn a_renewed_certificate_of_the_same_key_is_refused() {
    let linked = registered(&chain(), &issuer(), &good_book(), NOW).unwrap();
    let renewed = Plan { serial: 43, ..Plan::card(NOW) }.make();
    let signature = answer(CARD, &CHALLENGE);
    let refused = verified(&linked, &[renewed, Plan::middle(NOW).make()], signature.as_slice(), &CHALLENGE);
    assert_eq!(refused, Err(Fault::AssertionCredential));
}

#[test]
fn a_card_of_a_stranger_is_refused() {
    let own = Plan { issuer_key: 99, ..Plan::card(NOW) }.make();
    let refused = registered(&[own, Plan::middle(NOW).make()], &issuer(), &good_book(), NOW);
    assert_eq!(refused, Err(Fault::MeansUntrusted));
    let mut other = issuer();
    other.anchors = vec![Plan { key: 98, issuer_key: 98, ..Plan::root(NOW) }.make()];
    assert_eq!(registered(&chain(), &other, &good_book(), NOW), Err(Fault::MeansUntrusted));
}

#[test]
fn a_missing_intermediate_and_no_certificate_are_refused() {
    assert_eq!(registered(&chain()[..1], &issuer(), &good_book(), NOW), Err(Fault::MeansUntrusted));
    assert_eq!(registered(&[], &issuer(), &good_book(), NOW), Err(Fault::AssertionMalformed));
    let long = vec![Plan::card(NOW).make(); 11];
    assert_eq!(registered(&long, &issuer(), &good_book(), NOW), Err(Fault::AssertionMalformed));
}

#[test]
fn a_card_outside_its_validity_is_refused() {
    assert_eq!(with_card(|card| card.to = NOW - 1), Err(Fault::MeansCertificate));
    assert_eq!(with_card(|card| card.from = NOW + 1), Err(Fault::MeansCertificate));
}

#[test]
fn a_certificate_for_content_commitment_alone_is_refused_unless_configured() {
    let plan = Plan { extensions: vec![key_usage(KeyUsages::NonRepudiation)], ..Plan::card(NOW) };
    let chain = [plan.make(), Plan::middle(NOW).make()];
    assert_eq!(registered(&chain, &issuer(), &good_book(), NOW), Err(Fault::MeansCertificate));
    let configured = X509Issuer { content_commitment: true, ..issuer() };
    assert!(registered(&chain, &configured, &good_book(), NOW).is_ok());
}

#[test]
fn certificates_for_other_uses_are_refused() {
    let usages = [KeyUsages::KeyEncipherment.into(), KeyUsages::DigitalSignature | KeyUsages::KeyCertSign];
    for usage in usages {
        assert_eq!(with_card(|card| card.extensions = vec![key_usage(usage)]), Err(Fault::MeansCertificate));
    }
    let client = ExtendedKeyUsage(vec![const_oid::db::rfc5280::ID_KP_CLIENT_AUTH]);
    let client = extension("2.5.29.37", false, &client);
    assert!(with_card(|card| card.extensions.push(client.clone())).is_ok());
    assert_eq!(with_card(|card| card.extensions = vec![client]), Err(Fault::MeansCertificate));
    for purpose in FOREIGN_PURPOSES {
        let purpose = extension("2.5.29.37", false, &ExtendedKeyUsage(vec![purpose]));
        assert_eq!(with_card(|card| card.extensions.push(purpose)), Err(Fault::MeansCertificate));
    }
}

#[test]
fn a_certificate_without_the_configured_policy_is_refused() {
    let demanding = X509Issuer { policies: vec!["1.2.3.4".to_owned()], ..issuer() };
    assert_eq!(registered(&chain(), &demanding, &good_book(), NOW), Err(Fault::MeansCertificate));
    let policy = |oid: &str| {
        use x509_cert::ext::pkix::certpolicy::PolicyInformation;
        let policy_identifier = ObjectIdentifier::new_unwrap(oid);
        extension("2.5.29.32", false, &vec![PolicyInformation { policy_identifier, policy_qualifiers: None }])
    };
    let with = |oid: &str| {
        let mut plan = Plan::card(NOW);
        plan.extensions.push(policy(oid));
        registered(&[plan.make(), Plan::middle(NOW).make()], &demanding, &good_book(), NOW)
    };
    assert_eq!(with("1.2.3.40"), Err(Fault::MeansCertificate));
    assert!(with("1.2.3.4").is_ok());
}

#[test]
fn a_revoked_card_is_refused() {
    let revoked = book(&List::of_root(NOW), &List { revoked: vec![41, 42], ..List::of_middle(NOW) });
    assert_eq!(registered(&chain(), &issuer(), &revoked, NOW), Err(Fault::MeansRevoked));
    // Long after the list went stale it is still revoked.
    assert_eq!(registered(&chain(), &issuer(), &revoked, NOW + 40 * DAY), Err(Fault::MeansRevoked));
}

#[test]
fn a_card_of_a_revoked_ca_is_refused() {
    let revoked = book(&List { revoked: vec![2], ..List::of_root(NOW) }, &List::of_middle(NOW));
    assert_eq!(registered(&chain(), &issuer(), &revoked, NOW), Err(Fault::MeansRevoked));
}

#[test]
fn a_card_without_status_is_refused() {
    assert_eq!(registered(&chain(), &issuer(), &StatusBook::default(), NOW), Err(Fault::MeansStatus));
    // A list of the card's issuer alone does not speak for that issuer.
    let mut half = StatusBook::default();
    half.take(List::of_middle(NOW).make().as_slice(), &[Plan::middle(NOW).make()], &policy(), NOW).unwrap();
    assert_eq!(registered(&chain(), &issuer(), &half, NOW), Err(Fault::MeansStatus));
}

#[test]
fn a_status_older_than_the_greatest_age_is_refused() {
    let issuer = issuer();
    let oldest = NOW - 60 + u64::from(issuer.status_seconds);
    assert!(registered(&chain(), &issuer, &good_book(), oldest).is_ok());
    assert_eq!(registered(&chain(), &issuer, &good_book(), oldest + 1), Err(Fault::MeansStatus));
    // Past its nextUpdate a list is no status, however young it is.
    let brief = book(&List::of_root(NOW), &List { to: NOW + 10, ..List::of_middle(NOW) });
    assert_eq!(registered(&chain(), &issuer, &brief, NOW + 11), Err(Fault::MeansStatus));
}

#[test]
fn an_older_list_never_replaces_a_newer_one() {
    let mut book = StatusBook::default();
    let by = [Plan::middle(NOW).make()];
    let mut take = |list: List| book.take(list.make().as_slice(), &by, &policy(), NOW);
    let newer = List { number: 9, revoked: vec![42], ..List::of_middle(NOW) };
    assert_eq!(take(newer.clone()), Ok(()));
    assert_eq!(take(newer.clone()), Ok(()), "the same again");
    assert_eq!(take(List { number: 8, revoked: vec![], ..newer.clone() }), Err(Fault::RevocationList));
    assert_eq!(take(List { from: NOW - 61, ..newer.clone() }), Err(Fault::RevocationList));
    assert_eq!(take(List { number: 10, from: NOW - 61, ..newer.clone() }), Err(Fault::RevocationList));
    assert_eq!(take(List { number: 10, ..newer }), Ok(()));
}

#[test]
fn lists_by_strangers_and_foreign_issuers_are_refused() {
    let mut book = StatusBook::default();
    let mut take = |list: List, by: &[Blob]| book.take(list.make().as_slice(), by, &policy(), NOW);
    let middle = [Plan::middle(NOW).make()];
    assert_eq!(take(List { key: 99, ..List::of_middle(NOW) }, &middle), Err(Fault::RevocationList));
    assert_eq!(take(List::of_root(NOW), &middle), Err(Fault::RevocationList));
    let stranger = Plan { key: 99, issuer_key: 99, ..Plan::root(NOW) }.make();
    assert_eq!(take(List { key: 99, ..List::of_root(NOW) }, &[stranger]), Err(Fault::MeansUntrusted));
    // A card is no CA, though its path is good.
    let of_card = List { issuer: HOLDER, key: CARD, ..List::of_root(NOW) };
    assert_eq!(take(of_card, &chain()), Err(Fault::MeansUntrusted));
    assert_eq!(take(List::of_middle(NOW), &[]), Err(Fault::RevocationList));
    assert_eq!(take(List::of_middle(NOW), &[vec![0x30, 0].into()]), Err(Fault::RevocationList));
}

#[test]
fn lists_that_are_not_current_are_refused() {
    let mut book = StatusBook::default();
    let by = [Plan::middle(NOW).make()];
    let mut take = |list: List| book.take(list.make().as_slice(), &by, &policy(), NOW);
    assert_eq!(take(List { from: NOW + 1, ..List::of_middle(NOW) }), Err(Fault::RevocationList));
    assert_eq!(take(List { to: NOW - 1, ..List::of_middle(NOW) }), Err(Fault::RevocationList));
    assert_eq!(book.take(b"0", &by, &policy(), NOW), Err(Fault::RevocationList));
}

#[test]
fn a_card_with_an_rsa_key_is_refused() {
    let rsa = hex::decode("301d300d06092a864886f70d0101010500030c003009020200c50203010001").unwrap();
    assert_eq!(with_card(|card| card.spki = Some(rsa)), Err(Fault::MeansCertificate));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn changed_certificates_and_signatures_never_pass(at in 0usize..2000, bit in 0u8..8, second in any::<bool>()) {
        let linked = registered(&chain(), &issuer(), &good_book(), NOW).unwrap();
        let mut chain = chain();
        let mut signature = answer(CARD, &CHALLENGE).0;
        let target = if second { &mut signature } else { &mut chain[0].0 };
        let at = at % target.len();
        target[at] ^= 1 << bit;
        prop_assert!(verified(&linked, &chain, &signature, &CHALLENGE).is_err());
    }
}
