-- Erasures of persons begin by one clock.

-- When a process first saw the erasure, by the clock of PostgreSQL: every list of erased persons that is read later
-- has it. It was asked for a moment earlier, by the clock of an api.
ALTER TABLE person_erasure ADD COLUMN seen_at timestamptz;
