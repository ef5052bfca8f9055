DROP TABLE {database}.{to} SYNC
