CREATE TABLE {database}.{to} AS {database}.{from}
