use std::collections::{BTreeMap, BTreeSet};

use super::Record;

const HEADER: &str = "\
| # | faults | tries | requests | events accepted | lost | doubled | slowest catch-up | time | seeds | commit |
|---|---|--:|--:|--:|--:|--:|--:|--:|---|---|
";

/// The results in Markdown: pieces of a sort of fault are one row.
pub(crate) fn table(records: &[Record]) -> String {
    let mut rows = BTreeMap::<_, Vec<&Record>>::new();
    for record in records {
        let number: u32 = record.table.trim_start_matches('T').parse().unwrap_or(u32::MAX);
        rows.entry((number, &record.faults)).or_default().push(record);
    }
    let mut text = HEADER.to_owned();
    for ((_, faults), pieces) in rows {
        let sum = |of: fn(&Record) -> u64| pieces.iter().map(|piece| of(piece)).sum::<u64>();
        let caught_up = pieces.iter().map(|piece| piece.caught_up_seconds).fold(0.0, f64::max);
        let seconds: f64 = pieces.iter().map(|piece| piece.seconds).sum();
        let seeds: BTreeSet<_> = pieces.iter().map(|piece| piece.seed).collect();
        let seeds: Vec<_> = seeds.iter().map(ToString::to_string).collect();
        let commits: BTreeSet<_> = pieces.iter().map(|piece| piece.commit.as_str()).collect();
        let commits: Vec<_> = commits.into_iter().collect();
        let table = pieces.first().map(|piece| piece.table.as_str()).unwrap_or_default();
        text += &format!(
            "| {table} | {faults}{} | {} | {} | {} | {} | {} | {caught_up:.1} s | {} | {} | {} |\n",
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

/// What else was measured: the highest of each.
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
