//! Starts, stops and kills the servers of the stack.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::Failure;

const FOLDER: &str = "FOOTFALL_STACK_DIR";

/// A server of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Kafka,
    ClickhouseShared,
    ClickhouseDedicated,
    Redis,
    Postgres,
}

impl Server {
    pub(crate) const ALL: [Self; 5] = [
        Self::Kafka,
        Self::Redis,
        Self::Postgres,
        Self::ClickhouseShared,
        Self::ClickhouseDedicated,
    ];

    /// The name in `stack.sh`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::ClickhouseShared => "clickhouse-shared",
            Self::ClickhouseDedicated => "clickhouse-dedicated",
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        }
    }
}

/// A stack that only this program uses, because it kills the servers.
pub(crate) struct Stack {
    folder: PathBuf,
    script: PathBuf,
}

impl Stack {
    /// Returns the stack that the environment names.
    ///
    /// # Errors
    /// The environment names no stack, or has the addresses of another stack.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        let advice = "run `make faults`, which starts its own stack";
        let folder = env::var(FOLDER)
            .map_err(|_| format!("{FOLDER} is not set, so there is no stack to kill: {advice}"))?;
        let folder = PathBuf::from(folder);
        let known = fs::read_to_string(folder.join("stack.env"))?;
        for line in known.lines().filter(|line| !line.contains("PASSWORD")) {
            let Some((variable, address)) = line.split_once('=') else { continue };
            if env::var(variable).as_deref() != Ok(address) {
                return Err(format!(
                    "{variable} differs from the stack in {}: {advice}",
                    folder.display()
                )
                .into());
            }
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/local/stack.sh");
        Ok(Self { folder, script })
    }

    /// Kills a server with `kill -9`. Returns when it has ended.
    pub(crate) async fn kill(&self, server: Server) -> Result<(), Failure> {
        self.call("kill", server).await
    }

    /// Stops a server as an operator does. Returns when it has ended.
    pub(crate) async fn stop(&self, server: Server) -> Result<(), Failure> {
        self.call("stop", server).await
    }

    /// Starts a server. Returns when it answers.
    pub(crate) async fn start(&self, server: Server) -> Result<(), Failure> {
        self.call("start", server).await
    }

    /// Returns the data folder of a server.
    pub(crate) fn data(&self, server: Server) -> Result<PathBuf, Failure> {
        let home = self.folder.join(server.as_str());
        match server {
            Server::Postgres => {
                let folder = fs::read_to_string(home.join("folder"))?;
                Ok(Path::new(folder.trim()).join("data"))
            }
            _ => Ok(home.join("data")),
        }
    }

    /// Returns a password that `stack.sh` has generated, by its name.
    pub(crate) fn secret(&self, name: &str) -> Result<String, Failure> {
        let known = fs::read_to_string(self.folder.join("secrets"))?;
        let mut lines = known.lines().filter_map(|line| line.split_once('='));
        let found = lines.find(|(known, _)| *known == name);
        Ok(found.ok_or_else(|| format!("the stack has no {name}"))?.1.to_owned())
    }

    async fn call(&self, verb: &str, server: Server) -> Result<(), Failure> {
        let name = server.as_str();
        let output =
            Command::new(&self.script).args([verb, name]).stdin(Stdio::null()).output().await?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        Err(format!("stack.sh {verb} {name}: {}\n{text}", output.status).into())
    }
}
