//! Place: SSA. Users and digests of tokens.

use super::{StoreError, from_sql, to_sql};
use crate::store::{StoredToken, TokenKind};
use fuin_shared::ids::Digest32;
use sqlx::{Row, SqlitePool};

/// How long an expired token is remembered, so that its holder is told that it expired: seconds.
const REMEMBERED: u64 = 24 * 3600;

/// See [`crate::store::Store::user`].
pub(super) async fn user(pool: &SqlitePool, name: &str) -> Result<Option<String>, StoreError> {
    let row =
        sqlx::query("SELECT password FROM users WHERE name = ?").bind(name).fetch_optional(pool).await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// See [`crate::store::Store::put_user`].
pub(super) async fn put_user(pool: &SqlitePool, name: &str, password: String) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO users (name, password) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET password = excluded.password")
        .bind(name)
        .bind(password)
        .execute(pool)
        .await?;
    Ok(())
}

/// See [`crate::store::Store::put_token`].
pub(super) async fn put_token(pool: &SqlitePool, token: StoredToken, now: u64) -> Result<(), StoreError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("DELETE FROM tokens WHERE expires < ?")
        .bind(to_sql(now.saturating_sub(REMEMBERED), "expires")?)
        .execute(&mut *transaction)
        .await?;
    let done = sqlx::query(
        "INSERT INTO tokens (digest, user, kind, grant_id, expires, revoked) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(token.digest.0.as_slice())
    .bind(&token.user)
    .bind(token.kind.as_str())
    .bind(token.grant.as_slice())
    .bind(to_sql(token.expires, "expires")?)
    .bind(token.revoked)
    .execute(&mut *transaction)
    .await;
    match done {
        Err(sqlx::Error::Database(e)) if e.is_foreign_key_violation() => {
            return Err(StoreError::Missing("user of the token"));
        }
        other => other?,
    };
    transaction.commit().await?;
    Ok(())
}

/// See [`crate::store::Store::token`].
pub(super) async fn token(pool: &SqlitePool, digest: &Digest32) -> Result<Option<StoredToken>, StoreError> {
    let row = sqlx::query("SELECT user, kind, grant_id, expires, revoked FROM tokens WHERE digest = ?")
        .bind(digest.0.as_slice())
        .fetch_optional(pool)
        .await?;
    row.map(|row| {
        let grant: Vec<u8> = row.try_get("grant_id")?;
        Ok(StoredToken {
            digest: *digest,
            user: row.try_get("user")?,
            kind: TokenKind::from_text(row.try_get("kind")?).ok_or(StoreError::Value("kind"))?,
            grant: grant.try_into().map_err(|_| StoreError::Value("grant_id"))?,
            expires: from_sql(row.try_get("expires")?, "expires")?,
            revoked: row.try_get("revoked")?,
        })
    })
    .transpose()
}

/// See [`crate::store::Store::revoke_token`].
pub(super) async fn revoke(pool: &SqlitePool, token: &StoredToken) -> Result<(), StoreError> {
    let query = match token.kind {
        TokenKind::Service => {
            sqlx::query("UPDATE tokens SET revoked = 1 WHERE digest = ?").bind(token.digest.0.as_slice())
        }
        TokenKind::Refresh => {
            sqlx::query("UPDATE tokens SET revoked = 1 WHERE grant_id = ?").bind(token.grant.as_slice())
        }
    };
    query.execute(pool).await?;
    Ok(())
}
