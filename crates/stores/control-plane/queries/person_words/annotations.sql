SELECT annotation_id::text, to_jsonb(text)
    || to_jsonb(regexp_split_to_array(text, '[\s,;:()"<>]+'))
FROM annotation
WHERE client_id = $1 AND ($2::text IS NULL OR annotation_id > $2::uuid)
ORDER BY annotation_id
LIMIT $3
