//! Place: none. Keys in a PKCS#11 token: they are made in it, and do not leave it.

use crate::file;
use anyhow::{Context as _, bail, ensure};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use der::Decode as _;
use der::asn1::OctetStringRef;
use fuin_custodian::{DeviceError, KeyDevice};
use fuin_shared::bytes::Blob;
use fuin_shared::key::{PublicKey, Spki, raw_to_der};
use std::path::PathBuf;
use std::str::FromStr;
use zeroize::Zeroizing;

/// Where the PIN is looked for when no file is named.
pub const PIN_VARIABLE: &str = "FUIN_PKCS11_PIN";
const MAX_PIN: u64 = 256;
/// `secp384r1`, DER.
const P384: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];

/// The value of `--pkcs11`: which token, and which keys in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName {
    module: PathBuf,
    token: String,
    key: String,
    pin_file: Option<PathBuf>,
}

impl FromStr for TokenName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "give module=FILE,token=LABEL,key=LABEL[,pin-file=FILE]";
        let (mut module, mut token, mut key, mut pin_file) = (None, None, None, None);
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or(form)?;
            let place = match name {
                "module" => &mut module,
                "token" => &mut token,
                "key" => &mut key,
                "pin-file" => &mut pin_file,
                _ => return Err(format!("{name:?} is unknown; {form}")),
            };
            if value.is_empty() || place.replace(value.to_owned()).is_some() {
                return Err(format!("{name} is empty or there twice; {form}"));
            }
        }
        match (module, token, key) {
            (Some(module), Some(token), Some(key)) => {
                Ok(Self { module: module.into(), token, key, pin_file: pin_file.map(Into::into) })
            }
            _ => Err(form.to_owned()),
        }
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Sign,
    Derive,
}

impl Use {
    fn private(self) -> Attribute {
        match self {
            Self::Sign => Attribute::Sign(true),
            Self::Derive => Attribute::Derive(true),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Sign => "signs",
            Self::Derive => "derives",
        }
    }
}

/// A key pair in the token.
#[derive(Debug, Clone)]
struct Pair {
    private: ObjectHandle,
    public: PublicKey,
    point: Vec<u8>,
}

/// A token that one is logged in to.
pub struct Token {
    session: Session,
    key: String,
}

impl Token {
    /// Finds the token and logs in.
    pub fn open(name: &TokenName) -> anyhow::Result<Self> {
        let module = name.module.display();
        let context = Pkcs11::new(&name.module).with_context(|| format!("module {module}"))?;
        context
            .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
            .with_context(|| format!("module {module}"))?;
        let (slot, info) = find_token(&context, &name.token)?;
        let pin = if info.protected_authentication_path() { None } else { Some(pin(name)?) };
        let session = context.open_rw_session(slot).context("token")?;
        session.login(UserType::User, pin.as_ref()).map_err(|error| match error {
            Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
                anyhow::anyhow!("token {}: the PIN is wrong", name.token)
            }
            Error::Pkcs11(RvError::PinLocked, _) => {
                anyhow::anyhow!(
                    "token {}: the PIN is locked; its security officer can set a new one",
                    name.token
                )
            }
            other => anyhow::Error::from(other).context(format!("token {}: login", name.token)),
        })?;
        Ok(Self { session, key: name.key.clone() })
    }

    /// The key of this label for this use, if there is one.
    fn find(&self, wanted: Use) -> anyhow::Result<Option<Pair>> {
        let template = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::EC),
            Attribute::Label(self.key.clone().into_bytes()),
            wanted.private(),
        ];
        let found = self.session.find_objects(&template).context("token")?;
        let private = match found.as_slice() {
            [] => return Ok(None),
            [one] => *one,
            _ => bail!("token: several keys {:?} that one {} with", self.key, wanted.word()),
        };
        let Some(Attribute::Id(id)) = self.attribute(private, AttributeType::Id)? else {
            bail!("token: key {:?} has no id", self.key);
        };
        let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Id(id)];
        let public = self.session.find_objects(&template).context("token")?;
        let [public] = public.as_slice() else {
            bail!("token: key {:?} has no public half with its id, or several", self.key);
        };
        self.pair(private, *public).map(Some)
    }

    fn pair(&self, private: ObjectHandle, public: ObjectHandle) -> anyhow::Result<Pair> {
        let Some(Attribute::EcPoint(encoded)) = self.attribute(public, AttributeType::EcPoint)? else {
            bail!("token: key {:?} shows no point", self.key);
        };
        let point =
            <&OctetStringRef>::from_der(&encoded).map_err(|error| anyhow::anyhow!("token: {error}"))?;
        let point = point.as_bytes().to_vec();
        let public = match point.len() {
            65 => p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(PublicKey::P256),
            _ => p384::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(PublicKey::P384),
        };
        let public = public.with_context(|| format!("token: key {:?} is not on P-256 or P-384", self.key))?;
        Ok(Pair { private, public, point })
    }

    fn attribute(&self, object: ObjectHandle, kind: AttributeType) -> anyhow::Result<Option<Attribute>> {
        Ok(self.session.get_attributes(object, &[kind]).context("token")?.pop())
    }

    /// The key of this label for this use.
    fn get(&self, wanted: Use) -> anyhow::Result<Pair> {
        let found = self.find(wanted)?;
        found.with_context(|| format!("token: no key {:?} that one {} with", self.key, wanted.word()))
    }

    /// As [`Self::get`]; where there is none, one is made on P-384, which the token never gives away.
    fn get_or_make(&self, wanted: Use) -> anyhow::Result<Pair> {
        if let Some(found) = self.find(wanted)? {
            return Ok(found);
        }
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let (label, id) = (Attribute::Label(self.key.clone().into_bytes()), Attribute::Id(id.to_vec()));
        let (signs, derives) = (wanted == Use::Sign, wanted == Use::Derive);
        let public = [
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(signs),
            Attribute::EcParams(P384.to_vec()),
            label.clone(),
            id.clone(),
        ];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(signs),
            Attribute::Derive(derives),
            label,
            id,
        ];
        let made = self.session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private);
        let (public, private) = made.context("token: it makes no key")?;
        self.pair(private, public)
    }

    fn sign(&self, pair: &Pair, digest: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.session.sign(&Mechanism::Ecdsa, pair.private, digest).context("token: it does not sign")
    }

    /// The x coordinate of ECDH with this point.
    fn agree(&self, pair: &Pair, point: &[u8]) -> anyhow::Result<Zeroizing<[u8; 48]>> {
        let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), point));
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::GENERIC_SECRET),
            Attribute::ValueLen(48.into()),
            Attribute::Token(false),
            Attribute::Sensitive(false),
            Attribute::Extractable(true),
        ];
        let derived = self.session.derive_key(&mechanism, pair.private, &template);
        let derived = derived.context("token: it does not derive")?;
        let value = self.attribute(derived, AttributeType::Value);
        self.session.destroy_object(derived).context("token")?;
        let Some(Attribute::Value(value)) = value? else { bail!("token: it shows no derived secret") };
        let value = Zeroizing::new(value);
        let mut agreed = Zeroizing::new([0; 48]);
        ensure!(value.len() == agreed.len(), "token: a derived secret of {} octets", value.len());
        agreed.copy_from_slice(&value);
        Ok(agreed)
    }
}

fn find_token(context: &Pkcs11, label: &str) -> anyhow::Result<(Slot, TokenInfo)> {
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for slot in context.get_slots_with_initialized_token().context("tokens")? {
        let info = context.get_token_info(slot).context("tokens")?;
        if info.label() == label {
            found.push((slot, info));
        } else {
            others.push(format!("{:?}", info.label()));
        }
    }
    ensure!(found.len() < 2, "token: several are called {label:?}");
    found.pop().with_context(|| {
        let others = if others.is_empty() { "there is none".to_owned() } else { others.join(", ") };
        format!("token: none is called {label:?}; there are: {others}")
    })
}

fn pin(name: &TokenName) -> anyhow::Result<AuthPin> {
    let text = if let Some(path) = &name.pin_file {
        let octets = Zeroizing::new(file::read(path, MAX_PIN)?);
        let text = std::str::from_utf8(&octets).with_context(|| format!("{}: no text", path.display()))?;
        Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())
    } else if let Ok(text) = std::env::var(PIN_VARIABLE) {
        Zeroizing::new(text)
    } else {
        super::prompt::secret(&format!("PIN of token {}: ", name.token)).with_context(|| {
            format!("no PIN: name a file with pin-file=FILE, set {PIN_VARIABLE}, or call this at a terminal")
        })?
    };
    Ok(AuthPin::new(text.as_str().into()))
}

/// An officer's key.
pub struct OfficerToken {
    token: Token,
    pair: Pair,
}

impl OfficerToken {
    /// That of an officer who has one.
    pub fn open(name: &TokenName) -> anyhow::Result<Self> {
        let token = Token::open(name)?;
        let pair = token.get(Use::Sign)?;
        Ok(Self { token, pair })
    }

    /// That of a new officer: the key of this label, or a new one.
    pub fn open_or_make(name: &TokenName) -> anyhow::Result<Self> {
        let token = Token::open(name)?;
        let pair = token.get_or_make(Use::Sign)?;
        Ok(Self { token, pair })
    }

    /// Public key.
    pub fn spki(&self) -> Spki {
        Spki::from(&self.pair.public)
    }

    /// ECDSA with the key's digest, in DER; verified.
    pub fn sign(&self, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        let hash = self.pair.public.statement_hash();
        let signature = raw_to_der(&self.token.sign(&self.pair, &hash.digest(message))?)?;
        self.pair.public.verify(hash, message, &signature).context("token: it signs with another key")?;
        Ok(signature)
    }
}

/// A custodian's two keys.
pub struct CustodianToken {
    token: Token,
    signing: Pair,
    opening: Pair,
}

impl CustodianToken {
    /// Those of a custodian who has them.
    pub fn open(name: &TokenName) -> anyhow::Result<Self> {
        let token = Token::open(name)?;
        let (signing, opening) = (token.get(Use::Sign)?, token.get(Use::Derive)?);
        Ok(Self { token, signing, opening })
    }

    /// Those of a new custodian: the keys of this label, or new ones.
    pub fn open_or_make(name: &TokenName) -> anyhow::Result<Self> {
        let token = Token::open(name)?;
        let (signing, opening) = (token.get_or_make(Use::Sign)?, token.get_or_make(Use::Derive)?);
        Ok(Self { token, signing, opening })
    }

    /// Public key of the one that signs, point of the one that derives.
    pub fn public(&self) -> (Spki, Blob) {
        (Spki::from(&self.signing.public), self.opening.point.clone().into())
    }
}

fn told(error: &anyhow::Error) -> DeviceError {
    DeviceError(format!("{error:#}"))
}

impl KeyDevice for CustodianToken {
    fn sign(&self, digest: &[u8; 48]) -> Result<[u8; 96], DeviceError> {
        let signature = self.token.sign(&self.signing, digest).map_err(|error| told(&error))?;
        signature.try_into().map_err(|_| DeviceError("token: a signature of another length".to_owned()))
    }

    fn agree(&self, point: &[u8; 97]) -> Result<Zeroizing<[u8; 48]>, DeviceError> {
        self.token.agree(&self.opening, point).map_err(|error| told(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_named_in_one_form() {
        let name: TokenName = "module=/lib/p11.so,token=Office 1,key=ada,pin-file=pin".parse().unwrap();
        assert_eq!((name.token.as_str(), name.key.as_str()), ("Office 1", "ada"));
        assert_eq!(name.pin_file, Some("pin".into()));
        for wrong in [
            "",
            "module=x",
            "module=x,token=y",
            "module=x,token=y,key=",
            "module=x,token=y,key=z,key=z",
            "module=x,token=y,key=z,pin=1",
            "module,token=y,key=z",
        ] {
            assert!(wrong.parse::<TokenName>().is_err(), "{wrong}");
        }
    }
}
