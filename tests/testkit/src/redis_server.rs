use std::{
    fs,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{eventually, free_address};

/// A private Redis that can be killed and restored: `redis-server`, as `infra/local` installs it.
///
/// It syncs every command to its file before it answers, so a copy of the file has a known state.
pub struct RedisServer {
    address: SocketAddr,
    folder: PathBuf,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server with its files in `folder`, with further arguments.
    pub async fn start(folder: &Path, arguments: &[&str]) -> Self {
        // No outgoing connection takes this port while the server is down, between a kill and a restart.
        let address: SocketAddr = free_address().parse().expect("an address");
        let folder = folder.join(format!("redis-{}", address.port()));
        fs::create_dir_all(&folder).expect("a folder for its files");
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = Self { address, folder, arguments, child: None };
        server.run().await;
        server
    }

    /// Returns `redis://host:port/0`.
    pub fn url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    /// Sends `SIGKILL` and waits until the process has ended.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the process can be killed");
            child.wait().expect("the process can be waited for");
        }
    }

    /// Starts the server again with its files.
    pub async fn run(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log"));
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.address.port().to_string()])
            .args(["--dir", self.folder.to_str().expect("a readable path")])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            .args(["--maxmemory-policy", "noeviction"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.expect("a log file"))
            .spawn();
        self.child = Some(child.expect("redis-server is installed"));
        let address = self.address;
        eventually("redis answers", async || is_ready(address).then_some(())).await;
    }

    /// Copies its files as they are now; returns the folder of the copy.
    pub fn save(&self) -> PathBuf {
        let copy = self.folder.join("saved");
        remove(&copy);
        copy_files(&self.files(), &copy);
        copy
    }

    /// Kills the server and starts it with the files of a copy.
    pub async fn restore(&mut self, copy: &Path) {
        self.kill();
        remove(&self.files());
        copy_files(copy, &self.files());
        self.run().await;
    }

    /// Kills the server and starts it empty.
    pub async fn wipe(&mut self) {
        self.kill();
        remove(&self.files());
        self.run().await;
    }

    fn files(&self) -> PathBuf {
        self.folder.join("appendonlydir")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || {
        let mut connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(Duration::from_secs(1)))?;
        connection.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        connection.read_exact(&mut answer)?;
        Ok::<_, io::Error>(answer == *b"+PONG")
    };
    ask().unwrap_or(false)
}

fn remove(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the folder can be removed");
    }
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder for the copy");
    for file in fs::read_dir(from).expect("the server's files") {
        let file = file.expect("a file").path();
        let name = file.file_name().expect("a name");
        fs::copy(&file, to.join(name)).expect("a copy");
    }
}
