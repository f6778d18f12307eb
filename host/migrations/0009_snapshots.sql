-- Snapshot events of the ledger by how many entries they sum up, and for the newest of them that is made the roots of the perfect
-- subtrees of these entries and the state in pieces. It can be made anew from the entries.
CREATE TABLE snapshots (
    size INTEGER PRIMARY KEY NOT NULL REFERENCES ledger_entries (entry_index),
    peaks BLOB,
    parts BLOB,
    CHECK ((peaks IS NULL) = (parts IS NULL))
) STRICT;
