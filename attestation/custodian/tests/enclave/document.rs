//! Place: none. Evidence documents under a root of the test's own. The enclave's tests use them too.

use ciborium::Value;
use der::asn1::GeneralizedTime;
use der::{Decode, Encode};
use fuin_shared::algorithm::HashAlgorithm;
use fuin_shared::evidence::Pcr;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use p384::ecdsa::{DerSignature, Signature, SigningKey};
use p384::elliptic_curve::Generate;
use std::str::FromStr;
use std::time::Duration;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};
use x509_cert::{Certificate, TbsCertificate};

/// Root and leaf of an emulated platform.
#[derive(Clone)]
pub struct Platform {
    root: Vec<u8>,
    leaf: Vec<u8>,
    leaf_key: SigningKey,
    /// What an enclave puts into its documents beside the user data.
    pub public_key: Option<Vec<u8>>,
}

struct Profile {
    name: &'static str,
    ca: bool,
}

const ROOT: &str = "CN=root.invalid";

impl BuilderProfile for Profile {
    fn get_issuer(&self, _: &Name) -> Name {
        Name::from_str(ROOT).unwrap()
    }

    fn get_subject(&self) -> Name {
        Name::from_str(self.name).unwrap()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let usage = if self.ca { KeyUsages::KeyCertSign } else { KeyUsages::DigitalSignature };
        let constraints = BasicConstraints { ca: self.ca, path_len_constraint: None };
        Ok(vec![
            constraints.to_extension(tbs.subject(), &[])?,
            KeyUsage(usage.into()).to_extension(tbs.subject(), &[])?,
        ])
    }
}

fn certificate(name: &'static str, ca: bool, key: &SigningKey, issuer: &SigningKey, now: u64) -> Vec<u8> {
    let time = |t| Time::GeneralTime(GeneralizedTime::from_unix_duration(Duration::from_secs(t)).unwrap());
    let validity = Validity::new(time(now - 1000), time(now + 1000));
    let spki = SubjectPublicKeyInfoOwned::from_key(key.verifying_key()).unwrap();
    let serial = SerialNumber::new(&[1]).unwrap();
    let builder = CertificateBuilder::new(Profile { name, ca }, serial, validity, spki).unwrap();
    let certificate: Certificate = builder.build::<_, DerSignature>(issuer).unwrap();
    let der = certificate.to_der().unwrap();
    assert!(Certificate::from_der(&der).is_ok());
    der
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::into_writer(value, &mut out).unwrap();
    out
}

impl Platform {
    pub fn new(now: u64) -> Self {
        let (root_key, leaf_key) = (SigningKey::generate(), SigningKey::generate());
        Self {
            root: certificate(ROOT, true, &root_key, &root_key, now),
            leaf: certificate("CN=i-test-enc.invalid", false, &leaf_key, &root_key, now),
            leaf_key,
            public_key: None,
        }
    }

    pub fn root_der(&self) -> &[u8] {
        &self.root
    }

    /// A document of `now` with PCR0 to PCR2 and PCR16.
    pub fn document(
        &self,
        now: u64,
        pcrs: &[Pcr; 3],
        pcr16: &Pcr,
        user_data: &[u8],
        nonce: &[u8],
    ) -> Vec<u8> {
        let text = |t: &str| Value::Text(t.to_owned());
        let octets = |o: &[u8]| Value::Bytes(o.to_vec());
        let mut registers: Vec<_> =
            (0u8..).zip(pcrs).map(|(i, p)| (Value::Integer(i.into()), octets(p.as_ref()))).collect();
        registers.push((Value::Integer(16.into()), octets(pcr16.as_ref())));
        let payload = cbor(&Value::Map(vec![
            (text("module_id"), text("i-test-enc")),
            (text("digest"), text("SHA384")),
            (text("timestamp"), Value::Integer((now * 1000).into())),
            (text("pcrs"), Value::Map(registers)),
            (text("certificate"), octets(&self.leaf)),
            (text("cabundle"), Value::Array(vec![octets(&self.root)])),
            (text("public_key"), self.public_key.as_deref().map_or(Value::Null, octets)),
            (text("user_data"), octets(user_data)),
            (text("nonce"), octets(nonce)),
        ]));
        let protected = cbor(&Value::Map(vec![(Value::Integer(1.into()), Value::Integer((-35).into()))]));
        let signed =
            cbor(&Value::Array(vec![text("Signature1"), octets(&protected), octets(&[]), octets(&payload)]));
        let signature: Signature =
            self.leaf_key.sign_prehash(&HashAlgorithm::Sha384.digest(&signed)).unwrap();
        cbor(&Value::Array(vec![
            octets(&protected),
            Value::Map(Vec::new()),
            octets(&payload),
            octets(&signature.to_bytes()),
        ]))
    }
}
