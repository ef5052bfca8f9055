//! A Redis that answers late.

use std::time::{Duration, Instant};

use aggregates::{Admission, Aggregates, RedisSettings};
use settings::Secret;
use tenancy::Unit;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::stand::{Stand, tenant};

/// Listens for a proxy of `server`, which passes each answer on after a pause.
async fn proxy(server: String, pause: watch::Receiver<Duration>) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            open.spawn(carry(client, server, pause.clone()));
        }
    });
    (address, task)
}

async fn carry(client: TcpStream, server: TcpStream, pause: watch::Receiver<Duration>) {
    let (mut questions, mut to_client) = client.into_split();
    let (mut answers, mut to_server) = server.into_split();
    let late = async {
        let mut bytes = [0; 4_096];
        while let Ok(count @ 1..) = answers.read(&mut bytes).await {
            let pause = *pause.borrow();
            tokio::time::sleep(pause).await;
            if to_client.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        _ = copy(&mut questions, &mut to_server) => {}
        () = late => {}
    }
}

#[tokio::test]
async fn a_login_waits_for_a_late_redis_and_an_event_does_not() {
    let stand = Stand::bare().await;
    let url = stand.settings.url.expose();
    let (before, rest) = url.rsplit_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let (late, pause) = watch::channel(Duration::ZERO);
    let (address, _task) = proxy(server.to_owned(), pause).await;
    let url = Secret::new(format!("{before}@{address}/{database}"));
    let aggregates = Aggregates::connect(&RedisSettings { url, ..stand.settings.clone() }).unwrap();
    let network = "192.0.2.1".parse().unwrap();
    // It connects, and the server has the scripts.
    assert_eq!(aggregates.login_attempt(&[1; 32], network).await.unwrap(), Admission::Admitted);
    aggregates.login_succeeded(&[1; 32], network).await;

    late.send_replace(Duration::from_secs(1));
    let acme = tenant("acme").await;
    let begin = Instant::now();
    assert_eq!(aggregates.admit(&acme, Unit::Events, 1).await, Admission::Admitted);
    assert!(begin.elapsed() < Duration::from_millis(900), "it took {:?}", begin.elapsed());
    // Until the answer about the event has passed, for which nobody waits any more.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(aggregates.login_attempt(&[2; 32], network).await.unwrap(), Admission::Admitted);
    assert_eq!(aggregates.secret_attempt(&[3; 32], network).await.unwrap(), Admission::Admitted);
}
