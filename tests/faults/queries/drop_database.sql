-- A tenant's own database, when nobody needs its rows any more.
DROP DATABASE IF EXISTS {database:Identifier} SYNC
