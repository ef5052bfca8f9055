//! Tests leave nothing behind on the real PostgreSQL.
#![cfg(test)]

use std::{thread, time::Duration};

use sqlx::{Connection, PgConnection};
use testkit::{Database, setting};
use tokio::time::sleep;

async fn exists(name: &str) -> bool {
    let mut server = PgConnection::connect(&setting("FOOTFALL__POSTGRES__URL")).await.unwrap();
    let found = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
    found.bind(name).fetch_one(&mut server).await.unwrap()
}

/// Reconnects like the pools of running services.
#[tokio::main(flavor = "current_thread")]
async fn keep_connecting(url: &str) {
    loop {
        if let Ok(mut connection) = PgConnection::connect(url).await {
            let _ = sqlx::query("SELECT pg_sleep(10)").execute(&mut connection).await;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_database_is_dropped_although_clients_keep_connecting_to_it() {
    let database = Database::create().await;
    let name = database.name().to_owned();
    let url = database.url().to_owned();
    for _ in 0..4 {
        let url = url.clone();
        thread::spawn(move || keep_connecting(&url));
    }
    sleep(Duration::from_millis(200)).await;
    assert!(exists(&name).await);
    drop(database);
    assert!(!exists(&name).await);
}
