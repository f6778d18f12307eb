//! Place: SSA. Passwords as Argon2id, computed off the async threads.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// The hash to keep, as a PHC string. `None` if it could not be computed.
pub(super) async fn hash(password: Zeroizing<String>) -> Option<String> {
    tokio::task::spawn_blocking(move || make(password.as_bytes())).await.ok().flatten()
}

/// Whether the password is the one of `kept`. Without a user, the same work is done for nothing, so that time does not
/// tell who exists. `None` if it could not be computed.
pub(super) async fn verify(password: Zeroizing<String>, kept: Option<String>) -> Option<bool> {
    tokio::task::spawn_blocking(move || {
        let known = kept.is_some();
        let text = kept.or_else(nobody)?;
        let hash = PasswordHash::new(&text).ok()?;
        let same = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        Some(same && known)
    })
    .await
    .ok()
    .flatten()
}

fn make(password: &[u8]) -> Option<String> {
    Argon2::default().hash_password(password).ok().map(|hash| hash.to_string())
}

/// Hash of nobody's password.
fn nobody() -> Option<String> {
    static HASH: OnceLock<Option<String>> = OnceLock::new();
    HASH.get_or_init(|| make(b"nobody")).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_verifies() {
        let kept = hash(Zeroizing::new("correct".into())).await.unwrap();
        assert!(kept.starts_with("$argon2id$"));
        let check = |text: &str, kept| verify(Zeroizing::new(text.to_owned()), kept);
        assert_eq!(check("correct", Some(kept.clone())).await, Some(true));
        assert_eq!(check("wrong", Some(kept.clone())).await, Some(false));
        // Even whoever guesses the text behind the stand-in is nobody.
        assert_eq!(check("nobody", None).await, Some(false));
        assert_eq!(check("correct", Some("not a hash".into())).await, None);
        assert_ne!(hash(Zeroizing::new("correct".into())).await.unwrap(), kept, "salts differ");
    }
}
