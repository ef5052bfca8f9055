use std::collections::BTreeSet;

use failpoints::Step;
use rand::{SeedableRng, rngs::StdRng, seq::IteratorRandom};

use super::{aborts, disks::Disk, kills::Victim, links::Link, outages::Outage, zombies};
use crate::{
    Failure,
    options::{Choice, Command, Options},
    proxy::Fault,
};

/// A part of a table that is run on a platform of its own.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) table: &'static str,
    pub(crate) work: Work,
    /// Which one of its sort.
    pub(crate) number: u64,
    pub(crate) tries: u64,
    /// That of the whole run.
    pub(crate) run_seed: u64,
}

/// What is done to the platform.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    Abort(Step),
    Kill(Victim),
    Zombie(Step),
    LateZombie,
    Rebalance,
    Network(Link),
    /// Tries are requests.
    Resend,
    Outage(Outage),
    Disk(Disk),
    /// Tries are steps of the model.
    Histories,
    /// Tries are seconds.
    Soak,
}

/// A sort of fault: how often in the full run, and how often on one platform.
#[derive(Clone)]
struct Sort {
    table: &'static str,
    work: Work,
    full: u64,
    together: u64,
    /// However small the run is.
    least: u64,
}

impl Piece {
    /// The name of its sort of fault.
    pub(crate) fn faults(&self) -> &'static str {
        self.work.name()
    }

    /// Chance, the same for the same piece of the same seed.
    pub(crate) fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed())
    }

    /// What its chance begins with.
    pub(crate) fn seed(&self) -> u64 {
        let name = self
            .faults()
            .bytes()
            .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        self.run_seed.wrapping_mul(1_000_003).wrapping_add(name).wrapping_add(self.number)
    }
}

impl Work {
    /// Whether nothing else may run meanwhile: servers or shared tables are changed, the one detour to
    /// Kafka is used, or a processor is kept busy.
    pub(crate) fn wants_to_be_alone(&self) -> bool {
        match self {
            Self::Abort(step) => aborts::is_in_collector(*step),
            Self::Kill(victim) => victim.is_server(),
            Self::Disk(disk) => *disk != Disk::ArchiveFull,
            Self::Network(link) => *link == Link::Kafka,
            Self::LateZombie | Self::Outage(_) | Self::Histories | Self::Soak => true,
            Self::Zombie(_) | Self::Rebalance | Self::Resend => false,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Abort(step) | Self::Zombie(step) => step.as_str(),
            Self::Kill(victim) => victim.as_str(),
            Self::LateZombie => "beyond-the-window",
            Self::Rebalance => "rebalances",
            Self::Network(link) => link.as_str(),
            Self::Resend => "posts",
            Self::Outage(outage) => outage.as_str(),
            Self::Disk(disk) => disk.as_str(),
            Self::Histories => "histories-steps",
            Self::Soak => "soak-seconds",
        }
    }
}

/// What a table holds.
fn sorts(table: &'static str) -> Vec<Sort> {
    let sort = |work, full, together| Sort { table, work, full, together, least: 0 };
    match table {
        "T1" => Step::ALL.iter().map(|step| sort(Work::Abort(*step), 100, 25)).collect(),
        "T2" => Victim::ALL.map(|victim| sort(Work::Kill(victim), victim.full(), 50)).into(),
        "T3" => {
            let zombies = zombies::STEPS.map(|step| sort(Work::Zombie(step), 30, 10));
            zombies.into_iter().chain([sort(Work::LateZombie, 20, 10)]).collect()
        }
        "T4" => vec![sort(Work::Rebalance, 500, 100)],
        "T5" => {
            let faults = 20 * Fault::ALL.len() as u64;
            Link::ALL.map(|link| sort(Work::Network(link), faults, 30)).into()
        }
        "T6" => vec![sort(Work::Resend, 200_000, 200_000)],
        "T7" => {
            let full =
                |outage: Outage| sort(Work::Outage(outage), outage.full(), outage.together());
            Outage::ALL.map(full).into()
        }
        "T8" => Disk::ALL.map(|disk| sort(Work::Disk(disk), disk.full(), 10)).into(),
        "T10" => {
            vec![Sort { least: 50_000, ..sort(Work::Histories, 1_000_000, 1_000_000) }]
        }
        "T17" => vec![sort(Work::Soak, 3_600, 3_600)],
        _ => Vec::new(),
    }
}

/// What the command line asks for, cut into pieces.
pub(crate) fn pieces(options: &Options) -> Result<Vec<Piece>, Failure> {
    let (tables, choice): (&[&'static str], _) = match &options.command {
        Command::T1(choice) => (&["T1"], choice.clone()),
        Command::T2(choice) => (&["T2"], choice.clone()),
        Command::T3(choice) => (&["T3"], choice.clone()),
        Command::T4(choice) => (&["T4"], choice.clone()),
        Command::T5(choice) => (&["T5"], choice.clone()),
        Command::T6(choice) => (&["T6"], choice.clone()),
        Command::T7(choice) => (&["T7"], choice.clone()),
        Command::T8(choice) => (&["T8"], choice.clone()),
        Command::T10(choice) => (&["T10"], choice.clone()),
        Command::T17(choice) => (&["T17"], choice.clone()),
        Command::All => {
            (&["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T10", "T17"], Choice::default())
        }
        Command::Slice => (&["T1", "T2", "T3", "T4", "T5", "T10"], Choice::default()),
        Command::Report => (&[], Choice::default()),
    };
    let sorts: Vec<_> = tables.iter().flat_map(|table| sorts(table)).collect();
    if let Some(unknown) =
        choice.only.iter().find(|name| !sorts.iter().any(|sort| sort.work.name() == *name))
    {
        let names: Vec<_> = sorts.iter().map(|sort| sort.work.name()).collect();
        return Err(format!("{unknown:?} is none of {}", names.join(", ")).into());
    }
    let mut pieces = Vec::new();
    for (sort, share) in shares(sorts, options) {
        if !choice.only.is_empty() && !choice.only.iter().any(|name| name == sort.work.name()) {
            continue;
        }
        let mut left = choice.tries.unwrap_or(share);
        for number in 1.. {
            if left == 0 {
                break;
            }
            let tries = left.min(sort.together);
            left -= tries;
            let Sort { table, work, .. } = sort.clone();
            pieces.push(Piece { table, work, number, tries, run_seed: options.seed });
        }
    }
    Ok(pieces)
}

/// How many tries each sort has at this size. Of what is left over when every table has its share,
/// chance says which sorts get it.
fn shares(sorts: Vec<Sort>, options: &Options) -> Vec<(Sort, u64)> {
    let size = u64::from(options.size);
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut shares: Vec<_> = sorts.into_iter().map(|sort| (sort.full * size / 100, sort)).collect();
    let tables: BTreeSet<_> = shares.iter().map(|(_, sort)| sort.table).collect();
    for table in tables {
        let of_table = |(_, sort): &&mut (u64, Sort)| sort.table == table;
        let (given, full) = shares
            .iter()
            .filter(|(_, sort)| sort.table == table)
            .fold((0, 0), |(given, full), (share, sort)| (given + share, full + sort.full));
        let left = (full * size).div_ceil(100) - given;
        let lucky = shares.iter_mut().filter(of_table).choose_multiple(&mut random, left as usize);
        lucky.into_iter().for_each(|(share, _)| *share += 1);
    }
    let at_least = |(share, sort): (u64, Sort)| (sort.clone(), share.max(sort.least));
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
    fn the_full_run_has_the_figures_that_are_asked_for() {
        for (table, full) in [("t1", 1_400), ("t2", 2_600), ("t3", 200), ("t4", 500), ("t5", 600)] {
            assert_eq!(tries(&format!("faults {table}")), full, "{table}");
        }
        assert_eq!(tries("faults t10"), 1_000_000);
    }

    #[test]
    fn one_percent_is_one_percent_of_each_table_and_enough_of_the_model() {
        for (table, share) in [("t1", 14), ("t2", 26), ("t3", 2), ("t4", 5), ("t5", 6)] {
            assert_eq!(tries(&format!("faults --size 1 {table}")), share, "{table}");
        }
        assert_eq!(tries("faults --size 1 t10"), 50_000);
    }

    #[test]
    fn large_shares_are_cut_into_pieces_that_can_be_resumed() {
        let options = Options::parse_from(["faults", "t2", "--only", "clickhouse"]);
        let pieces = pieces(&options).unwrap();
        assert_eq!(pieces.len(), 20);
        assert!(pieces.iter().all(|piece| piece.tries == 50));
    }

    #[test]
    fn a_sort_of_faults_that_there_is_not_is_refused() {
        let options = Options::parse_from(["faults", "t2", "--only", "oracle"]);
        assert!(pieces(&options).unwrap_err().to_string().contains("clickhouse"));
    }
}
