-- The product of which the row's own is a variant. Rows that were there before have none.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS parent_sku String AFTER product_id
