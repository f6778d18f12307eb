//! Place: SSA. Users and their bearer tokens: service authorization, which lets a caller speak for a user to the host
//! and nothing more. No signature rests on it.

mod password;
mod throttle;
mod token;

pub use token::{NewToken, TokenRefusal};

use crate::clock::SharedClock;
use crate::config::LimitsConfig;
use crate::store::{SharedStore, StoreError, StoredToken, TokenKind};
use throttle::Throttle;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Most octets in a user's name and in a password.
pub const MAX_TEXT: usize = 255;

/// Why a login was refused.
#[derive(Debug, thiserror::Error)]
pub enum LoginRefusal {
    /// Name or password is wrong; it does not say which.
    #[error("wrong name or password")]
    Wrong,
    /// Too many checks at once, or too many wrong passwords for this name.
    #[error("too many logins; try again later")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password hash could not be computed.
    #[error("password hash failed")]
    Hash,
}

/// Why a user or token cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The name is empty, too long, or has a colon or a control character (it must fit into HTTP Basic).
    #[error("user name must have 1 to 255 octets, no colon and no control character")]
    Name,
    /// The password is empty or too long.
    #[error("password must have 1 to 255 octets")]
    Password,
    /// The password hash could not be computed.
    #[error("password hash failed")]
    Hash,
    /// The random source failed.
    #[error("random source failed")]
    Random,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Users and tokens over a store.
pub struct Accounts {
    store: SharedStore,
    clock: SharedClock,
    limits: LimitsConfig,
    checks: Semaphore,
    failures: Throttle,
}

impl Accounts {
    /// Over this store.
    #[must_use]
    pub fn new(store: SharedStore, clock: SharedClock, limits: &LimitsConfig) -> Self {
        Self {
            store,
            clock,
            limits: limits.clone(),
            checks: Semaphore::new(limits.password_checks),
            failures: Throttle::new(limits.login_failures, limits.login_window_seconds),
        }
    }

    /// Adds a user, or sets a new password.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn put_user(&self, name: &str, password: &str) -> Result<(), AccountError> {
        if name.is_empty() || name.len() > MAX_TEXT || name.chars().any(|c| c == ':' || c.is_control()) {
            return Err(AccountError::Name);
        }
        if password.is_empty() || password.len() > MAX_TEXT {
            return Err(AccountError::Password);
        }
        let hash = password::hash(Zeroizing::new(password.to_owned())).await.ok_or(AccountError::Hash)?;
        Ok(self.store.put_user(name, hash).await?)
    }

    /// Issues a service token that lives `seconds` for an existing user.
    ///
    /// # Errors
    /// [`AccountError`]; [`StoreError::Missing`] if there is no such user.
    pub async fn issue_service_token(&self, user: &str, seconds: u64) -> Result<NewToken, AccountError> {
        self.issue(user, TokenKind::Service, token::new_grant().ok_or(AccountError::Random)?, seconds).await
    }

    /// Checks name and password.
    ///
    /// # Errors
    /// [`LoginRefusal`].
    pub async fn login(&self, name: &str, password: Zeroizing<String>) -> Result<(), LoginRefusal> {
        let now = self.clock.unix_seconds();
        if name.len() > MAX_TEXT || password.len() > MAX_TEXT {
            return Err(LoginRefusal::Wrong);
        }
        if self.failures.is_closed(name, now) {
            return Err(LoginRefusal::Busy);
        }
        let _permit = self.checks.try_acquire().map_err(|_| LoginRefusal::Busy)?;
        let known = self.store.user(name).await?;
        match password::verify(password, known).await {
            Some(true) => Ok(()),
            Some(false) => {
                self.failures.count(name, now);
                Err(LoginRefusal::Wrong)
            }
            None => Err(LoginRefusal::Hash),
        }
    }

    /// A service token, and with `remember` a refresh token of the same grant, for a user who has logged in.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn grant(
        &self,
        user: &str,
        remember: bool,
    ) -> Result<(NewToken, Option<NewToken>), AccountError> {
        let grant = token::new_grant().ok_or(AccountError::Random)?;
        let access = self.issue(user, TokenKind::Service, grant, self.limits.access_token_seconds).await?;
        let refresh = if remember {
            Some(self.issue(user, TokenKind::Refresh, grant, self.limits.refresh_token_seconds).await?)
        } else {
            None
        };
        Ok((access, refresh))
    }

    /// A new service token of the grant of a live refresh token.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn renew(&self, refresh: &StoredToken) -> Result<NewToken, AccountError> {
        self.issue(&refresh.user, TokenKind::Service, refresh.grant, self.limits.access_token_seconds).await
    }

    /// The live token behind a text, of this kind.
    ///
    /// # Errors
    /// [`TokenRefusal`].
    pub async fn authenticate(&self, text: &str, kind: TokenKind) -> Result<StoredToken, TokenRefusal> {
        let found = self.find(text).await?.filter(|t| t.kind == kind).ok_or(TokenRefusal::Unknown)?;
        if found.revoked || self.clock.unix_seconds() >= found.expires {
            return Err(TokenRefusal::Expired);
        }
        Ok(found)
    }

    /// Revokes a token of `user`; a refresh token with its whole grant. `false` if the user has no such token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke(&self, user: &str, text: &str) -> Result<bool, StoreError> {
        let found = self.find(text).await?;
        match found.filter(|t| t.user == user) {
            Some(token) => self.store.revoke_token(&token).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Looked up by digest: an index on the digest of a secret tells nothing about the secret.
    async fn find(&self, text: &str) -> Result<Option<StoredToken>, StoreError> {
        match token::digest_of(text) {
            Some(digest) => self.store.token(&digest).await,
            None => Ok(None),
        }
    }

    async fn issue(
        &self,
        user: &str,
        kind: TokenKind,
        grant: [u8; 16],
        seconds: u64,
    ) -> Result<NewToken, AccountError> {
        let new = NewToken::random(seconds).ok_or(AccountError::Random)?;
        let now = self.clock.unix_seconds();
        let stored = StoredToken {
            digest: new.digest(),
            user: user.to_owned(),
            kind,
            grant,
            // The store's numbers end at 2^63 - 1.
            expires: now.saturating_add(seconds).min(i64::MAX as u64),
            revoked: false,
        };
        self.store.put_token(stored, now).await?;
        Ok(new)
    }
}
