use serde::{Deserialize, Serialize};

/// A kind of test, with its own command. Earlier results name it by a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scenario {
    #[serde(alias = "T1")]
    Aborts,
    #[serde(alias = "T2")]
    Kills,
    #[serde(alias = "T3")]
    Zombies,
    #[serde(alias = "T4")]
    Rebalances,
    #[serde(alias = "T5")]
    Links,
    Moves,
    #[serde(alias = "T6")]
    Resends,
    #[serde(alias = "T7")]
    Outages,
    #[serde(alias = "T8")]
    Disks,
    Drills,
    Restarts,
    Upgrades,
    #[serde(alias = "T10")]
    Histories,
    #[serde(alias = "T17")]
    Soak,
}

impl Scenario {
    /// The scenarios of a full run.
    pub(crate) const ALL: [Self; 14] = [
        Self::Aborts,
        Self::Kills,
        Self::Zombies,
        Self::Rebalances,
        Self::Links,
        Self::Moves,
        Self::Resends,
        Self::Outages,
        Self::Disks,
        Self::Drills,
        Self::Restarts,
        Self::Upgrades,
        Self::Histories,
        Self::Soak,
    ];

    /// The scenarios of a slice. With this order, a seed decides which kinds of fault get the tries
    /// that remain after rounding.
    pub(crate) const SLICE: [Self; 6] =
        [Self::Aborts, Self::Histories, Self::Kills, Self::Zombies, Self::Rebalances, Self::Links];

    /// The name in commands, results and reports.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Aborts => "aborts",
            Self::Kills => "kills",
            Self::Zombies => "zombies",
            Self::Rebalances => "rebalances",
            Self::Links => "links",
            Self::Moves => "moves",
            Self::Resends => "resends",
            Self::Outages => "outages",
            Self::Disks => "disks",
            Self::Drills => "drills",
            Self::Restarts => "restarts",
            Self::Upgrades => "upgrades",
            Self::Histories => "histories",
            Self::Soak => "soak",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_runs_every_night() {
        let workflow = include_str!("../../../.github/workflows/nightly.yml");
        let line = workflow.lines().find_map(|line| line.trim().strip_prefix("scenario: ["));
        let nightly: Vec<_> = line.unwrap().trim_end_matches(']').split(", ").collect();
        assert_eq!(nightly, Scenario::ALL.map(Scenario::as_str));
    }
}
