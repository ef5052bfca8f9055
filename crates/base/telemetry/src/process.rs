//! Linux's numbers about this process, under the names that Prometheus' own clients use.

use std::fs;

use prometheus::{Counter, Gauge, core::Collector, proto::MetricFamily};

/// Clock ticks per second in `/proc`: 100 on every architecture that Rust supports.
const TICKS_PER_SECOND: f64 = 100.0;

/// The fields of `/proc/self/stat` after the program's name; the state is the first.
struct Stat(Vec<String>);

/// Returns the metrics that can be read; none without `/proc`.
pub(crate) fn families() -> Vec<MetricFamily> {
    let stat = Stat::read();
    let cpu = stat.as_ref().and_then(Stat::cpu_seconds);
    let start = stat.as_ref().and_then(Stat::start_seconds);
    let gauges = [
        ("process_resident_memory_bytes", "Resident memory, in bytes.", resident_bytes()),
        ("process_open_fds", "Open file descriptors.", open_fds()),
        ("process_max_fds", "Limit of open file descriptors.", max_fds()),
        ("process_start_time_seconds", "Start time of the process, in seconds since 1970.", start),
    ];
    let help = "User and system CPU time, in seconds.";
    let cpu = cpu.map(|seconds| counter("process_cpu_seconds_total", help, seconds));
    let gauges =
        gauges.into_iter().filter_map(|(name, help, value)| Some(gauge(name, help, value?)));
    cpu.into_iter().chain(gauges).flatten().collect()
}

fn counter(name: &str, help: &str, value: f64) -> Vec<MetricFamily> {
    let counter = Counter::new(name, help).inspect(|counter| counter.inc_by(value));
    counter.map(|counter| counter.collect()).unwrap_or_default()
}

fn gauge(name: &str, help: &str, value: f64) -> Vec<MetricFamily> {
    let gauge = Gauge::new(name, help).inspect(|gauge| gauge.set(value));
    gauge.map(|gauge| gauge.collect()).unwrap_or_default()
}

impl Stat {
    fn read() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/stat").ok()?;
        // The name is in parentheses and may itself contain parentheses and spaces.
        let (_, fields) = text.rsplit_once(')')?;
        Some(Self(fields.split_whitespace().map(str::to_owned).collect()))
    }

    fn ticks(&self, field: usize) -> Option<f64> {
        self.0.get(field)?.parse().ok()
    }

    fn cpu_seconds(&self) -> Option<f64> {
        Some((self.ticks(11)? + self.ticks(12)?) / TICKS_PER_SECOND)
    }

    fn start_seconds(&self) -> Option<f64> {
        let since_boot = self.ticks(19)? / TICKS_PER_SECOND;
        Some(value_after("/proc/stat", "btime")? + since_boot)
    }
}

fn resident_bytes() -> Option<f64> {
    Some(value_after("/proc/self/status", "VmRSS:")? * 1_024.0)
}

fn max_fds() -> Option<f64> {
    value_after("/proc/self/limits", "Max open files")
}

fn open_fds() -> Option<f64> {
    // One of them is the directory being read.
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as f64)
}

/// Returns the number after `word` at the beginning of a line.
fn value_after(file: &str, word: &str) -> Option<f64> {
    let text = fs::read_to_string(file).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        time::{SystemTime, UNIX_EPOCH},
    };

    fn value(name: &str) -> f64 {
        let text = crate::render();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is missing: {text}")).parse().unwrap()
    }

    #[test]
    fn the_process_reports_its_resources() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let started = value("process_start_time_seconds");
        assert!((now - 3_600.0..=now + 1.0).contains(&started), "{started} at {now}");
        let cores = std::thread::available_parallelism().unwrap().get() as f64;
        let spent = value("process_cpu_seconds_total");
        assert!(spent <= (now - started + 2.0) * cores, "{spent}");
        let resident = value("process_resident_memory_bytes");
        assert!((1e6..1e11).contains(&resident), "{resident}");
        assert!(value("process_max_fds") >= value("process_open_fds"));
    }

    #[test]
    fn open_files_are_counted() {
        let files: Vec<_> = (0..200).map(|_| File::open("/proc/self/stat").unwrap()).collect();
        assert!(value("process_open_fds") >= 200.0);
        drop(files);
    }
}
