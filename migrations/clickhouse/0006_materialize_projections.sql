-- Rows that were there before get the rollups as well, in the background. Until then they are read.
ALTER TABLE events
    MATERIALIZE PROJECTION IF EXISTS campaign_quarters,
    MATERIALIZE PROJECTION IF EXISTS product_quarters,
    MATERIALIZE PROJECTION IF EXISTS source_quarters
