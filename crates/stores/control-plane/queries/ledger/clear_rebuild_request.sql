DELETE FROM owed_rebuild WHERE debt = $1
