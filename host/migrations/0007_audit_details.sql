-- What auditors alone can open of an entry, sealed by the enclave. The entry has its hash.
CREATE TABLE audit_details (
    entry_index INTEGER PRIMARY KEY REFERENCES ledger_entries (entry_index),
    sealed      BLOB    NOT NULL
) STRICT;
