INSERT INTO rejected_events FORMAT Native
