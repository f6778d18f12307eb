//! Place: SSA. The service's manifests, which every boot of the enclave is given.

use super::StoreError;
use crate::store::Manifests;
use fuin_shared::bytes::Blob;
use sqlx::{Row, SqliteConnection, SqlitePool};

async fn one(connection: &mut SqliteConnection, role: &str) -> Result<Option<Blob>, StoreError> {
    let row = sqlx::query("SELECT octets FROM manifests WHERE role = ?")
        .bind(role)
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok(Blob(row.try_get(0)?))).transpose()
}

/// See [`crate::store::Store::manifests`].
pub(super) async fn get(pool: &SqlitePool) -> Result<Option<Manifests>, StoreError> {
    let mut transaction = pool.begin().await?;
    let first = one(&mut transaction, "first").await?;
    let current = one(&mut transaction, "current").await?;
    Ok(first.zip(current).map(|(first, current)| Manifests { first, current }))
}

/// See [`crate::store::Store::put_manifests`].
pub(super) async fn put(pool: &SqlitePool, manifests: Manifests) -> Result<(), StoreError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    if one(&mut transaction, "first").await?.is_some_and(|kept| kept != manifests.first) {
        return Err(StoreError::Commit("the first manifest never changes"));
    }
    for (role, octets) in [("first", &manifests.first), ("current", &manifests.current)] {
        sqlx::query("INSERT INTO manifests (role, octets) VALUES (?, ?) ON CONFLICT (role) DO UPDATE SET octets = excluded.octets")
            .bind(role)
            .bind(octets.as_slice())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}
