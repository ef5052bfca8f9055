-- Triggers and policies as the migrations made them: each table that has policies forces them.
DO $$
DECLARE
    own record;
BEGIN
    FOR own IN
        SELECT relname, relrowsecurity FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '_sqlx_migrations'
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', own.relname);
        IF own.relrowsecurity THEN
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', own.relname);
        END IF;
    END LOOP;
END $$
