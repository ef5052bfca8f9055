INSERT INTO kept_rollups FORMAT Native
