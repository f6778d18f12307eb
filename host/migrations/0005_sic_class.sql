-- Who serves the signer's interaction component of a credential.
ALTER TABLE credentials ADD COLUMN sic TEXT NOT NULL DEFAULT 'independent' CHECK (sic IN ('independent', 'served'));
