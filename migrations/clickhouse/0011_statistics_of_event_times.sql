-- The least and the latest time of the events in each part. Partitions are days of the log, so without these a
-- question about a day of events opens the rollups of every day that is stored. An insert saves the time to compute
-- them. The first merge of its part adds them, and until then the part is read.
ALTER TABLE events
    ADD STATISTICS IF NOT EXISTS event_time TYPE minmax
