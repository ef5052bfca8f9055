-- That rows may have been put right which live counters were built from. It is written before they
-- are, and goes once a rebuild was asked for after that; so no crash in between forgets it.
CREATE TABLE owed_rebuild (
    is_owed boolean PRIMARY KEY DEFAULT true CHECK (is_owed),
    -- Another each time: whoever pays one debt leaves those that came later.
    debt    uuid NOT NULL DEFAULT gen_random_uuid()
);
