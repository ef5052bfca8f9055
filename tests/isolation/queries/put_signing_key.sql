UPDATE signing_key SET pkcs8_sealed = $2 WHERE kid::text = $1
