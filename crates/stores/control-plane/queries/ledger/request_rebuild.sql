INSERT INTO owed_rebuild DEFAULT VALUES
ON CONFLICT (is_owed) DO UPDATE SET debt = excluded.debt
