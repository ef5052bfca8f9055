-- Whether an impression was viewable. Where nobody knows, and in other events, there is no value.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS viewable Nullable(Bool) AFTER keyword
