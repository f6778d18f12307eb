//! Place: none. The payload map: keys, presence, types and sizes (steps 6 to 9).

use super::{Pcrs, Profile};
use crate::cbor::{CborError, Lengths, Reader};
use crate::error::{Refusal, Step};
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;

/// Most entries of a certificate bundle.
pub const MAX_CABUNDLE: usize = 10;
const MAX_CERTIFICATE: usize = 1024;
const MAX_DEPTH: usize = 4;

/// The certificate bundle, without allocation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bundle<'a> {
    entries: [&'a [u8]; MAX_CABUNDLE],
    length: usize,
}

impl<'a> Bundle<'a> {
    pub(crate) fn entries(&self) -> &[&'a [u8]] {
        self.entries.get(..self.length).unwrap_or(&[])
    }

    fn push(&mut self, entry: &'a [u8]) -> Result<(), Refusal> {
        let slot = self.entries.get_mut(self.length).ok_or_else(|| {
            Refusal::new(Step::Anchor, format!("the bundle has more than {MAX_CABUNDLE} entries"))
        })?;
        *slot = entry;
        self.length += 1;
        Ok(())
    }
}

/// The payload's fields.
pub(super) struct Fields<'a> {
    pub(super) module_id: &'a str,
    pub(super) timestamp: u64,
    pub(super) pcrs: Pcrs<'a>,
    pub(super) certificate: &'a [u8],
    pub(super) cabundle: Bundle<'a>,
    pub(super) public_key: Option<&'a [u8]>,
    pub(super) user_data: Option<&'a [u8]>,
    pub(super) nonce: Option<&'a [u8]>,
}

/// The names a payload may use.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Field {
    ModuleId,
    Digest,
    Timestamp,
    Pcrs,
    Certificate,
    Cabundle,
    PublicKey,
    UserData,
    Nonce,
}

impl Field {
    fn named(name: &str) -> Result<Self, Refusal> {
        Ok(match name {
            "module_id" => Self::ModuleId,
            "digest" => Self::Digest,
            "timestamp" => Self::Timestamp,
            "pcrs" => Self::Pcrs,
            "certificate" => Self::Certificate,
            "cabundle" => Self::Cabundle,
            "public_key" => Self::PublicKey,
            "user_data" => Self::UserData,
            "nonce" => Self::Nonce,
            "nitrotpm_pcrs" => {
                return Err(Refusal::new(
                    Step::PayloadKeys,
                    "nitrotpm_pcrs: this is a NitroTPM document of an instance, not one of an enclave",
                ));
            }
            other => {
                let shown: String = other.chars().take(32).flat_map(char::escape_default).collect();
                return Err(Refusal::new(Step::PayloadKeys, format!("unknown field {shown}")));
            }
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::ModuleId => "module_id",
            Self::Digest => "digest",
            Self::Timestamp => "timestamp",
            Self::Pcrs => "pcrs",
            Self::Certificate => "certificate",
            Self::Cabundle => "cabundle",
            Self::PublicKey => "public_key",
            Self::UserData => "user_data",
            Self::Nonce => "nonce",
        }
    }

    /// A fault while reading this field: a wrong type is step 9, broken encoding is step 6.
    fn fault(self) -> impl Fn(CborError) -> Refusal {
        move |error| {
            let step = if error == CborError::Type { Step::Fields } else { Step::PayloadEncoding };
            Refusal::new(step, format!("{}: {error}", self.name()))
        }
    }

    fn refuse<T>(self, what: &str) -> Result<T, Refusal> {
        Err(Refusal::new(Step::Fields, format!("{}: {what}", self.name())))
    }
}

/// Fields as they come by, in any order.
#[derive(Default)]
struct Draft<'a> {
    seen: u16,
    module_id: Option<&'a str>,
    digest: Option<()>,
    timestamp: Option<u64>,
    pcrs: Option<Pcrs<'a>>,
    certificate: Option<&'a [u8]>,
    cabundle: Option<Bundle<'a>>,
    public_key: Option<&'a [u8]>,
    user_data: Option<&'a [u8]>,
    nonce: Option<&'a [u8]>,
}

/// Reads the payload.
pub(super) fn read(payload: &[u8], profile: Profile) -> Result<Fields<'_>, Refusal> {
    let encoding = |error: CborError| Refusal::new(Step::PayloadEncoding, error.to_string());
    let mut reader = Reader::new(payload, MAX_DEPTH);
    let mut map = reader.map(Lengths::Any).map_err(encoding)?;
    let mut draft = Draft::default();
    while reader.next(&mut map).map_err(encoding)? {
        let name = reader.text().map_err(|error| match error {
            CborError::Type => Refusal::new(Step::PayloadKeys, "a field's name is not text"),
            other => encoding(other),
        })?;
        draft.take(Field::named(name)?, &mut reader, profile)?;
    }
    reader.finish().map_err(encoding)?;
    draft.complete()
}

impl<'a> Draft<'a> {
    fn take(&mut self, field: Field, reader: &mut Reader<'a>, profile: Profile) -> Result<(), Refusal> {
        let bit = 1 << field as u8;
        if self.seen & bit != 0 {
            return Err(Refusal::new(Step::PayloadKeys, format!("{} stands twice", field.name())));
        }
        self.seen |= bit;
        // Null is as good as absent: refused in the end where the field is mandatory.
        if reader.optional_null().map_err(field.fault())? {
            return Ok(());
        }
        match field {
            Field::ModuleId => self.module_id = Some(module_id(reader)?),
            Field::Digest => self.digest = Some(digest(reader)?),
            Field::Timestamp => self.timestamp = Some(timestamp(reader)?),
            Field::Pcrs => self.pcrs = Some(pcrs(reader)?),
            Field::Certificate => self.certificate = Some(certificate(field, reader)?),
            Field::Cabundle => self.cabundle = Some(cabundle(reader)?),
            Field::PublicKey => self.public_key = Some(data(field, reader, profile, 1, 1024)?),
            Field::UserData => self.user_data = Some(data(field, reader, profile, 0, 512)?),
            Field::Nonce => self.nonce = Some(data(field, reader, profile, 0, 512)?),
        }
        Ok(())
    }

    fn complete(self) -> Result<Fields<'a>, Refusal> {
        fn must<T>(value: Option<T>, field: Field) -> Result<T, Refusal> {
            value.ok_or_else(|| Refusal::new(Step::Mandatory, format!("{} is absent or null", field.name())))
        }
        must(self.digest, Field::Digest)?;
        Ok(Fields {
            module_id: must(self.module_id, Field::ModuleId)?,
            timestamp: must(self.timestamp, Field::Timestamp)?,
            pcrs: must(self.pcrs, Field::Pcrs)?,
            certificate: must(self.certificate, Field::Certificate)?,
            cabundle: must(self.cabundle, Field::Cabundle)?,
            public_key: self.public_key,
            user_data: self.user_data,
            nonce: self.nonce,
        })
    }
}

fn module_id<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Refusal> {
    let text = reader.text().map_err(Field::ModuleId.fault())?;
    if text.is_empty() { Field::ModuleId.refuse("empty") } else { Ok(text) }
}

fn digest(reader: &mut Reader<'_>) -> Result<(), Refusal> {
    match reader.text().map_err(Field::Digest.fault())? {
        "SHA384" => Ok(()),
        _ => Field::Digest.refuse("not SHA384"),
    }
}

fn timestamp(reader: &mut Reader<'_>) -> Result<u64, Refusal> {
    match reader.unsigned().map_err(Field::Timestamp.fault())? {
        0 => Field::Timestamp.refuse("zero"),
        value => Ok(value),
    }
}

fn pcrs<'a>(reader: &mut Reader<'a>) -> Result<Pcrs<'a>, Refusal> {
    let field = Field::Pcrs;
    let mut pcrs = Pcrs::default();
    let mut map = reader.map(Lengths::Any).map_err(field.fault())?;
    while reader.next(&mut map).map_err(field.fault())? {
        let index = reader.unsigned().map_err(field.fault())?;
        let value = reader.bytes().map_err(field.fault())?;
        let Some(slot) = pcrs.slot(index) else {
            return field.refuse("an index above 31");
        };
        let Ok(value) = value.try_into() else {
            return field.refuse("a value that is not 48 octets long");
        };
        if slot.replace(value).is_some() {
            return field.refuse("an index that stands twice");
        }
    }
    if pcrs.iter().next().is_none() { field.refuse("no register") } else { Ok(pcrs) }
}

fn certificate<'a>(field: Field, reader: &mut Reader<'a>) -> Result<&'a [u8], Refusal> {
    let octets = reader.bytes().map_err(field.fault())?;
    if octets.is_empty() || octets.len() > MAX_CERTIFICATE {
        return field.refuse("a certificate that is empty or longer than 1024 octets");
    }
    Ok(octets)
}

fn cabundle<'a>(reader: &mut Reader<'a>) -> Result<Bundle<'a>, Refusal> {
    let field = Field::Cabundle;
    let mut bundle = Bundle::default();
    let mut array = reader.array(Lengths::Any).map_err(field.fault())?;
    while reader.next(&mut array).map_err(field.fault())? {
        bundle.push(certificate(field, reader)?)?;
    }
    if bundle.length == 0 { field.refuse("no entry") } else { Ok(bundle) }
}

/// One of the three fields that the enclave fills; `most` holds under [`Profile::AwsText`].
fn data<'a>(
    field: Field,
    reader: &mut Reader<'a>,
    profile: Profile,
    least: usize,
    most: usize,
) -> Result<&'a [u8], Refusal> {
    let octets = reader.bytes().map_err(field.fault())?;
    if octets.len() < least {
        return field.refuse("empty");
    }
    if profile == Profile::AwsText && octets.len() > most {
        return Err(Refusal::new(
            Step::Fields,
            format!(
                "{}: {} octets, AWS's text allows {most}; real devices give more: profile `observed`",
                field.name(),
                octets.len()
            ),
        ));
    }
    Ok(octets)
}
