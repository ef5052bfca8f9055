SELECT extract(epoch FROM now() - min(hour))::float8 FROM parked_hour
