-- A zombie that sends later than this many inserts is no longer recognised by its token.
ALTER TABLE {database:Identifier}.events MODIFY SETTING non_replicated_deduplication_window = {tokens:UInt32}
