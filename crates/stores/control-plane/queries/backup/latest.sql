SELECT store, copied_at FROM backup
