SELECT debt FROM owed_rebuild
