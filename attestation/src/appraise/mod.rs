//! Place: none. Claims against reference values and policy (steps 18 to 23): never raw octets, no cryptography.
//!
//! A policy has no defaults: whoever leaves a check out writes so, and the result lists it as not checked.

use alloc::format;
pub(crate) mod nonce;
mod references;
mod result;

pub use nonce::Nonce;
pub use references::{ReferenceError, References};
pub use result::{Appraisal, Check, Omission};

use crate::anchor::AnchorKind;
use crate::error::{Refusal, Step};
use crate::time::{At, Window};
use crate::verify::Claims;

/// Register 2 of every image that has one ramdisk only: it says nothing about the image.
const ONE_RAMDISK_PCR2: [u8; 48] = [
    0x21, 0xb9, 0xef, 0xbc, 0x18, 0x48, 0x07, 0x66, 0x2e, 0x96, 0x6d, 0x34, 0xf3, 0x90, 0x82, 0x13, 0x09,
    0xee, 0xac, 0x68, 0x02, 0x30, 0x97, 0x98, 0x82, 0x62, 0x96, 0xbf, 0x3e, 0x8b, 0xec, 0x7c, 0x10, 0xed,
    0xb3, 0x09, 0x48, 0xc9, 0x0b, 0xa6, 0x73, 0x10, 0xf7, 0xb9, 0x64, 0xfc, 0x50, 0x0a,
];
/// A leaf may have been made this many seconds after the document's time.
const LEAF_SKEW: u64 = 300;

/// What a caller asks of a document.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// The nonce the caller sent.
    pub nonce: Nonce<'a>,
    /// How old the document may be; `None` leaves its age unchecked. Without effect at [`At::Archive`].
    pub freshness: Option<Window>,
    /// Expected registers.
    pub references: References,
    /// Whether an enclave in debug mode is accepted.
    pub allow_debug: bool,
    /// What `user_data` must be.
    pub user_data: Option<&'a [u8]>,
    /// What `public_key` must be.
    pub public_key: Option<&'a [u8]>,
}

/// What the code registers say about debug mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugMode {
    /// Registers 0 to 2 are all present and zero.
    On,
    /// One of registers 0 to 2 is present and not zero.
    Off,
    /// None of registers 0 to 2 says anything, and one is absent.
    Unknown,
}

impl DebugMode {
    /// Of a document's claims.
    #[must_use]
    pub fn of(claims: &Claims) -> Self {
        let code = [claims.pcr(0), claims.pcr(1), claims.pcr(2)];
        if code.iter().flatten().any(|value| **value != [0; 48]) {
            Self::Off
        } else if code.iter().all(Option::is_some) {
            Self::On
        } else {
            Self::Unknown
        }
    }
}

/// Appraises the claims of a document.
///
/// # Errors
/// The [`Refusal`] of the first step that fails, 19 to 23. Step 18 only warns.
pub fn appraise(claims: &Claims, policy: &Policy<'_>) -> Result<Appraisal, Refusal> {
    let mut appraisal = Appraisal::default();
    leaf_name(claims, &mut appraisal);
    freshness(claims, policy.freshness, &mut appraisal)?;
    policy.nonce.check(claims.nonce(), &mut appraisal)?;
    debug(claims, policy.allow_debug, &mut appraisal)?;
    measurement(claims, &policy.references, &mut appraisal)?;
    binding(claims, policy, &mut appraisal)?;
    if claims.anchor() == AnchorKind::Development {
        appraisal.warn("DEVELOPMENT: the document ends in a root that only the caller names");
    }
    appraisal.omit(
        "revocation of the platform's certificates",
        "they live for hours; no revocation list was given",
    );
    Ok(appraisal)
}

/// Step 18.
pub(crate) fn leaf_name(claims: &Claims, appraisal: &mut Appraisal) {
    match claims.leaf_common_name() {
        Some(name) if name.starts_with(claims.module_id()) => {
            appraisal.check(Step::LeafName, "the certificate names the same module");
        }
        _ => appraisal.warn("the certificate's name does not start with the document's module_id"),
    }
}

/// Step 19.
pub(crate) fn freshness(
    claims: &Claims,
    window: Option<Window>,
    appraisal: &mut Appraisal,
) -> Result<(), Refusal> {
    let At::Unix(now) = claims.at() else {
        appraisal.omit("age of the document", "judged at its own time: proves only that it was signed then");
        return Ok(());
    };
    let made = claims.timestamp() / 1000;
    let (from, to) = claims.leaf_period();
    if made.saturating_add(LEAF_SKEW) < from || made > to {
        return Err(Refusal::new(Step::Freshness, "made outside its certificate's life"));
    }
    let Some(window) = window else {
        appraisal.omit(
            "age of the document",
            "only bounded by its certificate, which lives for about three hours",
        );
        return Ok(());
    };
    if !window.holds(made, now) {
        let (age, skew) = (window.max_age, window.skew);
        let detail = format!(
            "made {}, judged at {}; at most {age} s old and {skew} s ahead",
            crate::time::utc(made),
            crate::time::utc(now)
        );
        return Err(Refusal::new(Step::Freshness, detail));
    }
    appraisal
        .check(Step::Freshness, format!("made {} s before the time of judgement", now.saturating_sub(made)));
    Ok(())
}

/// Step 21.
pub(crate) fn debug(claims: &Claims, allowed: bool, appraisal: &mut Appraisal) -> Result<(), Refusal> {
    match (DebugMode::of(claims), allowed) {
        (DebugMode::Off, _) => appraisal.check(Step::Debug, "not in debug mode"),
        (DebugMode::On, false) => {
            return Err(Refusal::new(Step::Debug, "registers 0 to 2 are zero"));
        }
        (DebugMode::Unknown, false) => {
            return Err(Refusal::new(Step::Debug, "registers 0 to 2 do not tell: absent or zero"));
        }
        (DebugMode::On, true) => {
            appraisal.warn("DEBUG MODE: nothing is known about the code; allowed by the caller")
        }
        (DebugMode::Unknown, true) => {
            appraisal.warn("registers 0 to 2 do not tell whether this is debug mode; allowed by the caller");
        }
    }
    Ok(())
}

/// Step 22.
pub(crate) fn measurement(
    claims: &Claims,
    references: &References,
    appraisal: &mut Appraisal,
) -> Result<(), Refusal> {
    for (index, expected) in references.iter() {
        match claims.pcr(index) {
            None => {
                return Err(Refusal::new(Step::Measurement, format!("the document has no PCR{index}")));
            }
            Some(found) if found != expected => {
                return Err(Refusal::new(
                    Step::Measurement,
                    format!("PCR{index} differs from its reference value"),
                ));
            }
            Some(_) => appraisal.check(Step::Measurement, format!("PCR{index} equals its reference value")),
        }
    }
    if references.get(2) == Some(&ONE_RAMDISK_PCR2) {
        appraisal
            .warn("the reference value of PCR2 is that of every image with one ramdisk: it tells nothing");
    }
    if !references.identify_code() {
        appraisal.omit("which code runs", "no reference value for PCR0, for PCR1 and PCR2, or for PCR8");
        return Ok(());
    }
    for index in (0..=2).filter(|index| references.get(*index).is_none()) {
        appraisal.omit(format!("PCR{index}"), "no reference value was given");
    }
    Ok(())
}

/// Step 23.
fn binding(claims: &Claims, policy: &Policy<'_>, appraisal: &mut Appraisal) -> Result<(), Refusal> {
    for (name, expected, found) in [
        ("user_data", policy.user_data, claims.user_data()),
        ("public_key", policy.public_key, claims.public_key()),
    ] {
        match expected {
            None if found.is_some() => appraisal.omit(
                format!("meaning of {name}"),
                "it is shown as the enclave gave it, nothing was expected of it",
            ),
            None => {}
            Some(expected) if found == Some(expected) => {
                appraisal.check(Step::Binding, format!("{name} is the expected one"));
            }
            Some(_) => return Err(Refusal::new(Step::Binding, format!("{name} is not the expected one"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
