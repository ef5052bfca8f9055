use std::time::{Duration, Instant};

use auth::{CredentialStore, Role};
use control_plane::{ControlPlane, TenantSpec};
use lifecycle::Lifecycle;
use tenancy::{OriginDirectory, TenantDirectory, TenantState};
use testkit::{eventually, postgres_at};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::fixture::{Platform, id, spec};

/// Within this time a change is promised to count in every process.
const PROMISED: Duration = Duration::from_secs(5);

/// What is not promised may take longer. A process that does not learn of a change uses what it knows for a
/// minute.
const UNHURRIED: Duration = Duration::from_secs(20);

async fn within(time: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < time, "not within {time:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_suspension_reaches_the_cache_of_every_process_within_five_seconds() {
    let platform = Platform::new().await;
    let elsewhere = platform.database.control_plane().await;
    let lifecycle = Lifecycle::new();
    elsewhere.listen(&lifecycle);
    let version = elsewhere.find(&id("acme")).await.unwrap().unwrap().token_version;

    assert!(platform.admin().suspend_tenant(&id("acme"), "unpaid").await.unwrap());
    within(PROMISED, "suspended", async || {
        let tenant = elsewhere.find(&id("acme")).await.unwrap().unwrap();
        tenant.state == TenantState::Suspended && tenant.token_version == version + 1
    })
    .await;
    lifecycle.stop().await.unwrap();
}

#[tokio::test]
async fn a_disabled_user_is_refused_by_every_process_within_five_seconds() {
    let platform = Platform::new().await;
    let elsewhere = platform.database.control_plane().await;
    let lifecycle = Lifecycle::new();
    elsewhere.listen(&lifecycle);
    let acme = id("acme");
    let user = platform.user("acme", "ann@acme.example", Role::Analyst).await;
    assert_eq!(elsewhere.user_version(user, Some(&acme)).await.unwrap(), Some(1));

    assert!(platform.tenant("acme").await.disable_user("test", user).await.unwrap());
    within(PROMISED, "disabled", async || {
        elsewhere.user_version(user, Some(&acme)).await.unwrap().is_none()
    })
    .await;
    lifecycle.stop().await.unwrap();
}

#[tokio::test]
async fn a_change_of_role_invalidates_the_older_tokens_of_that_user_only() {
    let platform = Platform::new().await;
    let [changed, other] = ["ann@acme.example", "ben@acme.example"];
    let changed = platform.user("acme", changed, Role::Analyst).await;
    let other = platform.user("acme", other, Role::Analyst).await;
    let mut transaction = platform.database.raw().await.begin().await.unwrap();
    for statement in [
        "SET LOCAL footfall.platform = 'on'",
        "UPDATE app_user SET role = 'owner' WHERE email = 'ann@acme.example'",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let store = &platform.control_plane;
    let acme = id("acme");
    assert_eq!(store.user_version(changed, Some(&acme)).await.unwrap(), Some(2));
    assert_eq!(store.user_version(other, Some(&acme)).await.unwrap(), Some(1));
}

#[tokio::test]
async fn the_listener_survives_the_loss_of_its_connection() {
    let platform = Platform::new().await;
    let elsewhere = platform.database.control_plane().await;
    let lifecycle = Lifecycle::new();
    elsewhere.listen(&lifecycle);
    elsewhere.find(&id("acme")).await.unwrap().unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let raw = platform.database.raw().await;
    eventually("a listener is there to be cut", async || {
        (sqlx::query(cut).fetch_all(&raw).await.unwrap().len() == 1).then_some(())
    })
    .await;

    assert!(platform.admin().suspend_tenant(&id("acme"), "unpaid").await.unwrap());
    within(UNHURRIED, "suspended", async || {
        let tenant = elsewhere.find(&id("acme")).await.unwrap().unwrap();
        tenant.state == TenantState::Suspended
    })
    .await;
    lifecycle.stop().await.unwrap();
}

/// Listens for a proxy of `server`, whose second connection becomes silent when `silent` is set: it stays
/// open, and passes on nothing.
async fn proxy(server: String, silent: watch::Receiver<bool>) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            let is_second = open.len() == 1;
            open.spawn(carry(client, server, silent.clone(), is_second));
        }
    });
    (address, task)
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    mut silent: watch::Receiver<bool>,
    is_second: bool,
) {
    let is_silent = async { silent.wait_for(|silent| *silent && is_second).await.is_ok() };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = is_silent => std::future::pending().await,
    }
}

#[tokio::test]
async fn a_listener_that_receives_nothing_any_more_notices_it() {
    let platform = Platform::new().await;
    let url = platform.database.url();
    let (before, rest) = url.rsplit_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let (silence, silent) = watch::channel(false);
    let (address, _task) = proxy(server.to_owned(), silent).await;
    let url = format!("{before}@{address}/{database}");
    let elsewhere = ControlPlane::connect(&postgres_at(&url, 2)).await.unwrap();
    // The first connection is that of the pool, the second listens.
    elsewhere.find(&id("acme")).await.unwrap().unwrap();
    let lifecycle = Lifecycle::new();
    elsewhere.listen(&lifecycle);
    tokio::time::sleep(Duration::from_secs(1)).await;
    elsewhere.find(&id("acme")).await.unwrap().unwrap();
    silence.send(true).unwrap();
    assert!(platform.admin().suspend_tenant(&id("acme"), "unpaid").await.unwrap());
    let start = Instant::now();
    while elsewhere.find(&id("acme")).await.unwrap().unwrap().state != TenantState::Suspended {
        assert!(start.elapsed() < Duration::from_secs(15), "the change should be noticed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Meanwhile another connection listens: the silent one takes none from the pool.
    let noticed = Instant::now();
    while noticed.elapsed() < Duration::from_secs(3) {
        elsewhere.ping().await.expect("the pool should have a connection");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    lifecycle.stop().await.unwrap();
}

#[tokio::test]
async fn a_change_of_the_listed_origins_reaches_every_process_within_five_seconds() {
    let platform = Platform::new().await;
    let elsewhere = platform.database.control_plane().await;
    let lifecycle = Lifecycle::new();
    elsewhere.listen(&lifecycle);
    assert!(elsewhere.listed_origins().await.unwrap().is_empty());
    for listed in [vec!["https://shop.example"], vec![]] {
        let origins: Vec<_> = listed.iter().map(|text| text.parse().unwrap()).collect();
        let acme = TenantSpec { origins: origins.clone(), ..spec("acme") };
        platform.admin().update_tenant(&acme).await.unwrap();
        within(PROMISED, "listed", async || {
            let tenant = elsewhere.find(&id("acme")).await.unwrap().unwrap();
            let all = elsewhere.listed_origins().await.unwrap();
            *tenant.origins == *origins && all.len() == listed.len()
        })
        .await;
    }
    lifecycle.stop().await.unwrap();
}

#[tokio::test]
async fn an_unknown_tenant_is_unknown() {
    let platform = Platform::new().await;
    assert!(platform.control_plane.find(&id("nobody")).await.unwrap().is_none());
}
