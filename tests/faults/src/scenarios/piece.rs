use failpoints::Step;
use rand::{SeedableRng, rngs::StdRng, seq::IteratorRandom};

use super::{
    aborts, detours::Link, disks::Disk, drills::LostStore, kills::Victim, moves, outages::Outage,
    zombies,
};
use crate::{
    Failure,
    options::{Choice, Command, Options},
    proxy::Fault,
    scenario::Scenario,
};

/// A part of a scenario that runs on its own platform.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) scenario: Scenario,
    pub(crate) work: Work,
    /// The number of the piece among those of its kind of fault.
    pub(crate) number: u64,
    pub(crate) tries: u64,
    /// The seed of the whole run.
    pub(crate) run_seed: u64,
}

/// What a piece does to its platform.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    Abort(Step),
    Kill(Victim),
    Zombie(Step),
    LateZombie,
    Rebalance,
    BreakLink(Link),
    Move(Step),
    /// Tries are requests.
    Resend,
    Outage(Outage),
    Disk(Disk),
    Drill(LostStore),
    /// PostgreSQL to a point in time.
    Recovery,
    Restart,
    Upgrade,
    /// Tries are steps of the model.
    Histories,
    /// Tries are seconds.
    Soak,
}

/// A kind of fault: its tries in the full run, and the tries of one piece.
#[derive(Clone)]
struct FaultKind {
    scenario: Scenario,
    work: Work,
    full: u64,
    per_piece: u64,
    /// The smallest number of tries, at any size of the run.
    least: u64,
}

impl Piece {
    /// The name of its kind of fault.
    pub(crate) fn faults(&self) -> &'static str {
        self.work.name()
    }

    /// Returns a random generator, the same for the same piece and seed.
    pub(crate) fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed())
    }

    /// The seed of this piece.
    pub(crate) fn seed(&self) -> u64 {
        let name = self
            .faults()
            .bytes()
            .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        self.run_seed.wrapping_mul(1_000_003).wrapping_add(name).wrapping_add(self.number)
    }
}

impl Work {
    /// Returns whether no other piece may run meanwhile: this one changes servers or shared tables,
    /// uses the only proxied port of Kafka, or needs the whole processor.
    pub(crate) fn runs_alone(&self) -> bool {
        match self {
            Self::Abort(step) => aborts::is_in_collector(*step),
            Self::Kill(victim) => victim.is_server(),
            Self::Disk(disk) => *disk != Disk::ArchiveFull,
            Self::BreakLink(link) => *link == Link::Kafka,
            Self::LateZombie
            | Self::Outage(_)
            | Self::Drill(_)
            | Self::Recovery
            | Self::Restart
            | Self::Upgrade
            | Self::Histories
            | Self::Soak => true,
            Self::Zombie(_) | Self::Rebalance | Self::Move(_) | Self::Resend => false,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Abort(step) | Self::Zombie(step) | Self::Move(step) => step.as_str(),
            Self::Kill(victim) => victim.as_str(),
            Self::LateZombie => "beyond-the-window",
            Self::Rebalance => "rebalances",
            Self::BreakLink(link) => link.as_str(),
            Self::Resend => "posts",
            Self::Outage(outage) => outage.as_str(),
            Self::Disk(disk) => disk.as_str(),
            Self::Drill(lost) => lost.as_str(),
            Self::Recovery => "postgres-point-in-time",
            Self::Restart => "rolling-restart",
            Self::Upgrade => "rolling-upgrade",
            Self::Histories => "histories-steps",
            Self::Soak => "soak-seconds",
        }
    }
}

/// The kinds of fault of a scenario.
fn fault_kinds(scenario: Scenario) -> Vec<FaultKind> {
    let kind = |work, full, per_piece| FaultKind { scenario, work, full, per_piece, least: 0 };
    match scenario {
        Scenario::Aborts => {
            let steps = Step::ALL.iter().filter(|step| !step.is_on_order());
            steps.map(|step| kind(Work::Abort(*step), 100, 25)).collect()
        }
        Scenario::Kills => {
            Victim::ALL.map(|victim| kind(Work::Kill(victim), victim.full(), 50)).into()
        }
        Scenario::Zombies => {
            let zombies = zombies::STEPS.map(|step| kind(Work::Zombie(step), 30, 10));
            zombies.into_iter().chain([kind(Work::LateZombie, 20, 10)]).collect()
        }
        Scenario::Rebalances => vec![kind(Work::Rebalance, 500, 100)],
        Scenario::Links => {
            let faults = 20 * Fault::ALL.len() as u64;
            Link::ALL.map(|link| kind(Work::BreakLink(link), faults, 30)).into()
        }
        Scenario::Moves => moves::STEPS.map(|step| kind(Work::Move(step), 10, 10)).into(),
        Scenario::Resends => vec![kind(Work::Resend, 200_000, 200_000)],
        Scenario::Outages => {
            let full =
                |outage: Outage| kind(Work::Outage(outage), outage.full(), outage.per_piece());
            Outage::ALL.map(full).into()
        }
        Scenario::Disks => Disk::ALL.map(|disk| kind(Work::Disk(disk), disk.full(), 10)).into(),
        Scenario::Drills => {
            let drills = LostStore::ALL.map(|lost| kind(Work::Drill(lost), 5, 5));
            drills.into_iter().chain([kind(Work::Recovery, 5, 5)]).collect()
        }
        Scenario::Restarts => vec![kind(Work::Restart, 10, 5)],
        Scenario::Upgrades => vec![kind(Work::Upgrade, 5, 5)],
        Scenario::Histories => {
            vec![FaultKind { least: 50_000, ..kind(Work::Histories, 1_000_000, 1_000_000) }]
        }
        Scenario::Soak => vec![kind(Work::Soak, 3_600, 3_600)],
    }
}

/// Returns the pieces that the command line asks for.
pub(crate) fn pieces(options: &Options) -> Result<Vec<Piece>, Failure> {
    let (scenarios, choice): (&[Scenario], _) = match &options.command {
        Command::Aborts(choice) => (&[Scenario::Aborts], choice.clone()),
        Command::Kills(choice) => (&[Scenario::Kills], choice.clone()),
        Command::Zombies(choice) => (&[Scenario::Zombies], choice.clone()),
        Command::Rebalances(choice) => (&[Scenario::Rebalances], choice.clone()),
        Command::Links(choice) => (&[Scenario::Links], choice.clone()),
        Command::Moves(choice) => (&[Scenario::Moves], choice.clone()),
        Command::Resends(choice) => (&[Scenario::Resends], choice.clone()),
        Command::Outages(choice) => (&[Scenario::Outages], choice.clone()),
        Command::Disks(choice) => (&[Scenario::Disks], choice.clone()),
        Command::Drills(choice) => (&[Scenario::Drills], choice.clone()),
        Command::Restarts(choice) => (&[Scenario::Restarts], choice.clone()),
        Command::Upgrades(choice) => (&[Scenario::Upgrades], choice.clone()),
        Command::Histories(choice) => (&[Scenario::Histories], choice.clone()),
        Command::Soak(choice) => (&[Scenario::Soak], choice.clone()),
        Command::All => (&Scenario::ALL, Choice::default()),
        Command::Slice => (&Scenario::SLICE, Choice::default()),
        Command::Report => (&[], Choice::default()),
    };
    let kinds: Vec<_> = scenarios.iter().flat_map(|scenario| fault_kinds(*scenario)).collect();
    if let Some(unknown) =
        choice.only.iter().find(|name| !kinds.iter().any(|kind| kind.work.name() == *name))
    {
        let names: Vec<_> = kinds.iter().map(|kind| kind.work.name()).collect();
        return Err(format!("{unknown:?} is not one of {}", names.join(", ")).into());
    }
    let mut pieces = Vec::new();
    for (kind, share) in shares(kinds, options) {
        if !choice.only.is_empty() && !choice.only.iter().any(|name| name == kind.work.name()) {
            continue;
        }
        let mut left = choice.tries.unwrap_or(share);
        for number in 1.. {
            if left == 0 {
                break;
            }
            let tries = left.min(kind.per_piece);
            left -= tries;
            let FaultKind { scenario, work, .. } = kind.clone();
            pieces.push(Piece { scenario, work, number, tries, run_seed: options.seed });
        }
    }
    Ok(pieces)
}

/// Returns the tries of each kind of fault at this size. The tries of a scenario that remain after
/// rounding go to randomly chosen kinds.
fn shares(kinds: Vec<FaultKind>, options: &Options) -> Vec<(FaultKind, u64)> {
    let size = u64::from(options.size);
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut shares: Vec<_> = kinds.into_iter().map(|kind| (kind.full * size / 100, kind)).collect();
    let mut scenarios: Vec<_> = shares.iter().map(|(_, kind)| kind.scenario).collect();
    scenarios.dedup();
    for scenario in scenarios {
        let of_scenario = |(_, kind): &&mut (u64, FaultKind)| kind.scenario == scenario;
        let (given, full) = shares
            .iter()
            .filter(|(_, kind)| kind.scenario == scenario)
            .fold((0, 0), |(given, full), (share, kind)| (given + share, full + kind.full));
        let left = (full * size).div_ceil(100) - given;
        let chosen =
            shares.iter_mut().filter(of_scenario).choose_multiple(&mut random, left as usize);
        chosen.into_iter().for_each(|(share, _)| *share += 1);
    }
    let at_least = |(share, kind): (u64, FaultKind)| (kind.clone(), share.max(kind.least));
    shares.into_iter().map(at_least).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn tries(line: &str) -> u64 {
        let options = Options::parse_from(line.split(' '));
        pieces(&options).unwrap().iter().map(|piece| piece.tries).sum()
    }

    #[test]
    fn the_full_run_has_the_documented_number_of_tries() {
        let expected = [
            ("aborts", 1_400),
            ("kills", 2_600),
            ("zombies", 200),
            ("rebalances", 500),
            ("links", 600),
            ("moves", 80),
            ("drills", 25),
            ("restarts", 10),
            ("upgrades", 5),
            ("histories", 1_000_000),
        ];
        for (scenario, full) in expected {
            assert_eq!(tries(&format!("faults {scenario}")), full, "{scenario}");
        }
    }

    #[test]
    fn one_percent_is_one_percent_of_each_scenario_but_more_of_the_histories() {
        let expected = [
            ("aborts", 14),
            ("kills", 26),
            ("zombies", 2),
            ("rebalances", 5),
            ("links", 6),
            ("restarts", 1),
            ("upgrades", 1),
            ("histories", 50_000),
        ];
        for (scenario, share) in expected {
            assert_eq!(tries(&format!("faults --size 1 {scenario}")), share, "{scenario}");
        }
    }

    #[test]
    fn large_shares_are_split_into_pieces_that_can_be_resumed() {
        let options = Options::parse_from(["faults", "kills", "--only", "clickhouse"]);
        let pieces = pieces(&options).unwrap();
        assert_eq!(pieces.len(), 20);
        assert!(pieces.iter().all(|piece| piece.tries == 50));
    }

    #[test]
    fn an_unknown_kind_of_fault_is_refused() {
        let options = Options::parse_from(["faults", "kills", "--only", "oracle"]);
        assert!(pieces(&options).unwrap_err().to_string().contains("clickhouse"));
    }
}
