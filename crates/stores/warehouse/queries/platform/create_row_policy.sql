-- For the whole database: a table that is added later is confined before anybody opens it, and one without
-- `client_id` cannot be read at all. Names are identifiers, which this statement takes no parameters for.
CREATE ROW POLICY IF NOT EXISTS footfall_tenant ON {database}.*
FOR SELECT USING client_id = getSetting('log_comment') TO {reader}
