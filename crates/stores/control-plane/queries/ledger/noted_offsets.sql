SELECT kgen, partition, next_offset FROM lease WHERE consumer_group = $1
