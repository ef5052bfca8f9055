INSERT INTO schema_migration (version, checksum)
SELECT {version:UInt32}, {checksum:String}
