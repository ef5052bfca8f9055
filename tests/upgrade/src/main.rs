#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool of the tests, which prints what it created"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use chrono::{TimeDelta, Utc};
use redis::AsyncCommands;
use reqwest::Client;
use sqlx::{Connection, PgConnection};
use testkit::{Platform, eventually};
use upgrade::{Captured, Sent, Stack, TENANTS, Verdict, history, pack, recent, send};

/// The seed of the fixture's events. The test uses another.
const SEED: u64 = 20_261_127;

/// Runs `upgrade <footfall> <commit> <folder> <port> <archive>`: see `capture.sh`.
#[tokio::main]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [program, commit, folder, port, archive] = arguments.as_slice() else {
        panic!("usage: upgrade <footfall> <commit> <folder> <first port> <archive>");
    };
    let folder = PathBuf::from(folder);
    let stack = Stack::at(folder.join("stack"), port.parse().expect("a port"));
    stack.up();
    let servers = stack.settings();
    let platform = folder.join("platform");
    let program = Some(PathBuf::from(program));
    let mut platform = Platform::on_servers(program, servers.clone(), platform);
    let sent = fill(&mut platform).await;
    platform.stop().await;
    prepare_redis(&servers["FOOTFALL__REDIS__URL"]).await;
    dump_postgres(&servers["FOOTFALL__POSTGRES__URL"], &stack, &folder.join("postgres.sql"));
    stack.down();

    let captured = Captured { commit: commit.clone(), at: Utc::now(), sent };
    let json = serde_json::to_vec_pretty(&captured).expect("JSON");
    fs::write(folder.join("captured.json"), json).expect("a file");
    pack(&folder, Path::new(archive));
    let size = fs::metadata(archive).expect("an archive").len();
    println!("{archive}: {} events, {size} bytes", captured.sent.len());
}

/// Onboards the tenants, sends their events and waits until every store has them.
async fn fill(platform: &mut Platform) -> Vec<Sent> {
    platform.migrate();
    let tenants = concat!(env!("CARGO_MANIFEST_DIR"), "/tenants");
    let secrets = platform.secrets_file().display().to_string();
    platform.run(&["tenant", "apply", tenants, "--secrets", &secrets]);
    // Small parts are not merged, so each has its own rollups.
    for tenant in TENANTS {
        execute(
            platform,
            tenant.cluster,
            &format!("SYSTEM STOP MERGES {}.events", tenant.database),
        )
        .await;
    }
    platform.restart().await;
    let mut sent = Vec::new();
    for (number, tenant) in (0..).zip(&TENANTS) {
        sent.push((tenant, history(tenant, SEED + number)));
    }
    for (number, tenant) in (0..).zip(&TENANTS) {
        sent.push((tenant, recent(tenant, Utc::now() - TimeDelta::seconds(5), SEED + 10 + number)));
    }
    let mut all = Vec::new();
    for (tenant, events) in sent {
        send(platform, tenant, &events).await;
        all.extend(events);
        stored(platform, &all).await;
    }
    all
}

/// Waits until every consumer group has completed all sent records.
async fn stored(platform: &Platform, sent: &[Sent]) {
    let refused = sent.iter().filter(|sent| sent.verdict == Verdict::Refused).count();
    let accepted = sent.len() - refused;
    let mut ledger = PgConnection::connect(platform.database_url()).await.expect("a ledger");
    for (sink, records) in
        [("store", accepted), ("live", accepted), ("archive", accepted), ("rejects", refused)]
    {
        eventually(&format!("{sink} has completed {records} records"), async || {
            let sum =
                "SELECT coalesce(sum(next_offset), 0)::bigint FROM lease WHERE consumer_group = $1";
            let seen: i64 = sqlx::query_scalar(sum).bind(sink).fetch_one(&mut ledger).await.ok()?;
            (seen == i64::try_from(records).expect("few")).then_some(())
        })
        .await;
    }
}

async fn execute(platform: &Platform, cluster: &str, statement: &str) {
    let cluster = cluster.to_uppercase();
    let setting =
        |name: &str| &platform.settings()[&format!("FOOTFALL__CLUSTERS__{cluster}__{name}")];
    let request = Client::new().post(setting("URL")).body(statement.to_owned());
    let request = request.basic_auth(setting("WRITER_USER"), Some(setting("WRITER_PASSWORD")));
    let answer = request.send().await.expect("ClickHouse answers");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
}

/// Removes short-lived keys, and the expiry of counters, which the restore sets again.
async fn prepare_redis(url: &str) {
    let client = redis::Client::open(url).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let keys: Vec<String> = redis.keys("*").await.expect("Redis answers");
    for key in keys {
        let is_counter = key.contains("_campaign_");
        if is_counter {
            let _: bool = redis.persist(&key).await.expect("Redis answers");
        } else if !key.starts_with("chain") {
            let _: u64 = redis.del(&key).await.expect("Redis answers");
        }
    }
    let _: String =
        redis::cmd("BGREWRITEAOF").query_async(&mut redis).await.expect("Redis answers");
    eventually("Redis has rewritten its file", async || {
        let info: String =
            redis::cmd("INFO").arg("persistence").query_async(&mut redis).await.ok()?;
        let is_done =
            info.contains("aof_rewrite_in_progress:0") && info.contains("aof_rewrite_scheduled:0");
        is_done.then_some(())
    })
    .await;
}

/// Dumps as the superuser, since the owner sees no rows of tables with row security.
fn dump_postgres(url: &str, stack: &Stack, file: &Path) {
    let secrets = fs::read_to_string(stack.folder().join("secrets")).expect("the secrets");
    let password = secrets
        .lines()
        .find_map(|line| line.strip_prefix("POSTGRES_ADMIN_PASSWORD="))
        .expect("the superuser's password");
    let (_, address) = url.split_once('@').expect("an address");
    let mut dump = Command::new("pg_dump");
    dump.args(["--no-owner", "--no-privileges", "--dbname"])
        .arg(format!("postgres://postgres@{address}"))
        .env("PGPASSWORD", password);
    let output = dump.stderr(Stdio::inherit()).output().expect("pg_dump starts");
    assert!(output.status.success(), "pg_dump failed");
    let text = String::from_utf8(output.stdout).expect("text");
    // Older clients do not know these commands of newer ones.
    let known = |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
    let lines: Vec<_> = text.lines().filter(known).collect();
    fs::write(file, lines.join("\n") + "\n").expect("a file");
}
