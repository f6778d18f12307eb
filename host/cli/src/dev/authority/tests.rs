use super::*;
use fuin_shared::pki;
use p384::ecdsa::SigningKey;
use p384::elliptic_curve::Generate as _;
use x509_cert::request::RequestBuilder;

const NOW: u64 = 1_800_000_000;

fn request(subject: &str) -> Vec<u8> {
    let key = SigningKey::generate();
    let builder = RequestBuilder::new(Name::from_str(subject).unwrap()).unwrap();
    builder.build::<_, DerSignature>(&key).unwrap().to_der().unwrap()
}

#[test]
fn certificates_of_the_ca_lead_to_its_root() {
    let place = tempfile::tempdir().unwrap();
    let layout = Layout::take(&place.path().join("dev")).unwrap();
    let made = DevAuthority::load_or_make(&layout, NOW).unwrap();
    let authority = DevAuthority::load_or_make(&layout, NOW).unwrap();
    assert_eq!(made.root_der().unwrap(), authority.root_der().unwrap());
    let chain = authority.issue(&request("CN=Taro Yamada,O=Example,C=JP"), NOW).unwrap();
    let parsed: Vec<_> = chain.iter().map(|der| pki::Certificate::from_der(der).unwrap()).collect();
    let root = pki::Certificate::from_der(&authority.root_der().unwrap()).unwrap();
    let path = pki::validate(&parsed, std::slice::from_ref(&root), NOW).unwrap();
    assert!(!path.anchor_in_chain);
    assert_eq!(parsed[0].subject(), "CN=Taro Yamada,O=Example,C=JP");
    assert!(pki::validate(&parsed[1..], std::slice::from_ref(&root), NOW).is_ok());
}

#[test]
fn a_request_that_does_not_prove_its_key_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let layout = Layout::take(&place.path().join("dev")).unwrap();
    let authority = DevAuthority::load_or_make(&layout, NOW).unwrap();
    let request = request("CN=Taro Yamada,C=JP");
    let position = request.windows(4).position(|w| w == b"Taro").unwrap();
    let mut changed = request.clone();
    changed[position] = b'M';
    assert!(authority.issue(&changed, NOW).unwrap_err().to_string().contains("certification request"));
    assert!(authority.issue(&request[1..], NOW).is_err());
}
