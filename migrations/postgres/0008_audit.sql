-- When each look of the audit was last taken to its end, by whichever process.
CREATE TABLE audit_look (
    look      text PRIMARY KEY,
    looked_at timestamptz NOT NULL
);
