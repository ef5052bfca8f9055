SELECT erase_tenant($1, $2)
