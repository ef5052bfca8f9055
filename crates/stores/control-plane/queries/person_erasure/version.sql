-- Another one as soon as the list of erased persons is another one.
SELECT count(*), max(asked_at) FROM person_erasure
