//! Place: SSA. The service's manifests, which every boot of the enclave is given.

use super::StoreError;
use crate::store::Manifests;
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use fuin_shared::manifest::ManifestChange;
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
        keep(&mut transaction, role, octets.as_slice()).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn keep(connection: &mut SqliteConnection, role: &str, octets: &[u8]) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO manifests (role, octets) VALUES (?, ?) ON CONFLICT (role) DO UPDATE SET octets = excluded.octets")
        .bind(role)
        .bind(octets)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps a manifest that the ledger adopts, in the transaction of its event.
pub(super) async fn adopt(
    connection: &mut SqliteConnection,
    change: &ManifestChange,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO manifest_changes (number, octets)
         SELECT coalesce(max(number), 0) + 1, ? FROM manifest_changes",
    )
    .bind(codec::encode(change))
    .execute(&mut *connection)
    .await?;
    keep(connection, "current", &codec::encode(&change.as_signed())).await
}

/// See [`crate::store::Store::manifest_changes`].
pub(super) async fn changes(pool: &SqlitePool) -> Result<Vec<ManifestChange>, StoreError> {
    let rows = sqlx::query("SELECT octets FROM manifest_changes ORDER BY number").fetch_all(pool).await?;
    rows.iter()
        .map(|row| {
            let octets: Vec<u8> = row.try_get(0)?;
            codec::decode(&octets).map_err(|_| StoreError::Value("manifest_changes"))
        })
        .collect()
}
