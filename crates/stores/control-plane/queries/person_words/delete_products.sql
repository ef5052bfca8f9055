DELETE FROM product WHERE client_id = $1 AND product_id = ANY($2)
