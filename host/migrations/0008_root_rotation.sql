-- Entry of the ledger by which another root key took over, while records are still sealed under the one before.
CREATE TABLE root_rotation (
    entry_index INTEGER PRIMARY KEY NOT NULL REFERENCES ledger_entries (entry_index)
) STRICT;
