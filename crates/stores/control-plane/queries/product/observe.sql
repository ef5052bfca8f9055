-- In the order of the ids, so that two writers cannot deadlock.
INSERT INTO product (client_id, product_id, brand, category, first_seen)
SELECT DISTINCT ON (product_id) $1, product_id, brand, category, first_seen
FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[])
    AS seen (product_id, brand, category, first_seen)
ORDER BY product_id
ON CONFLICT (client_id, product_id) DO UPDATE
    SET brand = coalesce(excluded.brand, product.brand),
        category = coalesce(excluded.category, product.category)
    WHERE (product.brand, product.category)
        IS DISTINCT FROM (coalesce(excluded.brand, product.brand),
                          coalesce(excluded.category, product.category))
