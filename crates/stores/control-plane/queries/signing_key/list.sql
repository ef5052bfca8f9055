SELECT kid, pkcs8_sealed, created_at FROM signing_key ORDER BY created_at DESC, kid
