use std::{future::pending, io, time::Duration};

use rand::Rng;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    time::{sleep, timeout},
};

use super::Fault;

/// The longest delay.
const DELAY: Duration = Duration::from_millis(1_500);
/// The pause between two bytes of a trickle.
const TRICKLE_PAUSE: Duration = Duration::from_secs(1);
/// How long a connection stays open after a dropped answer.
const WITHOUT_ANSWERS: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Answer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Reset,
}

/// Carries bytes both ways until one side closes, or a fault ends the connection.
pub(super) async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    faults: watch::Receiver<Option<Fault>>,
) {
    let end = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let requests = Pump { from: from_client, to: to_server, direction: Direction::Request };
        let answers = Pump { from: from_server, to: to_client, direction: Direction::Answer };
        tokio::select! {
            end = requests.run(faults.clone()) => end,
            end = answers.run(faults) => end,
        }
    };
    if end.unwrap_or(End::Reset) == End::Reset {
        // A closed connection needs no reset.
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

struct Pump<'a> {
    from: ReadHalf<'a>,
    to: WriteHalf<'a>,
    direction: Direction,
}

impl Pump<'_> {
    async fn run(mut self, mut faults: watch::Receiver<Option<Fault>>) -> io::Result<End> {
        let mut chunk = vec![0; 64 * 1_024];
        loop {
            let fault = *faults.borrow_and_update();
            match fault {
                Some(Fault::Cut) => return Ok(End::Closed),
                Some(Fault::Reset) => return Ok(End::Reset),
                Some(Fault::HalfOpen) => return self.discard(&mut chunk).await,
                _ => {}
            }
            let read = tokio::select! {
                biased;
                changed = faults.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return Ok(End::Closed),
                },
                read = self.from.read(&mut chunk) => read?,
            };
            let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else {
                return Ok(End::Closed);
            };
            match fault {
                Some(Fault::Delay) => {
                    let delay = rand::rng().random_range(Duration::ZERO..DELAY);
                    sleep(delay).await;
                    self.to.write_all(bytes).await?;
                }
                Some(Fault::Trickle) => {
                    let bytes = bytes.to_vec();
                    self.trickle(&bytes, &mut faults).await?;
                }
                Some(Fault::DropAnswer) if self.direction == Direction::Answer => {
                    // Later answers must not arrive: the client would match them to this request.
                    return match timeout(WITHOUT_ANSWERS, self.discard(&mut chunk)).await {
                        Ok(ended) => ended,
                        Err(_) => Ok(End::Reset),
                    };
                }
                _ => self.to.write_all(bytes).await?,
            }
        }
    }

    /// Writes byte by byte while the fault lasts, then the rest at once.
    async fn trickle(
        &mut self,
        bytes: &[u8],
        faults: &mut watch::Receiver<Option<Fault>>,
    ) -> io::Result<()> {
        for (at, byte) in bytes.iter().enumerate() {
            if *faults.borrow() != Some(Fault::Trickle) {
                return self.to.write_all(bytes.get(at..).unwrap_or_default()).await;
            }
            self.to.write_all(&[*byte]).await?;
            tokio::select! {
                () = sleep(TRICKLE_PAUSE) => {}
                changed = faults.changed() => if changed.is_err() { pending().await },
            }
        }
        Ok(())
    }

    /// Reads and drops all data until the sender closes.
    async fn discard(&mut self, chunk: &mut [u8]) -> io::Result<End> {
        while self.from.read(chunk).await? > 0 {}
        Ok(End::Closed)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use crate::proxy::{Fault, Proxy};

    use super::*;

    /// Starts an echo server behind a proxy.
    async fn echo() -> (Proxy, tokio::task::JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start(0, listener.local_addr().unwrap().to_string()).await.unwrap();
        let mut server = tokio::task::JoinSet::new();
        server.spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                open.spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        (proxy, server)
    }

    async fn echoed(stream: &mut TcpStream) -> Option<Vec<u8>> {
        let exchange = async {
            stream.write_all(b"hello").await?;
            let mut received = [0; 5];
            stream.read_exact(&mut received).await?;
            io::Result::Ok(received.to_vec())
        };
        timeout(Duration::from_secs(3), exchange).await.ok()?.ok()
    }

    #[tokio::test]
    async fn data_arrives_complete_and_at_most_delayed() {
        let (proxy, _server) = echo().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(echoed(&mut stream).await.unwrap(), b"hello");
        proxy.inject(Fault::Delay);
        proxy.heal();
        assert_eq!(echoed(&mut stream).await.unwrap(), b"hello");
    }

    #[tokio::test]
    async fn a_fault_breaks_open_connections_and_healing_lets_new_ones_through() {
        let broken = [Fault::Cut, Fault::Reset, Fault::HalfOpen, Fault::Trickle, Fault::DropAnswer];
        for fault in broken {
            let (proxy, _server) = echo().await;
            let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
            assert!(echoed(&mut stream).await.is_some());
            proxy.inject(fault);
            assert_eq!(echoed(&mut stream).await, None, "{fault:?}");
            proxy.heal();
            let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
            assert_eq!(echoed(&mut stream).await.unwrap(), b"hello", "{fault:?}");
        }
    }

    #[tokio::test]
    async fn a_trickle_is_completed_when_the_fault_ends() {
        let (proxy, _server) = echo().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(echoed(&mut stream).await.is_some());
        proxy.inject(Fault::Trickle);
        stream.write_all(b"world").await.unwrap();
        sleep(Duration::from_millis(50)).await;
        proxy.heal();
        let mut received = [0; 5];
        stream.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"world");
    }
}
