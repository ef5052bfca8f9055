-- Until the end of the transaction, no processor plans or advances. The platform may only read this table.
SELECT lock_leases()
