-- What each login may do with each table. A login that does not exist is left out, and the owner of the tables may do
-- everything. A new table needs a row here. `footfall migrate` applies this file each time, so privileges that are not
-- in it are taken away.
DO $$
DECLARE
    -- What the platform does with every table that is not kept from it.
    any_row text := 'SELECT, INSERT, UPDATE, DELETE';
    own     record;
    login   text;
    rights  text;
BEGIN
    -- Two processes cannot grant at once. Other numbers lock the audit log's chain and the work of processors.
    PERFORM pg_advisory_xact_lock(13);
    FOR own IN SELECT * FROM (VALUES
    -- table                 platform          tenant                                         ledger
    ('advertiser',           any_row,          'SELECT, INSERT, UPDATE',                      ''),
    ('annotation',           any_row,          any_row,                                       ''),
    ('api_key',              any_row,          'SELECT, INSERT, UPDATE',                      ''),
    ('app_user',             any_row,          any_row,                                       ''),
    ('archive_retention',    any_row,          '',                                            ''),
    ('archived',             'SELECT',         '',                                            'SELECT, INSERT, UPDATE'),
    -- A trigger of its owner writes the chain.
    ('audit_chain',          'SELECT',         '',                                            ''),
    ('audit_log',            'SELECT, INSERT', 'SELECT, INSERT',                              ''),
    ('audit_look',           'SELECT',         '',                                            'SELECT, INSERT, UPDATE'),
    ('backup',               any_row,          '',                                            ''),
    ('batch',                'SELECT',         '',                                            any_row),
    ('campaign',             any_row,          'SELECT, INSERT, UPDATE',                      ''),
    ('cluster',              any_row,          '',                                            ''),
    ('data_key',             any_row,          '',                                            ''),
    ('data_version',         any_row,          'SELECT',                                      ''),
    ('declared_dimension',   any_row,          any_row,                                       ''),
    ('erased_person',        any_row,          'SELECT, INSERT',                              ''),
    ('invitation',           any_row,          'SELECT, INSERT, UPDATE',                      ''),
    ('kept_cohort',          any_row,          any_row,                                       ''),
    -- How far processors are decides which store answers; no row is about a tenant.
    ('lease',                'SELECT',         'SELECT',                                      'SELECT, INSERT, UPDATE'),
    ('log_generation',       'SELECT',         'SELECT',                                      'SELECT, INSERT, UPDATE'),
    ('offboarding',          any_row,          '',                                            ''),
    ('offboarding_step',     any_row,          '',                                            ''),
    ('owed_rebuild',         'SELECT',         '',                                            any_row),
    ('parked_hour',          any_row,          'SELECT',                                      ''),
    ('parked_log',           any_row,          'SELECT',                                      ''),
    ('parked_order',         any_row,          'SELECT, INSERT',                              ''),
    ('person_erasure',       any_row,          'SELECT, INSERT',                              ''),
    ('person_erasure_step',  any_row,          'SELECT',                                      ''),
    -- A trigger counts the erasures.
    ('person_key',           any_row,          'SELECT, INSERT, UPDATE (erasures)',           ''),
    ('placement',            any_row,          'SELECT',                                      ''),
    ('product',              any_row,          'SELECT, INSERT, UPDATE',                      ''),
    ('recovery_code',        any_row,          '',                                            ''),
    ('refresh_family',       any_row,          'SELECT, UPDATE',                              ''),
    ('refresh_token',        any_row,          'SELECT',                                      ''),
    ('replay',               any_row,          'SELECT, INSERT, UPDATE',                      ''),
    ('report_job',           any_row,          'SELECT, INSERT, UPDATE',                      ''),
    ('report_schedule',      any_row,          any_row,                                       ''),
    ('saved_report',         any_row,          any_row,                                       ''),
    ('second_factor',        any_row,          'SELECT, DELETE',                              ''),
    ('signing_key',          any_row,          '',                                            ''),
    -- Its limits, state and retention are the platform's.
    ('tenant',               any_row,          'SELECT, UPDATE (owners_need_second_factor)',  ''),
    ('tenant_move',          any_row,          '',                                            ''),
    ('tenant_move_step',     any_row,          '',                                            ''),
    ('tenant_route',         any_row,          '',                                            'SELECT'),
    ('usage_count',          any_row,          'SELECT',                                      '')
    ) AS listed (name, footfall_platform, footfall_tenant, footfall_ledger)
    LOOP
        FOR login, rights IN SELECT * FROM (VALUES
            ('footfall_platform', own.footfall_platform),
            ('footfall_tenant', own.footfall_tenant),
            ('footfall_ledger', own.footfall_ledger)
        ) AS given (login, rights)
        WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = given.login)
        LOOP
            EXECUTE format('REVOKE ALL ON %I FROM %I', own.name, login);
            IF rights <> '' THEN
                EXECUTE format('GRANT %s ON %I TO %I', rights, own.name, login);
            END IF;
        END LOOP;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'footfall_platform') THEN
        GRANT EXECUTE ON FUNCTION lock_leases() TO footfall_platform;
    END IF;
END $$
