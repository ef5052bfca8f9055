use std::{net::SocketAddr, time::Duration};

use futures::{
    StreamExt, TryStreamExt,
    future::try_join_all,
    stream::{FuturesUnordered, iter},
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::Failure;

/// Streams that are opened at the same time.
const OPENED_AT_ONCE: usize = 64;

/// The longest wait for the first bytes of a stream, and for an update.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Open files of a server beside its streams.
const OTHER_FILES: u64 = 512;

/// Files that some servers hold open for each stream: the socket, and a duplicate of it.
const FILES_OF_A_STREAM: u64 = 2;

/// Raises the limit of open files, which started processes inherit, as far as the system allows.
pub(super) fn raise_file_limit() {
    let wanted = 200_000;
    let raised = Rlimit { current: Some(wanted), maximum: Some(wanted) };
    if setrlimit(Resource::Nofile, raised).is_err() {
        let maximum = getrlimit(Resource::Nofile).maximum;
        // Without more files, fewer streams are opened.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Returns how many streams a server can hold with the present limit of open files.
fn most_streams() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files.saturating_sub(OTHER_FILES) / FILES_OF_A_STREAM).unwrap_or(usize::MAX)
}

/// Open streams.
pub(super) struct Streams {
    all: Vec<Stream>,
    marker: Vec<u8>,
}

struct Stream {
    socket: TcpStream,
    unread: Vec<u8>,
    /// The length of its last update, in bytes.
    frame: usize,
}

/// When the first and the last stream had the update.
pub(super) struct Arrival {
    pub(super) first: Instant,
    pub(super) last: Instant,
}

impl Streams {
    /// Opens `count` streams, or as many as the limit of open files allows, of each request in turn.
    /// An update contains `marker`.
    ///
    /// # Errors
    /// A stream does not begin.
    pub(super) async fn open(
        address: SocketAddr,
        requests: &[Vec<u8>],
        count: usize,
        marker: &str,
    ) -> Result<Self, Failure> {
        let requests = requests.iter().cycle().take(count.min(most_streams()));
        let all = iter(requests.map(|request| open(address, request)))
            .buffer_unordered(OPENED_AT_ONCE)
            .try_collect()
            .await?;
        Ok(Self { all, marker: marker.as_bytes().to_owned() })
    }

    /// Returns the number of streams.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Returns the length of the last update of a stream, in bytes.
    pub(super) fn frame_length(&self) -> usize {
        self.all.first().map_or(0, |stream| stream.frame)
    }

    /// Waits until every stream has an update.
    ///
    /// # Errors
    /// A stream ends, or has none in time.
    pub(super) async fn updated(&mut self) -> Result<Arrival, Failure> {
        let marker = &self.marker;
        let mut waiting: FuturesUnordered<_> =
            self.all.iter_mut().map(|stream| stream.updated(marker)).collect();
        let mut first = None;
        let mut last = Instant::now();
        let all = async {
            while waiting.try_next().await?.is_some() {
                last = Instant::now();
                first.get_or_insert(last);
            }
            Ok::<_, Failure>(())
        };
        timeout(TIMEOUT, all).await.map_err(|_| "not every stream has the update")??;
        Ok(Arrival { first: first.unwrap_or(last), last })
    }

    /// Reads everything that arrives; returns when a stream ends.
    pub(super) async fn drain(&mut self) -> Failure {
        let reading = self.all.iter_mut().map(async |stream| {
            loop {
                stream.read().await?;
                stream.unread.clear();
            }
        });
        let ended: Result<Vec<()>, Failure> = try_join_all(reading).await;
        match ended {
            // No streams: never ends.
            Ok(_) => std::future::pending().await,
            Err(failure) => failure,
        }
    }
}

async fn open(address: SocketAddr, request: &[u8]) -> Result<Stream, Failure> {
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(request).await?;
    let mut stream = Stream { socket, unread: Vec::new(), frame: 0 };
    let begun = async {
        while !contains(&stream.unread, b"\n\n") {
            stream.read().await?;
        }
        Ok::<_, Failure>(())
    };
    timeout(TIMEOUT, begun).await.map_err(|_| "a stream does not begin")??;
    if !stream.unread.starts_with(b"HTTP/1.1 200") {
        let answer = String::from_utf8_lossy(&stream.unread).into_owned();
        return Err(format!("a stream was refused:\n{answer}").into());
    }
    stream.unread = Vec::new();
    Ok(stream)
}

impl Stream {
    async fn read(&mut self) -> Result<(), Failure> {
        match self.socket.read_buf(&mut self.unread).await? {
            0 => Err("a stream ended".into()),
            _ => Ok(()),
        }
    }

    async fn updated(&mut self, marker: &[u8]) -> Result<(), Failure> {
        loop {
            self.read().await?;
            if let Some(start) = position(&self.unread, marker)
                && contains(self.unread.get(start..).unwrap_or_default(), b"\n\n")
            {
                self.frame = self.unread.len() - start;
                self.unread.clear();
                return Ok(());
            }
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    position(bytes, part).is_some()
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
