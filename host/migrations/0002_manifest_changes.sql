-- Manifests that the ledger adopted after the first one, with the officers' approvals, in CBOR: every boot is given them in
-- their order. `manifests` keeps the first one and, for people, the newest.
CREATE TABLE manifest_changes (
    number INTEGER PRIMARY KEY CHECK (number > 0),
    octets BLOB    NOT NULL
) STRICT;
