//! Processor time and memory of processes, as `/proc` reports them.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use rustix::param::clock_ticks_per_second;

/// What a process does in a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The process that is measured: a `footfall`, or a denominator's own server.
    Measured,
    /// Both ClickHouse servers.
    ClickHouse,
    /// The Kafka broker.
    Kafka,
    /// PostgreSQL with the processes of its connections.
    Postgres,
    /// Redis.
    Redis,
    /// This program, which sends the load.
    Client,
    /// The commands that this program has started and that have ended.
    Ended,
}

/// Measures the processor time of some processes from its start.
pub(crate) struct Meter {
    processes: Vec<(Role, u32)>,
    before: Cpu,
    began: Instant,
}

/// Processor time by role, in seconds. A role whose process is not known has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cpu {
    seconds: BTreeMap<Role, f64>,
    /// How long it was measured.
    pub(crate) wall: Duration,
}

impl Meter {
    /// Starts with these processes, this program and its commands.
    pub(crate) fn start(processes: impl IntoIterator<Item = (Role, u32)>) -> Self {
        let own = std::process::id();
        let processes: Vec<_> =
            processes.into_iter().chain([(Role::Client, own), (Role::Ended, own)]).collect();
        let before = read(&processes);
        Self { processes, before, began: Instant::now() }
    }

    /// Returns the processor time since the start.
    pub(crate) fn read(&self) -> Cpu {
        let mut cpu = read(&self.processes);
        for (role, seconds) in &mut cpu.seconds {
            *seconds -= self.before.seconds.get(role).copied().unwrap_or(f64::NAN);
        }
        cpu.wall = self.began.elapsed();
        cpu
    }
}

impl Cpu {
    /// Returns a role's processor time per unit, in microseconds; not a number if it is not known.
    pub(crate) fn micros_per(&self, role: Role, units: f64) -> f64 {
        self.seconds(role) * 1e6 / units
    }

    /// Returns a role's processor time, in cores on average; not a number if it is not known.
    pub(crate) fn cores(&self, role: Role) -> f64 {
        self.seconds(role) / self.wall.as_secs_f64()
    }

    /// Returns a role's processor time, in seconds; not a number if it is not known.
    pub(crate) fn seconds(&self, role: Role) -> f64 {
        self.seconds.get(&role).copied().unwrap_or(f64::NAN)
    }
}

fn read(processes: &[(Role, u32)]) -> Cpu {
    let running = Running::read();
    let mut seconds = BTreeMap::new();
    for (role, id) in processes {
        // The children of this program are measured as what they are.
        let used = match role {
            Role::Client => running.ticks_of(*id).map(|ticks| ticks.own),
            Role::Ended => running.ticks_of(*id).map(|ticks| ticks.ended),
            _ => running.ticks_of_tree(*id),
        };
        let used = used.map_or(f64::NAN, |ticks| ticks as f64 / clock_ticks_per_second() as f64);
        *seconds.entry(*role).or_insert(0.0) += used;
    }
    Cpu { seconds, wall: Duration::ZERO }
}

/// The processes of this machine.
struct Running(BTreeMap<u32, Stat>);

/// The figures of one process, in clock ticks.
#[derive(Clone, Copy)]
struct Stat {
    parent: u32,
    own: u64,
    /// Of its children that have ended.
    ended: u64,
}

impl Running {
    fn read() -> Self {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        Self(ids.filter_map(|id| Some((id, stat(id)?))).collect())
    }

    fn ticks_of(&self, id: u32) -> Option<Stat> {
        self.0.get(&id).copied()
    }

    /// Returns the ticks of a process and of all its descendants.
    fn ticks_of_tree(&self, id: u32) -> Option<u64> {
        let root = self.ticks_of(id)?;
        let children = self.0.iter().filter(|(_, stat)| stat.parent == id);
        let below = children.filter_map(|(child, _)| self.ticks_of_tree(*child));
        Some(root.own + root.ended + below.sum::<u64>())
    }
}

fn stat(id: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// Reads a line of `/proc/<id>/stat`: see proc(5).
fn parse(line: &str) -> Option<Stat> {
    // The program's name in parentheses may contain spaces.
    let (_, rest) = line.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |field: usize| fields.get(field)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: ticks(11)? + ticks(12)?,
        ended: ticks(13)? + ticks(14)?,
    })
}

/// Returns the resident memory of a process, in bytes; not a number if it is not known.
pub(crate) fn resident_bytes(id: u32) -> f64 {
    memory(id, "VmRSS:")
}

/// Returns the most resident memory that a process ever had, in bytes; not a number if it is not
/// known.
pub(crate) fn peak_bytes(id: u32) -> f64 {
    memory(id, "VmHWM:")
}

fn memory(id: u32, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_does_not_move_the_fields() {
        let line = "7 (a (b) c) S 3 7 7 0 -1 0 1 2 3 4 50 60 7 8 20 0 9";
        let stat = parse(line).unwrap();
        assert_eq!((stat.parent, stat.own, stat.ended), (3, 110, 15));
    }

    #[test]
    fn a_tree_includes_descendants_and_ended_children() {
        let stat = |parent, own, ended| Stat { parent, own, ended };
        let running = Running(BTreeMap::from([
            (1, stat(0, 1, 0)),
            (2, stat(1, 10, 5)),
            (3, stat(2, 100, 0)),
        ]));
        assert_eq!(running.ticks_of_tree(2), Some(115));
        assert_eq!(running.ticks_of_tree(9), None);
    }

    #[test]
    fn work_shows_as_processor_time_of_the_client() {
        let meter = Meter::start([]);
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(100) {
            std::hint::black_box(began.elapsed());
        }
        assert!(meter.read().seconds(Role::Client) > 0.0);
        assert!(meter.read().seconds(Role::Kafka).is_nan());
    }

    #[test]
    fn a_command_that_has_ended_shows_as_such() {
        let meter = Meter::start([]);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"]);
        assert!(shell.status().unwrap().success());
        assert!(meter.read().seconds(Role::Ended) > 0.0);
    }
}
