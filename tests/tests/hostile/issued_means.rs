//! Place: none. Means that others issue, through a real enclave: certificates and revocation lists by openssl, ID tokens by a
//! provider of this test, evidence by the signer's device.

use base64ct::{Base64UrlUnpadded, Encoding};
use ecdsa::signature::Signer;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::ids::{Digest32, MeansId, RaClientId};
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::manifest::means::{IdentityProvider, MeansPolicy, ProviderKey, X509Issuer};
use fuin_shared::message::{Answer, Command, ProvideRevocation};
use fuin_shared::sad::{Assertion, MeansProfile, Purpose, sad_digest, x509_message};
use fuin_shared::statement::ManageAction;
use fuin_tests::hostile::authority::Authority;
use fuin_tests::hostile::host::Refused;
use fuin_tests::hostile::signer::{Enrolled, IDENTITY, SHA256, hash, pop_action, sad_request, verify};
use fuin_tests::hostile::world::World;
use fuin_tests::peers::openssl;
use fuin_tests::signer::now;
use getrandom::SysRng;
use p256::ecdsa::{DerSignature, Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use rand_core::UnwrapErr;

fn id(name: &str) -> MeansId {
    MeansId::new(name).unwrap()
}

fn ra() -> Vec<RaClientId> {
    vec![RaClientId::new("ra").unwrap()]
}

/// Cards and their revocation lists, by openssl.
struct Cards {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Cards {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new(folder.path());
        let cards = Self { folder, authority };
        let (database, number) = (cards.path("index.txt"), cards.path("number"));
        let config = format!(
            "[ca]\ndefault_ca = cards\n[cards]\ndatabase = {database}\ncrlnumber = {number}\ndefault_md = sha256\n\
             default_crl_days = 1\ncrl_extensions = list\n[list]\nauthorityKeyIdentifier = keyid\n"
        );
        std::fs::write(cards.path("list.cnf"), config).unwrap();
        std::fs::write(database, "").unwrap();
        std::fs::write(number, "01\n").unwrap();
        let usage = "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n";
        std::fs::write(cards.path("card.cnf"), usage).unwrap();
        let (key, request) = (cards.path("card.key"), cards.path("card.csr"));
        let curve = "ec_paramgen_curve:P-256";
        openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", &key]);
        openssl(&["req", "-new", "-key", &key, "-subj", "/C=JP/CN=Hanako Cardholder", "-out", &request]);
        let (root, root_key, card) = (cards.path("ca.pem"), cards.path("ca.key"), cards.path("card.pem"));
        let extensions = cards.path("card.cnf");
        openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            &root,
            "-CAkey",
            &root_key,
            "-CAcreateserial",
            "-days",
            "10",
            "-extfile",
            &extensions,
            "-out",
            &card,
        ]);
        cards
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn policy(&self) -> MeansPolicy {
        let issuer = X509Issuer {
            id: id("cards"),
            clients: ra(),
            anchors: vec![self.authority.root().into()],
            policies: Vec::new(),
            content_commitment: false,
            status_seconds: 3600,
        };
        MeansPolicy { x509: vec![issuer], ..MeansPolicy::default() }
    }

    fn answer(&self, digest: &Digest32) -> Assertion {
        let (pem, der) = (self.path("card.pem"), self.path("card.der"));
        openssl(&["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
        let key = std::fs::read_to_string(self.path("card.key")).unwrap();
        let signature: DerSignature = SigningKey::from_pkcs8_pem(&key).unwrap().sign(&x509_message(digest));
        Assertion::X509 {
            certificates: vec![std::fs::read(der).unwrap().into()],
            signature: signature.as_bytes().to_vec().into(),
        }
    }

    fn ca(&self, arguments: &[&str]) {
        let (config, key, root) = (self.path("list.cnf"), self.path("ca.key"), self.path("ca.pem"));
        openssl(&[&["ca", "-config", &config, "-keyfile", &key, "-cert", &root], arguments].concat());
    }

    /// The next list, brought by the host.
    fn bring(&self, world: &World) -> Result<Answer, Refused> {
        let (pem, der) = (self.path("list.pem"), self.path("list.der"));
        self.ca(&["-gencrl", "-out", &pem]);
        openssl(&["crl", "-in", &pem, "-outform", "DER", "-out", &der]);
        let list = std::fs::read(der).unwrap().into();
        let issuer = vec![self.authority.root().into()];
        world.call(Command::ProvideRevocation(ProvideRevocation { list, issuer }))
    }
}

/// Sealed evidence over a SAD of this kind of means, and what the RA names of it.
fn consent(
    world: &World,
    key: &Enrolled,
    means: MeansProfile,
    purpose: Purpose,
    hashes: &[Blob],
    answer: impl Fn(&Digest32) -> Assertion,
) -> (Blob, Digest32) {
    let on = world.trusted();
    let challenge = world.challenge(&key.id, purpose);
    let request = sad_request(&key.id, &key.spki, purpose, hashes);
    let sad = on.build_sad_for(means, &challenge, request).unwrap();
    world.oracle.borrow_mut().consented(&sad);
    let assertion = answer(&sad_digest(&sad.to_bytes()));
    let named = assertion.registration().unwrap();
    (codec::encode(&on.seal(&sad, assertion, &mut UnwrapErr(SysRng)).unwrap()).into(), named)
}

/// From nothing to a credential that can sign.
fn enrol(
    world: &World,
    means: MeansProfile,
    action: impl Fn(Digest32) -> ManageAction,
    answer: impl Fn(&Digest32) -> Assertion,
) -> Enrolled {
    let key = world.generate(&world.ra);
    let (evidence, named) = consent(world, &key, means, Purpose::Link, &[], &answer);
    world.call(Command::LinkEid(world.manage(action(named), Some(&key.id), Some(evidence)))).unwrap();
    let Ok(Answer::RequestInfo(info)) =
        world.call(Command::AuthorizePop(world.manage(pop_action(None), Some(&key.id), None)))
    else {
        panic!("authorize")
    };
    let digest = [SHA256.digest(info.as_slice()).into()];
    let (evidence, _) = consent(world, &key, means, Purpose::Pop, &digest, &answer);
    let manage = world.manage(pop_action(Some(info)), Some(&key.id), Some(evidence));
    let Ok(Answer::Request { csr, .. }) = world.call(Command::AuthorizePop(manage)) else {
        panic!("authorize")
    };
    let certificates = vec![world.authority.issue(csr.as_slice()).into()];
    let link = world.manage(ManageAction::LinkCert { certificates }, Some(&key.id), None);
    world.call(Command::LinkCert(link)).unwrap();
    key
}

/// An activation token and a signature under it, or the refusal.
fn sign(
    world: &World,
    key: &Enrolled,
    means: MeansProfile,
    answer: impl Fn(&Digest32) -> Assertion,
) -> Result<(), Refused> {
    let hashes = [hash()];
    let (evidence, _) = consent(world, key, means, Purpose::Sign, &hashes, answer);
    let request = world.authorize_request(key, evidence, &hashes);
    let Answer::Activation { token, .. } = world.call(Command::Authorize(request))? else {
        panic!("authorize")
    };
    verify(key, &hashes, &world.sign(key, &token, &hashes)?);
    Ok(())
}

#[test]
fn a_card_and_a_list_that_openssl_made_authorize_a_signature_until_the_card_is_revoked() {
    let cards = Cards::new();
    let world = World::operational_with(cards.policy());
    cards.bring(&world).unwrap();
    let action =
        |certificate| ManageAction::LinkX509 { identity: IDENTITY, issuer: id("cards"), certificate };
    let answer = |digest: &Digest32| cards.answer(digest);
    let key = enrol(&world, MeansProfile::X509, action, answer);
    sign(&world, &key, MeansProfile::X509, answer).unwrap();
    cards.ca(&["-revoke", &cards.path("card.pem")]);
    cards.bring(&world).unwrap();
    let refused = sign(&world, &key, MeansProfile::X509, answer).unwrap_err();
    assert_eq!(refused.number(), 533);
    assert_eq!((world.oracle.borrow().signed, world.oracle.borrow().signed_scal1), (1, 0));
    assert_eq!(world.oracle.borrow().unauthorized, Vec::<String>::new());
    assert_eq!(world.panics(), Vec::<String>::new());
}

#[test]
fn an_id_token_authorizes_a_signature() {
    let key = SigningKey::from_slice(&[9; 32]).unwrap();
    let provider = IdentityProvider {
        id: id("idp"),
        clients: ra(),
        issuer: "https://idp.example".to_owned(),
        audience: "fuin".to_owned(),
        keys: vec![ProviderKey {
            id: "key-1".to_owned(),
            key: Spki::from(&PublicKey::P256(*key.verifying_key())),
        }],
        acr: vec!["high".to_owned()],
        amr: vec!["hwk".to_owned()],
        shows_transaction: false,
        token_seconds: 600,
    };
    let world = World::operational_with(MeansPolicy { providers: vec![provider], ..MeansPolicy::default() });
    let encode = |octets: &[u8]| Base64UrlUnpadded::encode_string(octets);
    let by = |account: &'static str| {
        let key = &key;
        move |digest: &Digest32| {
            let at = now();
            let claims = serde_json::json!({
                "iss": "https://idp.example", "aud": "fuin", "sub": account, "iat": at, "exp": at + 60,
                "auth_time": at, "nonce": encode(digest.as_ref()), "acr": "high", "amr": ["hwk"],
            });
            let header = br#"{"alg":"ES256","kid":"key-1"}"#;
            let signed = format!("{}.{}", encode(header), encode(claims.to_string().as_bytes()));
            let signature: Signature = key.sign(signed.as_bytes());
            Assertion::IdToken { token: format!("{signed}.{}", encode(&signature.to_bytes())) }
        }
    };
    let action = |token| ManageAction::LinkOidc { identity: IDENTITY, provider: id("idp"), token };
    let credential = enrol(&world, MeansProfile::Oidc, action, by("hanako"));
    sign(&world, &credential, MeansProfile::Oidc, by("hanako")).unwrap();
    let refused = sign(&world, &credential, MeansProfile::Oidc, by("taro")).unwrap_err();
    assert_eq!(refused.number(), 507);
    // Counted apart.
    assert_eq!((world.oracle.borrow().signed, world.oracle.borrow().signed_scal1), (0, 1));
    assert_eq!(world.oracle.borrow().unauthorized, Vec::<String>::new());
    assert_eq!(world.panics(), Vec::<String>::new());
}
