-- Logins of the services beside the role that owns the tables: footfall_platform, footfall_tenant, footfall_ledger.
-- What each may do with each table is in crates/stores/control-plane/queries/privileges.sql, which every migration
-- applies. See docs/adr/0063. Where they do not exist, the owner does everything as before.

-- Anybody may say that a transaction is the platform's. A tenant's login is not believed.
CREATE OR REPLACE FUNCTION is_platform() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('footfall.platform', true), '') = 'on' AND current_user <> 'footfall_tenant';

-- The owner writes the chain, so that a login that adds to the audit log cannot write its hashes.
ALTER FUNCTION chain_audit_entry() SECURITY DEFINER SET search_path = public, pg_temp;

-- Until the end of the transaction, no processor plans or advances: a change of a route needs that. A lock of a table
-- asks for the right to write it, and the platform may only read this one.
CREATE FUNCTION lock_leases() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE lease IN EXCLUSIVE MODE;
END $$;
REVOKE EXECUTE ON FUNCTION lock_leases() FROM PUBLIC;
