INSERT INTO schema_migration (version, checksum)
SELECT file.1, file.2
FROM (SELECT arrayJoin(arrayZip({versions:Array(UInt32)}, {checksums:Array(String)})) AS file)
