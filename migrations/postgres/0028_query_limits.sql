-- What a single statement of a tenant's reports may take. The previous build leaves them out.
ALTER TABLE tenant
    ADD COLUMN query_seconds integer NOT NULL DEFAULT 30 CHECK (query_seconds BETWEEN 1 AND 30),
    ADD COLUMN query_memory_mib integer NOT NULL DEFAULT 1900
        CHECK (query_memory_mib BETWEEN 1 AND 1048576),
    ADD COLUMN query_rows bigint NOT NULL DEFAULT 1000000000 CHECK (query_rows > 0);
