//! Place: none. A card with an authentication certificate, its CA, and the CA's revocation lists: all by openssl.

use crate::hostile::authority::Authority;
use crate::hostile::world::RA;
use crate::peers::openssl;
use ecdsa::signature::Signer;
use fuin_shared::bytes::Blob;
use fuin_shared::ids::{Digest32, MeansId, RaClientId};
use fuin_shared::manifest::means::X509Issuer;
use fuin_shared::message::ProvideRevocation;
use fuin_shared::sad::{Assertion, x509_message};
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use std::path::{Path, PathBuf};

/// The card and who issued it.
pub struct Cards {
    folder: PathBuf,
    authority: Authority,
    key: SigningKey,
    certificate: Blob,
    /// The newest list.
    list: Blob,
}

impl Cards {
    /// Made in this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let authority = Authority::new(folder);
        let (database, number) = (path("index.txt"), path("number"));
        let config = format!(
            "[ca]\ndefault_ca = cards\n[cards]\ndatabase = {database}\ncrlnumber = {number}\ndefault_md = sha256\n\
             default_crl_days = 1\ncrl_extensions = list\n[list]\nauthorityKeyIdentifier = keyid\n"
        );
        std::fs::write(path("list.cnf"), config).unwrap();
        std::fs::write(database, "").unwrap();
        std::fs::write(number, "01\n").unwrap();
        let usage = "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n";
        std::fs::write(path("card.cnf"), usage).unwrap();
        let (key, request) = (path("card.key"), path("card.csr"));
        let curve = "ec_paramgen_curve:P-256";
        openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", &key]);
        openssl(&["req", "-new", "-key", &key, "-subj", "/C=JP/CN=Hanako Cardholder", "-out", &request]);
        let (root, root_key, card) = (path("ca.pem"), path("ca.key"), path("card.pem"));
        let extensions = path("card.cnf");
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
        openssl(&["x509", "-in", &card, "-outform", "DER", "-out", &path("card.der")]);
        let key = SigningKey::from_pkcs8_pem(&std::fs::read_to_string(key).unwrap()).unwrap();
        let certificate = std::fs::read(path("card.der")).unwrap().into();
        let (folder, list) = (folder.to_owned(), Blob::default());
        let mut cards = Self { folder, authority, key, certificate, list };
        cards.publish();
        cards
    }

    /// The CA's name in the manifest.
    #[must_use]
    pub fn issuer() -> MeansId {
        MeansId::new("cards").unwrap()
    }

    /// What the manifest says of the CA.
    #[must_use]
    pub fn entry(&self) -> X509Issuer {
        X509Issuer {
            id: Self::issuer(),
            clients: vec![RaClientId::new(RA).unwrap()],
            anchors: vec![self.authority.root().into()],
            policies: Vec::new(),
            content_commitment: false,
            status_seconds: 3600,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    fn ca(&self, arguments: &[&str]) {
        let (config, key, root) = (self.path("list.cnf"), self.path("ca.key"), self.path("ca.pem"));
        openssl(&[&["ca", "-config", &config, "-keyfile", &key, "-cert", &root], arguments].concat());
    }

    /// The CA publishes its next list.
    pub fn publish(&mut self) {
        let (pem, der) = (self.path("list.pem"), self.path("list.der"));
        self.ca(&["-gencrl", "-out", &pem]);
        openssl(&["crl", "-in", &pem, "-outform", "DER", "-out", &der]);
        self.list = std::fs::read(der).unwrap().into();
    }

    /// The CA revokes the card; the next list says so.
    pub fn revoke(&self) {
        self.ca(&["-revoke", &self.path("card.pem")]);
    }

    /// The newest list, as the host brings it.
    #[must_use]
    pub fn list(&self) -> ProvideRevocation {
        ProvideRevocation { list: self.list.clone(), issuer: vec![self.authority.root().into()] }
    }

    /// The card's answer to a SAD digest.
    #[must_use]
    pub fn answer(&self, digest: &Digest32) -> Assertion {
        self.answer_by(&self.key, digest)
    }

    /// The card's certificate with a signature by this key.
    #[must_use]
    pub fn answer_by(&self, key: &SigningKey, digest: &Digest32) -> Assertion {
        let signature: DerSignature = key.sign(&x509_message(digest));
        Assertion::X509 {
            certificates: vec![self.certificate.clone()],
            signature: signature.as_bytes().to_vec().into(),
        }
    }
}
