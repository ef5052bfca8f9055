SELECT count() > 0 FROM system.processes WHERE query_id = {query_id:String}
