use std::process::Command;

use reqwest::Url;
use testkit::setting;

use crate::{
    Failure,
    measure::{Meter, Role, servers},
};

/// Commands of each run.
const COMMANDS: &str = "1000000";

/// What redis-benchmark achieved; not a number if it is not installed.
pub(super) struct Bare {
    /// `HINCRBY` per second.
    pub(super) increments: f64,
    /// `HSET` of four fields per second.
    pub(super) sets: f64,
    /// Redis' processor time per `HINCRBY`, in microseconds.
    pub(super) increment_micros: f64,
}

/// Runs redis-benchmark with 128 commands a round trip, over 4,000 keys, which it removes.
pub(super) async fn run() -> Result<Bare, Failure> {
    let meter = Meter::start(servers());
    let Some(increments) = rate(&["HINCRBY", "bench:__rand_int__", "impressions", "1"])? else {
        return Ok(Bare { increments: f64::NAN, sets: f64::NAN, increment_micros: f64::NAN });
    };
    let increment_micros = meter.read().micros_per(Role::Redis, COMMANDS.parse()?);
    let fields = ["a", "1", "b", "2", "c", "3", "d", "4"];
    let set: Vec<_> = ["HSET", "bench:__rand_int__"].into_iter().chain(fields).collect();
    let sets = rate(&set)?.unwrap_or(f64::NAN);
    let client = redis::Client::open(setting("FOOTFALL__REDIS__URL"))?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let keys: Vec<String> = (0..4_000).map(|number| format!("bench:{number:012}")).collect();
    redis::cmd("DEL").arg(keys).exec_async(&mut connection).await?;
    Ok(Bare { increments, sets, increment_micros })
}

/// Returns the commands per second; `None` if redis-benchmark is not installed.
fn rate(command: &[&str]) -> Result<Option<f64>, Failure> {
    let url = Url::parse(&setting("FOOTFALL__REDIS__URL"))?;
    let host = url.host_str().ok_or("a host of Redis")?;
    let port = url.port().unwrap_or(6379).to_string();
    let mut benchmark = Command::new("redis-benchmark");
    benchmark.args([
        "-h", host, "-p", &port, "-c", "4", "-P", "128", "-n", COMMANDS, "-r", "4000", "--csv",
    ]);
    if let Some(password) = url.password() {
        benchmark.args(["-a", password]);
    }
    let Ok(output) = benchmark.args(command).output() else { return Ok(None) };
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(Some(parse(&text).ok_or_else(|| format!("redis-benchmark printed:\n{text}"))?))
}

/// Reads the rate from the last line: the name of the test, the rate, latencies, all in quotes.
fn parse(csv: &str) -> Option<f64> {
    let line = csv.lines().rfind(|line| line.starts_with('"'))?;
    // The name contains commas if the command's text does.
    let cells: Vec<_> = line.trim_matches('"').split("\",\"").collect();
    cells.get(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_second_cell() {
        let csv = "\"test\",\"rps\",\"avg_latency_ms\"\n\"HINCRBY bench:__rand_int__ impressions 1\",\"2083333.25\",\"0.2\"\n";
        assert_eq!(parse(csv), Some(2_083_333.25));
        assert_eq!(parse("Could not connect"), None);
    }
}
