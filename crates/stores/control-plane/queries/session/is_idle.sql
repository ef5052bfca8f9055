-- Whether no transaction is open. Only true of a statement that is sent alone, in the simple protocol: the
-- transaction of such a statement begins with it.
SELECT now() = statement_timestamp()
