//! Place: none. Error numbers: all that leaves the enclave of a refusal. Each module has a range of one hundred
//! (or a named part of one); texts are for people and never cross the wire.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Defines the enum, its numbers and its texts in one table.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        /// A numbered refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Fault {
            $(#[doc = $text] $(#[$doc])* $name = $number,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// One sentence for a person.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The fault with this number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

faults! {
    // 100: wire
    Malformed = 100, "message is malformed";
    TooLarge = 101, "message is larger than the limit";
    Version = 102, "peer speaks another version of the wire";
    Busy = 110, "too much work in flight; try again later";
    Deadline = 111, "deadline passed before the work was done";
    Disconnected = 112, "no enclave is connected";
    Internal = 199, "internal error";
    // 200: phases
    WrongPhase = 200, "request is not allowed in this phase";
    Halted = 201, "the enclave has halted and must be started again";
    // 300: manifest
    ManifestMalformed = 300, "manifest is malformed or breaks a rule";
    ManifestSignature = 301, "manifest lacks the officers' quorum";
    ManifestExpired = 302, "manifest is past its notAfter";
    ManifestForeign = 303, "manifest belongs to another service or is older than the current one";
    ManifestFixed = 304, "manifest changes what is fixed for ever: name, anchors, development, ledger prefix, share threshold, custodians (who may only be taken out)";
    WitnessesFixed = 305, "manifest changes the release mode, or names witnesses where no result waits for them";
    RoleConflict = 306, "manifest gives somebody two roles that nobody may hold together";
    ManifestOutdated = 307, "ledger has adopted a newer manifest than the one that was installed";
    ManifestNotAdopted = 308, "ledger has not adopted the manifest that was installed";
    ImageNotListed = 309, "manifest does not list this image";
    // 310: roles
    RoleForbidden = 310, "this role may not do that";
    // 350: ceremony
    StatementMalformed = 350, "statement is malformed";
    StatementSignature = 351, "statement is not signed by the person it names";
    StatementForeign = 352, "statement is for another service, instance or ledger";
    StatementExpired = 353, "statement is past its notAfter";
    StatementSpent = 354, "statement was used before";
    UnknownPerson = 355, "person is not named in the manifest";
    ShareMalformed = 356, "share cannot be opened";
    RootMismatch = 357, "root key does not match its commitment";
    GenesisPending = 358, "no genesis is under way, or it lacks receipts";
    PeerRefused = 359, "evidence of the other enclave is refused: another service, image or platform, not fresh, or not for this hand-over";
    PeerManifest = 360, "the other enclave has another current manifest";
    HandOverVoid = 361, "ledger does not end with the hand-over to this boot";
    EpochQuorum = 362, "new epoch lacks the quorum of officers of the current manifest";
    EpochNumber = 363, "new epoch does not bear the next number of the ledger";
    EpochCheckpoint = 364, "checkpoint of the new epoch is not the approved one, or no quorum of the witnesses in office cosigned it";
    EpochUnwitnessed = 365, "service has no witnesses, so there is no quorum whose loss a new epoch could end";
    RotationQuorum = 366, "rotation lacks the quorum of officers of the current manifest";
    RotationPending = 367, "no rotation of the root key is under way that waits for this, or it lacks receipts";
    RotationUnderWay = 368, "a rotation of the root key is under way, and must end before";
    RootInUse = 369, "records are still sealed under the former root key";
    DeletionsMissing = 370, "too few custodians have deleted their shares of the former root key";
    // 400: sealed records
    RecordMissing = 400, "sealed record was not supplied";
    RecordStale = 401, "sealed record is not the current version";
    RecordForeign = 402, "sealed record was not sealed by this service for this place";
    UnknownCredential = 403, "credential does not exist or is not the caller's";
    // 420: credentials and keys
    InvalidKeyState = 420, "key is in a state that does not allow this";
    InvalidProof = 421, "manageProof is malformed, not signed by the client, for another target, expired or replayed";
    KeyMismatch = 422, "public key is not the credential's";
    UntrustedIssuer = 423, "certificate does not lead to an anchor of this caID";
    CertificateNotAcceptable = 424, "certificate has the wrong subject, usage, policy or form";
    EidMismatch = 425, "evidence is not from the eID means being linked";
    PopLimit = 426, "no proof of possession is left for this key";
    UnsupportedAlgorithm = 427, "algorithm is not offered";
    RequestInfoMalformed = 428, "certification request information is malformed";
    CertificatesMalformed = 429, "certificate list is malformed";
    UnknownAuthority = 430, "caID is not open to this client";
    CertificateExpired = 431, "certificate is not valid at this time";
    CertificateLinked = 432, "certificate is linked to a key already";
    LimitReached = 433, "limit of the manifest is reached";
    NotRevoked = 434, "list is not of the certificate's CA, or does not revoke the certificate for good";
    KeyPurpose = 440, "key is for another purpose: signatures and seals never mix";
    ApproversMalformed = 441, "seal approvers are malformed, too many, not distinct or fewer than must sign";
    ApproverConflict = 442, "seal approver or SCA holds a key of the service's own people, or one key twice";
    ApproverQuorum = 443, "too few seal approvers signed";
    ScaEvidenceMissing = 444, "SCA's key comes without the evidence that the manifest asks for";
    ScaEvidence = 445, "evidence of the SCA's key does not hold: not of this key, under no anchor or image of the manifest, not valid now";
    // 500: eID means
    AssertionMalformed = 500, "assertion is malformed";
    AssertionSignature = 501, "assertion does not verify under the linked means";
    AssertionOrigin = 502, "assertion was made for another origin";
    AssertionRelyingParty = 503, "assertion was made for another relying party";
    AssertionFlags = 504, "assertion lacks user presence or user verification";
    AssertionCounter = 505, "assertion counter did not grow";
    AssertionChallenge = 506, "assertion answers another challenge";
    AssertionCredential = 507, "assertion is by another means than the linked one";
    // 530: eID means that others issue, or that the manifest must open
    MeansUntrusted = 530, "certificate does not lead to an anchor of an issuer of eID means";
    MeansCertificate = 531, "certificate of the eID means has the wrong usage, policy, time, algorithm or form";
    MeansStatus = 532, "revocation status of the eID means' certificate is unknown or too old";
    MeansRevoked = 533, "certificate of the eID means is revoked";
    MeansIssuer = 534, "issuer of the eID means is not in the manifest, or not open to this client";
    RevocationList = 535, "revocation list is malformed, not its issuer's, not current, or older than the one known";
    TokenClaims = 536, "ID token lacks a claim, or has another than its provider's entry in the manifest demands";
    TokenTime = 537, "ID token is not valid at this time, or its authentication is older than the challenge";
    MeansNotOpen = 538, "manifest does not open eID means of this kind to this client";
    // 600: activation
    SadMalformed = 600, "SAD is malformed or cannot be opened";
    SadForeign = 601, "SAD is for another service, instance, credential, key or means";
    SadExpired = 602, "SAD or challenge is expired or lasts too long";
    SadNonce = 603, "SAD nonce was not issued by this instance for this credential and purpose";
    SadReplayed = 604, "SAD nonce was used before";
    SadPurpose = 605, "SAD is for another purpose";
    SadCount = 606, "SAD count is not the number of its hashes";
    SadTooMany = 607, "more hashes than the credential allows";
    SadAlgorithm = 608, "SAD names algorithms that do not fit the key or each other";
    SadRequest = 609, "SAD does not agree with the request that carries it";
    SadUnsealed = 610, "evidence of this means holds personal data or secrets and must be sealed to the instance";
    ActivationsFull = 620, "too many live activations; try again later";
    // 700: signing
    TokenUnknown = 700, "activation token is unknown, used up or for another credential";
    TokenExpired = 701, "activation token is expired";
    HashNotAuthorized = 702, "hash is not authorized by the activation token";
    HashLength = 703, "hash has the wrong length";
    AlgorithmNotAllowed = 704, "algorithm is not the authorized one";
    SelfCheck = 705, "signature did not verify after signing";
    CredentialDisabled = 706, "credential is disabled";
    NoHashes = 707, "no hash was given";
    HashType = 708, "activation token is for hashes of the other type";
    ToBeSignedMalformed = 710, "bytes to be signed are not the one encoding of what they should be";
    ToBeSignedContent = 711, "bytes to be signed lack a part, or hold one that is doubled, wrong or not taken";
    ToBeSignedCertificate = 712, "bytes to be signed name another certificate than the credential's";
    MandateMalformed = 720, "mandate is malformed, for another key, out of bounds or granted already";
    MandateUnknown = 721, "mandate is unknown or of another credential";
    MandateEnded = 722, "mandate was ended";
    MandateWindow = 723, "mandate is not valid at this time";
    MandateSpent = 724, "mandate does not allow so many more seals";
    MandateRate = 725, "mandate does not allow so many seals in this interval";
    OrderMalformed = 726, "seal order is malformed or for another service";
    OrderSignature = 727, "seal order is not signed by the mandate's SCA";
    OrderNumber = 728, "seal order does not bear the next running number";
    OrderExpired = 729, "seal order is expired or lasts too long";
    // 800: ledger
    LedgerBroken = 800, "ledger does not match its checkpoint or breaks its rules";
    LedgerShortened = 801, "ledger is shorter than, or differs from, what custodians have seen or officers have named";
    CheckpointForeign = 802, "checkpoint is not signed by this ledger's key";
    SinkRefused = 803, "ledger could not be made durable";
    LedgerBusy = 804, "ledger queue is full; try again later";
    NoSnapshot = 805, "there is no snapshot of the ledger";
    // 900: platform
    Nsm = 900, "security module refused or failed";
    Entropy = 901, "random source failed its test";
    SelfTest = 902, "self-test failed";
    Clock = 903, "clock is not usable";
    ClockDoubt = 904, "sources of time disagree; what depends on time is stopped";
}

impl Fault {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Whether it is the eID means whose answer was refused, rather than something that the answer needs beside it.
    #[must_use]
    pub const fn is_of_means(self) -> bool {
        matches!(self.number(), 500..=599)
            && !matches!(
                self,
                Self::MeansStatus | Self::MeansIssuer | Self::MeansNotOpen | Self::RevocationList
            )
    }

    /// Whether the same request may succeed later without change.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Deadline | Self::Disconnected | Self::ActivationsFull | Self::LedgerBusy
        )
    }
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} ({})", self.text(), self.number())
    }
}

impl core::error::Error for Fault {}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.number())
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u16::deserialize(deserializer)?;
        Self::from_number(number).ok_or_else(|| de::Error::custom("unknown error number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back_and_are_in_order() {
        for pair in Fault::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number());
        }
        for fault in Fault::ALL {
            assert_eq!(Fault::from_number(fault.number()), Some(*fault));
        }
        assert_eq!(Fault::from_number(1), None);
    }
}
