use std::{env, fs, path::PathBuf};

use super::Role;

/// A server of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    /// The broker.
    Kafka,
    /// The ClickHouse with the shared tables.
    ClickHouseShared,
    /// The other ClickHouse.
    ClickHouseDedicated,
    /// PostgreSQL.
    Postgres,
    /// Redis.
    Redis,
}

impl Server {
    const ALL: [Self; 5] = [
        Self::Kafka,
        Self::ClickHouseShared,
        Self::ClickHouseDedicated,
        Self::Postgres,
        Self::Redis,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::ClickHouseShared => "clickhouse-shared",
            Self::ClickHouseDedicated => "clickhouse-dedicated",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }

    fn role(self) -> Role {
        match self {
            Self::Kafka => Role::Kafka,
            Self::ClickHouseShared | Self::ClickHouseDedicated => Role::ClickHouse,
            Self::Postgres => Role::Postgres,
            Self::Redis => Role::Redis,
        }
    }

    /// Returns its process id if `infra/local/stack.sh` started it in this run's folder.
    fn id(self) -> Option<u32> {
        let folder = env::var_os("FOOTFALL_STACK_DIR").map(PathBuf::from)?;
        let recorded = fs::read_to_string(folder.join(format!("run/{}.pid", self.name()))).ok()?;
        recorded.split_whitespace().next()?.parse().ok()
    }
}

/// Returns the process ids of the stack's servers, as far as they are known.
pub(crate) fn servers() -> Vec<(Role, u32)> {
    Server::ALL.into_iter().filter_map(|server| Some((server.role(), server.id()?))).collect()
}
