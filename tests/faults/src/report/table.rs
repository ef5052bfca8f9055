use std::collections::{BTreeMap, BTreeSet};

use super::Record;

const HEADER: &str = "\
| scenario | faults | tries | requests | events accepted | lost | doubled | slowest catch-up | time | seeds | commit |
|---|---|--:|--:|--:|--:|--:|--:|--:|---|---|
";

/// Returns the results in Markdown, one row for each kind of fault.
pub(crate) fn table(records: &[Record]) -> String {
    let mut rows = BTreeMap::<_, Vec<&Record>>::new();
    for record in records {
        rows.entry((record.scenario, &record.faults)).or_default().push(record);
    }
    let mut text = HEADER.to_owned();
    for ((scenario, faults), pieces) in rows {
        let sum = |of: fn(&Record) -> u64| pieces.iter().map(|piece| of(piece)).sum::<u64>();
        let caught_up = pieces.iter().map(|piece| piece.caught_up_seconds).fold(0.0, f64::max);
        let seconds: f64 = pieces.iter().map(|piece| piece.seconds).sum();
        let seeds: BTreeSet<_> = pieces.iter().map(|piece| piece.seed).collect();
        let seeds: Vec<_> = seeds.iter().map(ToString::to_string).collect();
        let commits: BTreeSet<_> = pieces.iter().map(|piece| piece.commit.as_str()).collect();
        let commits: Vec<_> = commits.into_iter().collect();
        text += &format!(
            "| {} | {faults}{} | {} | {} | {} | {} | {} | {caught_up:.1} s | {} | {} | {} |\n",
            scenario.as_str(),
            figures(&pieces),
            sum(|piece| piece.tries),
            sum(|piece| piece.posts),
            sum(|piece| piece.events),
            sum(|piece| piece.differences.lost),
            sum(|piece| piece.differences.doubled),
            duration(seconds),
            seeds.join(", "),
            commits.join(", "),
        );
    }
    text
}

/// Returns the highest value of each other measurement.
fn figures(pieces: &[&Record]) -> String {
    let mut highest = BTreeMap::<&str, f64>::new();
    for (name, value) in pieces.iter().flat_map(|piece| &piece.figures) {
        let known = highest.entry(name).or_insert(*value);
        *known = known.max(*value);
    }
    highest.iter().map(|(name, value)| format!("; {name}: {value:.0}")).collect()
}

fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0) as u64;
    if minutes < 60 {
        format!("{minutes} min")
    } else {
        format!("{} h {} min", minutes / 60, minutes % 60)
    }
}
