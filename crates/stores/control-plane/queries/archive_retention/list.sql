SELECT client_id, erased_until FROM archive_retention
