-- By default, merges also estimate how many values each column has. That is for choosing the order of joins, of which
-- reports have none, and would cost every merge time.
ALTER TABLE events
    MODIFY SETTING auto_statistics_types = ''
