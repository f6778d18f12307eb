//! Place: none. A custodian whose keys are in a device: the same life, no secret in its state, and what a device cannot do.

use super::enclave::{NOW, TestEnclave, rng};
use super::{NONCE, before_root, genesis, operational, pins, share_for};
use fuin_custodian::{Custodian, CustodianError, DeviceError, KeyDevice};
use fuin_shared::bytes::Blob;
use fuin_shared::ids::PersonId;
use fuin_shared::key::{PublicKey, Spki};
use fuin_shared::statement::{SHARE_TO_INSTANCE, share_aad};
use p384::ecdsa::signature::hazmat::PrehashSigner;
use p384::ecdsa::{Signature, SigningKey, VerifyingKey};
use p384::elliptic_curve::Generate;
use p384::elliptic_curve::point::AffineCoordinates;
use p384::{AffinePoint, ProjectivePoint, PublicKey as Point};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use zeroize::Zeroizing;

/// Two keys, and how often the second was asked for.
#[derive(Clone)]
struct Device {
    signing: SigningKey,
    opening: SigningKey,
    agreed: Arc<AtomicUsize>,
}

impl Device {
    fn new() -> Self {
        Self { signing: SigningKey::generate(), opening: SigningKey::generate(), agreed: Arc::default() }
    }

    fn public(&self) -> (Spki, Blob) {
        let point = |key: &VerifyingKey| key.to_sec1_point(false).as_bytes().to_vec();
        let signing = Spki::from(&PublicKey::P384(*self.signing.verifying_key()));
        (signing, point(self.opening.verifying_key()).into())
    }

    fn custodian(&self) -> Custodian {
        let (signing, sealing) = self.public();
        let name = PersonId::new("custodian").unwrap();
        Custodian::on_device(name, signing, sealing, Box::new(self.clone())).unwrap()
    }

    fn attach(&self, custodian: &mut Custodian) -> Result<(), CustodianError> {
        let (signing, sealing) = self.public();
        custodian.attach(&signing, &sealing, Box::new(self.clone()))
    }
}

impl KeyDevice for Device {
    fn sign(&self, digest: &[u8; 48]) -> Result<[u8; 96], DeviceError> {
        let signature: Signature = self.signing.sign_prehash(digest).unwrap();
        Ok(signature.to_bytes().into())
    }

    fn agree(&self, point: &[u8; 97]) -> Result<Zeroizing<[u8; 48]>, DeviceError> {
        self.agreed.fetch_add(1, Ordering::SeqCst);
        let point = Point::from_sec1_bytes(point).unwrap();
        let agreed: AffinePoint =
            (ProjectivePoint::from(*point.as_affine()) * **self.opening.as_nonzero_scalar()).to_affine();
        Ok(Zeroizing::new(agreed.x().into()))
    }
}

fn joined() -> (Device, Custodian, TestEnclave) {
    let device = Device::new();
    let mut custodian = device.custodian();
    let enclave = TestEnclave::of(custodian.manifest_entry());
    custodian.join(pins(&enclave)).unwrap();
    (device, custodian, enclave)
}

#[test]
fn a_share_goes_through_a_device_as_through_keys_of_ones_own() {
    let (device, mut custodian, mut enclave) = joined();
    // Sealed by the library, opened by the device and us.
    let share = share_for(&custodian, &enclave);
    let receipt =
        custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share).unwrap();
    let key = custodian.manifest_entry().signing.key().unwrap();
    receipt.open::<fuin_shared::statement::ShareReceipt>(&key).unwrap();
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();

    let state = custodian.to_bytes();
    for secret in [device.signing.to_bytes(), device.opening.to_bytes()] {
        assert!(!state.windows(48).any(|window| window == &secret[..]), "a key is in the state");
    }
    let mut custodian = Custodian::from_bytes(&state).unwrap();
    assert!(custodian.needs_device());
    enclave.restart();
    let give =
        |custodian: &Custodian| custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng());
    assert_eq!(give(&custodian), Err(CustodianError::NoDevice));
    assert_eq!(Device::new().attach(&mut custodian), Err(CustodianError::OtherDevice));
    assert!(custodian.needs_device());
    device.attach(&mut custodian).unwrap();
    let given = give(&custodian).unwrap();
    let aad = share_aad(&enclave.service(), &enclave.commitment, custodian.id());
    assert_eq!(enclave.open(&given.sealed, SHARE_TO_INSTANCE, &aad).unwrap(), enclave.share);
}

#[test]
fn both_shares_of_a_rotation_go_through_a_device_and_its_state() {
    let (device, mut custodian, mut enclave) = joined();
    let share = share_for(&custodian, &enclave);
    custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share).unwrap();
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();
    super::rotation::offers(&mut enclave);
    let (to, share) = super::rotation::next_share(&custodian, &mut enclave);
    custodian.accept_next_share(&operational(&enclave), NONCE, NOW, &to, &share).unwrap();
    let mut custodian = Custodian::from_bytes(&custodian.to_bytes()).unwrap();
    assert_eq!(custodian.next_commitment(), Some(to));
    let taken = custodian.accept_next_share(&operational(&enclave), NONCE, NOW, &to, &share).map(drop);
    assert_eq!(taken, Err(CustodianError::NoDevice));
    device.attach(&mut custodian).unwrap();
    super::rotation::shows(&mut enclave, fuin_shared::rotation::RotationStage::Deleting);
    custodian.learn_ledger(&operational(&enclave), NONCE, NOW).unwrap();
    // A boot knows of no rotation before it has read the ledger.
    let rotation = enclave.rotation.take();
    let given = custodian.provide_share(&before_root(&enclave), NONCE, NOW, &mut rng()).unwrap();
    assert!(given.other.is_some());
    enclave.rotation = rotation;
    let first = custodian.delete_former_share(&operational(&enclave), NONCE, NOW, &mut rng()).unwrap();
    let mut custodian = Custodian::from_bytes(&custodian.to_bytes()).unwrap();
    device.attach(&mut custodian).unwrap();
    let again = custodian.delete_former_share(&operational(&enclave), NONCE, NOW, &mut rng()).unwrap();
    assert_eq!((custodian.former_commitment(), again.unwrap().body), (None, first.unwrap().body));
}

#[test]
fn a_device_that_signs_with_another_key_is_found_out() {
    let device = Device::new();
    let liar = Device { signing: SigningKey::generate(), ..device.clone() };
    let (signing, sealing) = device.public();
    let name = PersonId::new("custodian").unwrap();
    let mut custodian = Custodian::on_device(name, signing, sealing, Box::new(liar)).unwrap();
    let enclave = TestEnclave::of(custodian.manifest_entry());
    custodian.join(pins(&enclave)).unwrap();
    let share = share_for(&custodian, &enclave);
    let refused = custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share);
    assert_eq!(refused, Err(CustodianError::OtherDevice));
    assert!(!custodian.holds_share());
}

#[test]
fn a_device_with_one_key_for_both_uses_is_refused() {
    let device = Device::new();
    let one = Device { opening: device.signing.clone(), ..device };
    let (signing, sealing) = one.public();
    let name = PersonId::new("custodian").unwrap();
    let refused = Custodian::on_device(name.clone(), signing.clone(), sealing, Box::new(one.clone()));
    assert_eq!(refused.err(), Some(CustodianError::DeviceKeys));
    let refused = Custodian::on_device(name, signing, vec![4; 97].into(), Box::new(one));
    assert_eq!(refused.err(), Some(CustodianError::DeviceKeys));
}

#[test]
fn a_device_is_never_asked_about_a_point_off_the_curve() {
    let (device, mut custodian, enclave) = joined();
    let good = share_for(&custodian, &enclave);
    for place in [0, 1, 60, 96] {
        let mut share = good.clone();
        share.sealed.encapsulated.0[place] ^= 1;
        let refused = custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share);
        assert_eq!(refused, Err(CustodianError::ShareOpen), "octet {place}");
    }
    assert_eq!(device.agreed.load(Ordering::SeqCst), 0);
    let mut share = good;
    share.sealed.ciphertext.0[0] ^= 1;
    let refused = custodian.accept_share(&genesis(&enclave), NONCE, NOW, &enclave.commitment, &share);
    assert_eq!(refused, Err(CustodianError::ShareOpen));
    assert_eq!(device.agreed.load(Ordering::SeqCst), 1);
}

#[test]
fn keys_of_ones_own_take_no_device() {
    let mut custodian = Custodian::new(PersonId::new("custodian").unwrap(), &mut rng());
    assert!(!custodian.needs_device());
    assert_eq!(Device::new().attach(&mut custodian), Err(CustodianError::OtherDevice));
}
