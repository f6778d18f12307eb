//! Place: SSA. The catalogue of credentials.

use super::StoreError;
use crate::store::{CatalogueEntry, KeyStatus, Scal, SicClass};
use fuin_shared::algorithm::KeyAlgorithm;
use fuin_shared::codec;
use fuin_shared::ids::CredentialId;
use fuin_shared::sad::MeansProfile;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

/// Names in the database. They never change, whatever the wire calls things.
const ALGORITHMS: [(KeyAlgorithm, &str); 2] =
    [(KeyAlgorithm::EcdsaP256, "ecdsa-p256"), (KeyAlgorithm::EcdsaP384, "ecdsa-p384")];
const MEANS: [(MeansProfile, &str); 5] = [
    (MeansProfile::Passkey, "passkey"),
    (MeansProfile::DeviceKey, "device-key"),
    (MeansProfile::X509, "x509"),
    (MeansProfile::Oidc, "oidc"),
    (MeansProfile::PinTotp, "pin-totp"),
];

fn name_of<T: PartialEq>(
    table: &[(T, &'static str)],
    value: &T,
    what: &'static str,
) -> Result<&'static str, StoreError> {
    table.iter().find(|(known, _)| known == value).map(|(_, name)| *name).ok_or(StoreError::Value(what))
}

fn named<T: Copy>(table: &[(T, &str)], name: &str, what: &'static str) -> Result<T, StoreError> {
    table.iter().find(|(_, known)| *known == name).map(|(value, _)| *value).ok_or(StoreError::Value(what))
}

fn entry(row: &SqliteRow) -> Result<CatalogueEntry, StoreError> {
    let id: String = row.try_get("credential_id")?;
    let certificates: Vec<u8> = row.try_get("certificates")?;
    Ok(CatalogueEntry {
        id: CredentialId::new(id).map_err(|_| StoreError::Value("credential_id"))?,
        owner: row.try_get("owner")?,
        description: row.try_get("description")?,
        certificates: codec::decode(&certificates).map_err(|_| StoreError::Value("certificates"))?,
        key_algorithm: named(&ALGORITHMS, row.try_get("key_algorithm")?, "key_algorithm")?,
        multisign: row.try_get("multisign")?,
        scal: Scal::from_text(row.try_get("scal")?).ok_or(StoreError::Value("scal"))?,
        means: named(&MEANS, row.try_get("means")?, "means")?,
        sic: SicClass::from_text(row.try_get("sic")?).ok_or(StoreError::Value("sic"))?,
        status: KeyStatus::from_text(row.try_get("status")?).ok_or(StoreError::Value("status"))?,
    })
}

/// See [`crate::store::Store::credential`].
pub(super) async fn get(pool: &SqlitePool, id: &CredentialId) -> Result<Option<CatalogueEntry>, StoreError> {
    let row = sqlx::query("SELECT * FROM credentials WHERE credential_id = ?")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(entry).transpose()
}

/// See [`crate::store::Store::credentials_of`].
pub(super) async fn list(
    pool: &SqlitePool,
    owner: &str,
    after: Option<&CredentialId>,
    limit: u32,
) -> Result<Vec<CatalogueEntry>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM credentials WHERE owner = ? AND credential_id > ? ORDER BY credential_id LIMIT ?",
    )
    .bind(owner)
    .bind(after.map_or("", CredentialId::as_str))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(entry).collect()
}

/// See [`crate::store::Store::put_credential`].
pub(super) async fn put(pool: &SqlitePool, entry: CatalogueEntry) -> Result<(), StoreError> {
    if entry.description.as_ref().is_some_and(|text| text.chars().count() > 255) {
        return Err(StoreError::Value("description"));
    }
    let done = sqlx::query(
        "INSERT INTO credentials (credential_id, owner, description, certificates, key_algorithm, multisign, scal, means, sic, status)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (credential_id) DO UPDATE SET owner = excluded.owner, description = excluded.description,
             certificates = excluded.certificates, key_algorithm = excluded.key_algorithm, multisign = excluded.multisign,
             scal = excluded.scal, means = excluded.means, sic = excluded.sic, status = excluded.status",
    )
    .bind(entry.id.as_str())
    .bind(&entry.owner)
    .bind(&entry.description)
    .bind(codec::encode(&entry.certificates))
    .bind(name_of(&ALGORITHMS, &entry.key_algorithm, "key_algorithm")?)
    .bind(entry.multisign)
    .bind(entry.scal.as_str())
    .bind(name_of(&MEANS, &entry.means, "means")?)
    .bind(entry.sic.as_str())
    .bind(entry.status.as_str())
    .execute(pool)
    .await;
    match done {
        Err(sqlx::Error::Database(e)) if e.is_foreign_key_violation() => {
            Err(StoreError::Missing("owner of the credential"))
        }
        Err(sqlx::Error::Database(e)) if e.is_check_violation() => Err(StoreError::Value("multisign")),
        other => Ok(other.map(|_| ())?),
    }
}
