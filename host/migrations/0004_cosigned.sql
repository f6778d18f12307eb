-- Checkpoints with the cosignatures of a quorum of witnesses, by the size that they cover.
CREATE TABLE ledger_cosigned (
    size INTEGER PRIMARY KEY REFERENCES ledger_checkpoints (size),
    note TEXT    NOT NULL
) STRICT;
