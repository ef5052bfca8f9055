//! What each login may not do, whatever a statement says. The rights themselves are in `queries/privileges.sql`; all
//! other tests work under them.

use sqlx::{PgPool, Postgres, Transaction};

use crate::fixture::Platform;

/// How PostgreSQL refuses a statement for which the login lacks the right. A trigger refuses with the same code.
const REFUSALS: [&str; 2] = ["permission denied", "must be owner"];

const PRIVILEGES: &str = include_str!("../../queries/privileges.sql");

/// What a login of a service is never allowed.
const OWNERS: [&str; 9] = [
    "ALTER TABLE tenant NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE audit_log DISABLE TRIGGER append_only",
    "CREATE TABLE own (id bigint)",
    "DROP TABLE lease",
    "TRUNCATE audit_log",
    "UPDATE audit_log SET actor = 'nobody'",
    "DELETE FROM audit_log",
    "INSERT INTO audit_chain (number, audit_id, hash) VALUES (9000, 9000, sha256(''))",
    "SET SESSION AUTHORIZATION footfall",
];

const TENANTS: [&str; 17] = [
    "UPDATE tenant SET events_per_second = 1000000",
    "UPDATE tenant SET state = 'active'",
    "UPDATE tenant SET retention_days = 1",
    "INSERT INTO placement (client_id, route_version, isolation, cluster) VALUES ('acme', 9, 'shared', 'shared')",
    "SELECT FROM cluster",
    "SELECT FROM signing_key",
    "SELECT FROM data_key",
    "SELECT FROM tenant_move",
    "SELECT FROM offboarding",
    "SELECT FROM batch",
    "SELECT FROM archived",
    "SELECT FROM tenant_route",
    "UPDATE lease SET epoch = epoch + 1",
    "DELETE FROM lease",
    "SELECT erase_tenant('globex', 10)",
    "SELECT lock_leases()",
    "SET ROLE footfall_platform",
];

const PLATFORMS: [&str; 7] = [
    "UPDATE lease SET epoch = epoch + 1",
    "DELETE FROM batch",
    "INSERT INTO log_generation (kgen, topic, topic_id, partitions) VALUES (9, 'x', 'x', 1)",
    "DELETE FROM archived",
    "UPDATE audit_look SET looked_at = now()",
    "DELETE FROM owed_rebuild",
    "SET ROLE footfall_ledger",
];

const LEDGERS: [&str; 9] = [
    "SELECT FROM tenant",
    "SELECT FROM app_user",
    "SELECT FROM api_key",
    "SELECT FROM cluster",
    "SELECT FROM audit_log",
    "SELECT FROM person_key",
    "SELECT FROM data_key",
    "UPDATE tenant_route SET route_version = route_version + 1",
    "SELECT lock_leases()",
];

/// Begins a transaction that says all there is to say: that it is acme's, and the platform's.
async fn begin(login: &PgPool) -> Transaction<'static, Postgres> {
    let mut transaction = login.begin().await.unwrap();
    sqlx::query(
        "SELECT set_config('footfall.client_id', 'acme', true), set_config('footfall.platform', 'on', true)",
    )
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction
}

#[tokio::test]
async fn each_login_is_refused_what_is_not_its_work() {
    let platform = Platform::new().await;
    for (name, others) in
        [("tenant", &TENANTS[..]), ("platform", &PLATFORMS[..]), ("ledger", &LEDGERS[..])]
    {
        let login = platform.database.login(name).await;
        for statement in OWNERS.iter().chain(others) {
            let mut transaction = begin(&login).await;
            let answer = sqlx::raw_sql(*statement).execute(&mut *transaction).await;
            let refusal = answer.as_ref().err().and_then(|error| error.as_database_error());
            let is_refused = refusal.is_some_and(|refusal| {
                REFUSALS.iter().any(|start| refusal.message().starts_with(start))
            });
            assert!(is_refused, "{name}: {statement}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_tenants_login_is_not_the_platform_whatever_it_says() {
    let platform = Platform::new().await;
    for (name, seen) in [("tenant", vec!["acme"]), ("platform", vec!["acme", "globex"])] {
        let login = platform.database.login(name).await;
        let mut transaction = begin(&login).await;
        let found: Vec<String> =
            sqlx::query_scalar("SELECT client_id::text FROM tenant ORDER BY client_id")
                .fetch_all(&mut *transaction)
                .await
                .unwrap();
        assert_eq!(found, seen);
    }
}

#[tokio::test]
async fn an_entry_of_the_audit_log_has_a_link_of_the_chain_whichever_login_adds_it() {
    let platform = Platform::new().await;
    let count = async |sql: &'static str| -> i64 {
        let mut transaction = begin(&platform.database.raw().await).await;
        sqlx::query_scalar(sql).fetch_one(&mut *transaction).await.unwrap()
    };
    let links = "SELECT count(*) FROM audit_chain JOIN audit_log USING (audit_id)";
    let before = count(links).await;
    for login in ["tenant", "platform"] {
        let mut transaction = begin(&platform.database.login(login).await).await;
        sqlx::query(
            "INSERT INTO audit_log (actor, action, client_id, subject)
             VALUES ('user:1', 'test', 'acme', 'acme')",
        )
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction.commit().await.unwrap();
    }
    assert_eq!(count(links).await, before + 2);
}

#[tokio::test]
async fn every_table_has_a_row_in_the_list_of_privileges() {
    let platform = Platform::new().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace = 'public'::regnamespace
           AND relname <> '_sqlx_migrations'",
    )
    .fetch_all(&platform.database.raw().await)
    .await
    .unwrap();
    let unlisted: Vec<_> =
        tables.iter().filter(|table| !PRIVILEGES.contains(&format!("    ('{table}',"))).collect();
    assert!(
        unlisted.is_empty(),
        "say in crates/stores/control-plane/queries/privileges.sql who may do what with {unlisted:?}"
    );
    let listed = PRIVILEGES.lines().filter(|line| line.starts_with("    ('")).count();
    assert_eq!(listed, tables.len(), "the list names a table that is gone, or one twice");
}

#[tokio::test]
async fn a_right_that_is_not_listed_is_taken_away_by_the_next_migration() {
    let platform = Platform::new().await;
    let owner = platform.database.raw().await;
    sqlx::query("GRANT UPDATE ON tenant TO footfall_tenant").execute(&owner).await.unwrap();
    let may_update = "SELECT has_table_privilege('footfall_tenant', 'tenant', 'UPDATE')";
    assert!(sqlx::query_scalar::<_, bool>(may_update).fetch_one(&owner).await.unwrap());
    platform.control_plane.migrate().await.unwrap();
    assert!(!sqlx::query_scalar::<_, bool>(may_update).fetch_one(&owner).await.unwrap());
}
