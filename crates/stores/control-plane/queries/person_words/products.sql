SELECT product_id, jsonb_build_array(product_id, brand, category)
FROM product
WHERE client_id = $1 AND ($2::text IS NULL OR product_id > $2)
ORDER BY product_id
LIMIT $3
