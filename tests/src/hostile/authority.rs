//! Place: none. The CA: openssl, which nobody here wrote.

use crate::peers::openssl;
use std::path::{Path, PathBuf};

/// A root and its key, in files.
pub struct Authority {
    folder: PathBuf,
}

impl Authority {
    /// A new root.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            &path("ca.key"),
            "-out",
            &path("ca.pem"),
            "-days",
            "30",
            "-subj",
            "/C=JP/O=Test/CN=Test Root",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
        ]);
        let usage =
            "keyUsage=critical,nonRepudiation\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
        std::fs::write(folder.join("ca.cnf"), usage).unwrap();
        Self { folder: folder.to_owned() }
    }

    /// Root in DER.
    #[must_use]
    pub fn root(&self) -> Vec<u8> {
        let (pem, der) = (self.path("ca.pem"), self.path("ca.der"));
        openssl(&["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
        std::fs::read(der).unwrap()
    }

    /// A certificate for a certification request, which must prove possession of its key.
    #[must_use]
    pub fn issue(&self, csr: &[u8]) -> Vec<u8> {
        let (request, certificate) = (self.path("request.der"), self.path("certificate.der"));
        std::fs::write(&request, csr).unwrap();
        openssl(&["req", "-inform", "DER", "-in", &request, "-verify", "-noout"]);
        openssl(&[
            "x509",
            "-req",
            "-inform",
            "DER",
            "-in",
            &request,
            "-CA",
            &self.path("ca.pem"),
            "-CAkey",
            &self.path("ca.key"),
            "-CAcreateserial",
            "-days",
            "10",
            "-extfile",
            &self.path("ca.cnf"),
            "-outform",
            "DER",
            "-out",
            &certificate,
        ]);
        std::fs::read(certificate).unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }
}
