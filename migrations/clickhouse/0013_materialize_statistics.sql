-- Parts that were there before get them as well, in the background.
ALTER TABLE events
    MATERIALIZE STATISTICS IF EXISTS event_time
