//! A connection that stays open but no longer answers.

use aggregates::{Aggregates, RedisSettings};
use settings::Secret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::stand::Stand;

/// A proxy in front of Redis. It can silence its open connections permanently; new ones work.
struct Proxy {
    address: String,
    silent: watch::Sender<u64>,
    _task: JoinSet<()>,
}

impl Proxy {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (silent, silences) = watch::channel(0);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                open.spawn(carry(client, server, silences.clone()));
            }
        });
        Self { address, silent, _task: task }
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, mut silences: watch::Receiver<u64>) {
    silences.mark_unchanged();
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = silences.changed() => {
            let mut swallowed = [0; 1_024];
            while client.read(&mut swallowed).await.is_ok_and(|read| read > 0) {}
            let _ = client.shutdown().await;
        }
    }
}

#[tokio::test]
async fn a_connection_that_stops_answering_is_replaced() {
    let stand = Stand::bare().await;
    let url = stand.settings.url.expose();
    let (before, rest) = url.rsplit_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::to(server.to_owned()).await;
    let url = Secret::new(format!("{before}@{}/{database}", proxy.address));
    let aggregates = Aggregates::connect(&RedisSettings { url, ..stand.settings.clone() }).unwrap();
    aggregates.ping().await.unwrap();

    proxy.silent.send_modify(|times| *times += 1);
    assert!(aggregates.ping().await.is_err(), "the connection is silent");
    aggregates.ping().await.unwrap();
}
