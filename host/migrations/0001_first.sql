-- The ledger. `entry_index` counts from 0 without gaps; `leaf_hash` is RFC 6962's.
CREATE TABLE ledger_entries (
    entry_index INTEGER PRIMARY KEY CHECK (entry_index >= 0),
    entry       BLOB    NOT NULL,
    leaf_hash   BLOB    NOT NULL CHECK (length(leaf_hash) = 32)
) STRICT;

-- Where the ledger binds a key statement, by the statement's digest.
CREATE TABLE key_statements (
    digest      BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    entry_index INTEGER NOT NULL REFERENCES ledger_entries (entry_index)
) STRICT, WITHOUT ROWID;

-- Each commit's signed checkpoint, by the size that it covers.
CREATE TABLE ledger_checkpoints (
    size INTEGER PRIMARY KEY CHECK (size > 0),
    note TEXT    NOT NULL
) STRICT;

-- Records that only the enclave can open.
CREATE TABLE sealed_records (
    record_id TEXT    PRIMARY KEY,
    version   INTEGER NOT NULL CHECK (version > 0),
    body      BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- The host's own data.
CREATE TABLE users (
    name     TEXT PRIMARY KEY,
    password TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    digest   BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    user     TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    kind     TEXT    NOT NULL CHECK (kind IN ('service', 'refresh')),
    grant_id BLOB    NOT NULL CHECK (length(grant_id) = 16),
    expires  INTEGER NOT NULL,
    revoked  INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_grant ON tokens (grant_id);
CREATE INDEX tokens_by_expiry ON tokens (expires);

CREATE TABLE credentials (
    credential_id TEXT    PRIMARY KEY,
    owner         TEXT    NOT NULL REFERENCES users (name),
    description   TEXT,
    certificates  BLOB    NOT NULL,
    key_algorithm TEXT    NOT NULL,
    multisign     INTEGER NOT NULL CHECK (multisign > 0),
    scal          TEXT    NOT NULL CHECK (scal IN ('1', '2')),
    means         TEXT    NOT NULL,
    status        TEXT    NOT NULL CHECK (status IN ('enabled', 'disabled'))
) STRICT, WITHOUT ROWID;
CREATE INDEX credentials_by_owner ON credentials (owner, credential_id);

-- The service's manifests, signed, in CBOR.
CREATE TABLE manifests (
    role  TEXT PRIMARY KEY CHECK (role IN ('first', 'current')),
    octets BLOB NOT NULL
) STRICT, WITHOUT ROWID;
