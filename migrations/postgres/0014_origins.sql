-- Whose pages may read a tenant's answers, as browsers send them in `Origin`: scheme://host[:port].
ALTER TABLE tenant ADD COLUMN origins text[] NOT NULL DEFAULT '{}'
    CHECK (cardinality(origins) <= 50 AND array_position(origins, NULL) IS NULL);
