//! Place: none. The steps of verification and the refusal each of them gives.
//!
//! Numbers and names are stable: scripts may match them. 1 to 17 decide whether a document is authentic, 18 to 23
//! appraise it, 24 to 32 concern the evidence bundle of a service, 33 and above
//! what was made in it: key statements and ledger proofs.

use alloc::borrow::Cow;
use core::fmt;

macro_rules! steps {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $name:literal, $sentence:literal, $clause:literal;)+) => {
        /// One step of verification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Step {
            $($(#[doc = $doc])+ $variant = $number,)+
        }

        impl Step {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Stable number.
            #[must_use]
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// Stable short name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What is wrong when this step refuses, in one sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ }
            }

            /// Where the rule comes from.
            #[must_use]
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause,)+ }
            }
        }
    };
}

steps! {
    /// Length of the whole document.
    Length = 1, "length", "the document is empty or longer than 24 KiB", "own rule, before any parsing";
    /// COSE_Sign1 envelope.
    Envelope = 2, "envelope", "the octets are not one COSE_Sign1 structure", "RFC 9052 section 4.2; RFC 8949 section 4.2.1";
    /// Protected header.
    Protected = 3, "protected-header", "the protected header is not exactly {alg: ES384}", "RFC 9052 section 3; RFC 9053 section 2.1";
    /// Unprotected header.
    Unprotected = 4, "unprotected-header", "the unprotected header, which nobody signs, is not empty", "RFC 9052 section 3";
    /// Sizes of payload and signature.
    Sizes = 5, "sizes", "payload or signature has a size that no Nitro document has", "AWS attestation process, syntactical validation";
    /// Encoding of the payload.
    PayloadEncoding = 6, "payload-encoding", "the payload is not one strictly encoded CBOR map", "RFC 8949 sections 3 and 4.2.1";
    /// Keys of the payload.
    PayloadKeys = 7, "payload-keys", "the payload has a field that is unknown, stands twice or has no text name", "AWS attestation document specification";
    /// Mandatory fields.
    Mandatory = 8, "mandatory-fields", "a mandatory field is absent or null", "AWS attestation document specification";
    /// Types, sizes and values of fields.
    Fields = 9, "field-values", "a field has a wrong type, size or value", "AWS attestation document specification";
    /// The pinned root.
    Anchor = 10, "anchor", "the certificate bundle does not start with an anchor the caller trusts", "AWS attestation process, certificates validation";
    /// Each certificate by itself.
    Certificate = 11, "certificate", "a certificate is not an exact X.509 v3 certificate for a P-384 key under ecdsa-with-SHA384", "RFC 5280 section 4.1; RFC 5480; RFC 5758";
    /// Names and signatures of the chain.
    Chain = 12, "chain", "a certificate does not follow from the one before it", "RFC 5280 section 6.1.3 (a)(1), (a)(4)";
    /// Validity at the verification time.
    Validity = 13, "validity", "a certificate is not valid at the verification time", "RFC 5280 section 6.1.3 (a)(2)";
    /// Authority certificates.
    Authority = 14, "authority", "a certificate of the bundle may not issue certificates at its place", "RFC 5280 section 6.1.4 (k) to (n)";
    /// The leaf certificate.
    Leaf = 15, "leaf", "the document's certificate may not sign documents", "RFC 5280 sections 4.2.1.3 and 4.2.1.9";
    /// Critical extensions.
    CriticalExtension = 16, "critical-extension", "a certificate has a critical extension that is not understood", "RFC 5280 section 4.2";
    /// The COSE signature.
    Signature = 17, "signature", "the signature over the document does not verify", "RFC 9052 section 4.4; FIPS 186-5 section 6.4.2";
    /// Name of the leaf; a warning only.
    LeafName = 18, "leaf-name", "the certificate names another module than the document", "own rule, gives a warning";
    /// Age of the document.
    Freshness = 19, "freshness", "the document is too old, from the future, or outside its certificate's life", "own rule";
    /// Nonce.
    Nonce = 20, "nonce", "the evidence does not answer the caller's nonce", "AWS attestation process; RFC 9334 section 10.2";
    /// Debug mode.
    Debug = 21, "debug", "the enclave runs in debug mode, so its measurements are zero and its parent can read its console", "AWS Nitro Enclaves, debug mode";
    /// Reference values of registers.
    Measurement = 22, "measurement", "the measurements are not those of the expected code", "RFC 9334 section 4.2";
    /// What the document binds.
    Binding = 23, "binding", "the document does not bind what comes with it", "own rule";
    /// Shape of the evidence bundle.
    Bundle = 24, "bundle", "the octets are not an evidence bundle", "own rule";
    /// The statement in the bundle.
    Statement = 25, "statement", "the enclave's statement is malformed or contradicts itself", "own rule";
    /// The manifest in the bundle.
    Manifest = 26, "manifest", "the manifest is not the one the enclave stated", "own rule";
    /// The register that holds the service id.
    ServiceRegister = 27, "service-register", "register 16 does not hold the service id", "own rule";
    /// The expected service.
    Service = 28, "service", "the evidence belongs to another service", "own rule";
    /// Phase of the enclave.
    Phase = 29, "phase", "the enclave is not in the phase that was asked for", "own rule";
    /// Release mode.
    Release = 30, "release", "results leave the enclave under a weaker rule than was asked for", "own rule";
    /// Development services and anchors.
    Development = 31, "development", "this is a development service or a development anchor, which the caller did not allow", "own rule";
    /// Period of the manifest.
    ManifestPeriod = 32, "manifest-period", "the manifest has ended", "own rule";
    /// Shape of a key attestation.
    KeyAttestation = 33, "key-attestation", "the octets are not a key attestation", "own rule";
    /// The key statement in it.
    KeyStatement = 34, "key-statement", "the statement of the key is malformed or contradicts the evidence", "own rule";
    /// The event that attests.
    LedgerEvent = 35, "ledger-event", "the ledger's event is not the one that attests this", "own rule";
    /// The signed checkpoint.
    LedgerCheckpoint = 36, "ledger-checkpoint", "the checkpoint is not one of the ledger", "C2SP tlog-checkpoint; C2SP signed-note";
    /// The event's place under the checkpoint.
    LedgerInclusion = 37, "ledger-inclusion", "the event is not in the ledger", "RFC 9162 section 2.1.3.2";
    /// The key that was asked for.
    Key = 38, "key", "the statement is of another key", "own rule";
    /// The service card.
    Card = 39, "card", "the evidence is not of the service that the card describes", "own rule";
}

/// Evidence was refused: at which step, and what exactly was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    step: Step,
    detail: Cow<'static, str>,
}

impl Refusal {
    /// A refusal at `step`; `detail` says what was found and, where there is one, the remedy.
    #[must_use]
    pub fn new(step: Step, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { step, detail: detail.into() }
    }

    /// The step that refused.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// What was found.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, detail } = self;
        write!(f, "step {} {}: {}", step.number(), step.name(), step.sentence())?;
        if detail.is_empty() { Ok(()) } else { write!(f, " ({detail})") }
    }
}

impl core::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_consecutive_and_names_unique() {
        for (index, step) in Step::ALL.iter().enumerate() {
            assert_eq!(usize::from(step.number()), index + 1);
            assert!(!step.sentence().ends_with('.') && !step.clause().is_empty());
            assert_eq!(Step::ALL.iter().filter(|other| other.name() == step.name()).count(), 1);
        }
    }

    #[test]
    fn refusals_read_as_one_sentence() {
        assert_eq!(
            Refusal::new(Step::Nonce, "no nonce").to_string(),
            "step 20 nonce: the evidence does not answer the caller's nonce (no nonce)"
        );
        assert_eq!(
            Refusal::new(Step::Length, "").to_string(),
            "step 1 length: the document is empty or longer than 24 KiB"
        );
    }
}
