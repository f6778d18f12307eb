//! Place: SSA. The one table from faults to CSC errors. It has every fault, so that a new one must be decided here.

use super::Version;
use super::credential::expired_text;
use super::enclave::Failed;
use crate::http::Refusal;
use crate::http::params::not_acceptable;
use crate::store::CatalogueEntry;
use axum::http::StatusCode;
use fuin_shared::fault::Fault;

/// The CSC error for a command about `entry` that failed.
pub(super) fn refusal(version: Version, entry: &CatalogueEntry, failed: Failed) -> Refusal {
    let fault = match failed {
        Failed::Store(refusal) => return refusal,
        Failed::Fault(fault) => fault,
    };
    tracing::info!(fault = fault.number(), credential = %entry.id, "enclave or relay refused");
    of_fault(version, entry, fault)
}

/// The error of the extension for a `manages/*` call about `entry` that failed (extensions 2.1). What CSC has a word for
/// keeps it.
pub(super) fn manages(entry: &CatalogueEntry, failed: Failed) -> Refusal {
    use Fault as F;
    let fault = match failed {
        Failed::Store(refusal) => return refusal,
        Failed::Fault(fault) => fault,
    };
    tracing::info!(fault = fault.number(), credential = %entry.id, "enclave or relay refused");
    let refuse = |error, text| Refusal::new(StatusCode::BAD_REQUEST, error, text);
    match fault {
        // Whose word it claims to be is looked at before any signature is verified, so a stranger causes these too.
        F::InvalidProof
        | F::RoleForbidden
        | F::RoleConflict
        | F::StatementMalformed
        | F::StatementSignature
        | F::StatementForeign
        | F::StatementExpired
        | F::StatementSpent
        | F::UnknownPerson => refuse("invalid_proof", "The proof is not acceptable"),
        F::InvalidKeyState | F::CredentialDisabled => {
            refuse("invalid_key_state", "The state of the key does not allow this")
        }
        F::UnknownCredential => not_acceptable("keyID"),
        F::EidMismatch => refuse("eid_mismatch", "The evidence is not of the eID means"),
        fault if fault.is_of_means() && !fault.is_transient() => {
            refuse("eid_mismatch", "The evidence is not of the eID means")
        }
        F::ApproverConflict => {
            refuse("invalid_request", "An approver holds another's key, or one of the service's own")
        }
        F::LimitReached => refuse("invalid_request", "The limit of unlocks is reached"),
        F::KeyMismatch => refuse("key_mismatch", "The public key is not the key's"),
        F::UntrustedIssuer => refuse("untrusted_issuer", "The certificate does not lead to an anchor"),
        F::CertificateNotAcceptable | F::CertificateExpired | F::CertificateLinked => {
            refuse("certificate_not_acceptable", "The certificate is not acceptable")
        }
        F::PopLimit => refuse("pop_limit_exceeded", "No proof of possession is left for this key"),
        F::UnknownAuthority => refuse("unauthorized_client", "The CA is not open to this client"),
        // Both are parameters that the proof carries.
        F::RequestInfoMalformed | F::CertificatesMalformed => not_acceptable("manageProof"),
        fault => of_fault(Version::V2, entry, fault),
    }
}

/// The signer's factor is wrong.
pub(super) fn wrong_factor(version: Version) -> Refusal {
    let (error, text) = match version {
        Version::V1 => ("invalid_otp", "The OTP is invalid"),
        Version::V2 => ("invalid_authentication_data", "The authentication data is invalid"),
    };
    Refusal::new(StatusCode::BAD_REQUEST, error, text)
}

/// The key cannot be used.
pub(super) fn disabled() -> Refusal {
    Refusal::invalid("The credential identified by credentialID is disabled")
}

/// More signatures than the credential allows.
pub(super) fn too_many() -> Refusal {
    Refusal::invalid("Numbers of signatures is too high")
}

fn of_fault(version: Version, entry: &CatalogueEntry, fault: Fault) -> Refusal {
    use Fault as F;
    match fault {
        // Come back later.
        F::Busy | F::ActivationsFull | F::LedgerBusy => Refusal::busy(),
        F::Deadline | F::Disconnected => {
            Refusal::unavailable("The signing enclave does not answer; try again later")
        }
        F::WrongPhase | F::Halted | F::ManifestExpired | F::Version => {
            Refusal::unavailable("The signing enclave is not in operation")
        }
        F::MeansStatus => {
            Refusal::unavailable("The revocation status of the eID means is not known; try again later")
        }
        F::SinkRefused | F::RecordStale => Refusal::unavailable("The service's records are not available"),
        F::Nsm | F::Entropy | F::SelfTest | F::Clock | F::ClockDoubt => {
            Refusal::unavailable("The signing enclave cannot work now")
        }

        // The credential.
        F::UnknownCredential => not_acceptable("credentialID"),
        F::CredentialDisabled | F::InvalidKeyState => disabled(),
        F::CertificateExpired => Refusal::invalid(match version {
            Version::V1 => expired_text(entry),
            Version::V2 => "Signing certificate is expired".into(),
        }),

        // Authorization.
        F::AssertionMalformed
        | F::AssertionSignature
        | F::AssertionOrigin
        | F::AssertionRelyingParty
        | F::AssertionFlags
        | F::AssertionCounter
        | F::AssertionChallenge
        | F::AssertionCredential
        | F::SadMalformed
        | F::SadForeign
        | F::SadExpired
        | F::SadNonce
        | F::SadReplayed
        | F::SadPurpose
        | F::SadCount
        | F::SadAlgorithm
        | F::SadRequest
        | F::SadUnsealed
        | F::MeansUntrusted
        | F::MeansCertificate
        | F::MeansRevoked
        | F::MeansIssuer
        | F::MeansNotOpen
        | F::TokenClaims
        | F::TokenTime
        | F::EidMismatch => wrong_factor(version),
        F::SadTooMany => too_many(),

        // Signing.
        F::TokenUnknown => not_acceptable("SAD"),
        F::TokenExpired => Refusal::invalid("SAD expired"),
        F::HashNotAuthorized => Refusal::invalid("Hash is not authorized by the SAD"),
        F::HashLength => Refusal::invalid("Invalid digest value length"),
        F::NoHashes => Refusal::invalid("Empty hash array"),
        F::NotRevoked => not_acceptable("list"),
        F::HashType => Refusal::invalid("The SAD is for hashes of the other type"),
        F::ToBeSignedMalformed => not_acceptable("toBeSigned"),
        F::ToBeSignedContent => {
            Refusal::invalid("toBeSigned lacks a part, or holds one that is doubled, wrong or not taken")
        }
        F::ToBeSignedCertificate => {
            Refusal::invalid("toBeSigned names another certificate than the credential's")
        }
        F::AlgorithmNotAllowed | F::UnsupportedAlgorithm => not_acceptable("signAlgo"),

        // Seals.
        F::KeyPurpose => Refusal::invalid("The credential is for another purpose"),
        F::ApproversMalformed => not_acceptable("approver"),
        F::ApproverConflict => Refusal::invalid("The SCA's key is not acceptable"),
        F::ApproverQuorum => Refusal::invalid("Too few approvers have signed"),
        F::ScaEvidenceMissing => Refusal::invalid("Evidence of the SCA's key is missing"),
        F::ScaEvidence => not_acceptable("scaEvidence"),
        F::MandateMalformed => not_acceptable("mandate"),
        F::MandateUnknown => not_acceptable("mandateID"),
        F::MandateEnded => Refusal::invalid("The mandate was ended"),
        F::MandateWindow => Refusal::invalid("The mandate is not valid at this time"),
        F::MandateSpent => Refusal::invalid("The mandate does not allow so many more seals"),
        F::MandateRate => Refusal::invalid("The mandate does not allow so many seals in this interval"),
        F::OrderMalformed | F::OrderSignature => not_acceptable("SAD"),
        F::OrderNumber => Refusal::invalid("The order does not bear the next running number"),
        F::OrderExpired => Refusal::invalid("SAD expired"),
        // An officer's, to end a mandate.
        F::StatementMalformed
        | F::StatementSignature
        | F::StatementForeign
        | F::StatementExpired
        | F::StatementSpent
        | F::UnknownPerson => not_acceptable("statement"),

        // The request as a whole.
        F::Malformed => Refusal::invalid("The enclave found the request malformed"),
        F::TooLarge => {
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "The request is too large")
        }

        // Faults of ours: records that the host lost or mixed up, a broken ledger, a signature that did not verify.
        F::RecordMissing
        | F::RecordForeign
        | F::Internal
        | F::SelfCheck
        | F::LedgerBroken
        | F::NoSnapshot
        | F::LedgerShortened
        | F::CheckpointForeign => Refusal::internal(&fault),

        // No method of CSC leads to these: they belong to the ceremony and to the key life cycle.
        F::ManifestMalformed
        | F::ManifestSignature
        | F::ManifestForeign
        | F::ManifestFixed
        | F::WitnessesFixed
        | F::RoleConflict
        | F::ManifestOutdated
        | F::ManifestNotAdopted
        | F::ImageNotListed
        | F::RoleForbidden
        | F::ShareMalformed
        | F::RootMismatch
        | F::GenesisPending
        | F::PeerRefused
        | F::PeerManifest
        | F::HandOverVoid
        | F::RotationQuorum
        | F::RotationPending
        | F::RotationUnderWay
        | F::RootInUse
        | F::DeletionsMissing
        | F::EpochQuorum
        | F::EpochNumber
        | F::EpochCheckpoint
        | F::EpochUnwitnessed
        | F::InvalidProof
        | F::KeyMismatch
        | F::UntrustedIssuer
        | F::CertificateNotAcceptable
        | F::PopLimit
        | F::RequestInfoMalformed
        | F::CertificatesMalformed
        | F::UnknownAuthority
        | F::CertificateLinked
        | F::LimitReached
        | F::RevocationList => Refusal::internal(&fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{KeyStatus, Scal, SicClass};
    use fuin_shared::algorithm::KeyAlgorithm;
    use fuin_shared::ids::CredentialId;
    use fuin_shared::sad::MeansProfile;

    fn entry() -> CatalogueEntry {
        CatalogueEntry {
            id: CredentialId::new("k1").unwrap(),
            owner: "taro".into(),
            description: None,
            certificates: Vec::new(),
            key_algorithm: KeyAlgorithm::EcdsaP256,
            multisign: 10,
            scal: Scal::Two,
            means: MeansProfile::Passkey,
            sic: SicClass::Independent,
            status: KeyStatus::Enabled,
        }
    }

    #[test]
    fn transient_faults_say_when_to_come_back() {
        for fault in Fault::ALL {
            let refusal = of_fault(Version::V2, &entry(), *fault);
            if fault.is_transient() {
                assert!(refusal.retry, "{fault}");
            }
            assert_eq!(refusal.retry, matches!(refusal.status.as_u16(), 429 | 503), "{fault}");
        }
    }

    #[test]
    fn a_clients_mistake_is_never_a_500() {
        // Revocation lists are the operator's to bring: no client can mend one that is missing or bad.
        let lists = [Fault::MeansStatus, Fault::RevocationList];
        let clients = |f: &&Fault| matches!(f.number(), 500..=704 | 706..=712) && !lists.contains(f);
        for fault in Fault::ALL.iter().filter(clients) {
            for version in [Version::V1, Version::V2] {
                let refusal = of_fault(version, &entry(), *fault);
                assert!(matches!(refusal.status.as_u16(), 400 | 429), "{fault}");
            }
        }
        // What claims to be an RA client's or an officer's comes from anybody, whatever it claims.
        let claimed = |f: &&Fault| matches!(f.number(), 306 | 310 | 350..=355 | 403 | 420..=433);
        for fault in Fault::ALL.iter().filter(|f| claimed(f) || clients(f)) {
            let refusal = manages(&entry(), Failed::Fault(*fault));
            assert!(matches!(refusal.status.as_u16(), 400 | 429), "{fault}");
        }
    }

    #[test]
    fn a_role_that_may_not_do_that_has_no_acceptable_proof() {
        let refusal = manages(&entry(), Failed::Fault(Fault::RoleForbidden));
        assert_eq!((refusal.status.as_u16(), refusal.error), (400, "invalid_proof"));
    }

    #[test]
    fn a_missing_revocation_list_is_the_services_fault() {
        for version in [Version::V1, Version::V2] {
            let refusal = of_fault(version, &entry(), Fault::MeansStatus);
            assert_eq!((refusal.status.as_u16(), refusal.retry), (503, true));
        }
    }

    #[test]
    fn wire_strings_are_exact() {
        for (fault, v1, v2) in [
            (
                Fault::TokenUnknown,
                ("invalid_request", "Invalid parameter SAD"),
                ("invalid_request", "Invalid parameter SAD"),
            ),
            (Fault::TokenExpired, ("invalid_request", "SAD expired"), ("invalid_request", "SAD expired")),
            (
                Fault::HashNotAuthorized,
                ("invalid_request", "Hash is not authorized by the SAD"),
                ("invalid_request", "Hash is not authorized by the SAD"),
            ),
            (
                Fault::SadReplayed,
                ("invalid_otp", "The OTP is invalid"),
                ("invalid_authentication_data", "The authentication data is invalid"),
            ),
            (
                Fault::CertificateExpired,
                ("invalid_request", "Signing certificate 'O=,CN=' is expired."),
                ("invalid_request", "Signing certificate is expired"),
            ),
        ] {
            for (version, (error, text)) in [(Version::V1, v1), (Version::V2, v2)] {
                let refusal = of_fault(version, &entry(), fault);
                assert_eq!((refusal.error, refusal.description.as_ref()), (error, text));
            }
        }
    }
}
