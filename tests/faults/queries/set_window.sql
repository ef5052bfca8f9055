-- The server recognises the token of a late insert only within this number of later inserts.
ALTER TABLE {database:Identifier}.events MODIFY SETTING non_replicated_deduplication_window = {tokens:UInt32}
