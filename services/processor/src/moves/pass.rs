use chrono::{DateTime, NaiveDate, Utc};
use log::{LogPlace, Offset};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use warehouse::RowLane;

/// How far a comparison of both sides is: the counts of its step, by which the next process continues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Pass {
    /// The number of the pass, from 1 on: each difference asks for another one.
    pub(super) pass: u64,
    /// When it may begin; `None` if that is at once.
    pub(super) not_before: Option<DateTime<Utc>>,
    /// Rows below these places are compared.
    pub(super) below: Vec<LogPlace>,
    /// Where it continues; `None` at its begin.
    pub(super) at: Option<Position>,
    /// Rows that are to be compared.
    pub(super) total_rows: u64,
    /// Rows that were compared.
    pub(super) compared_rows: u64,
    /// Rows that were copied, in all passes.
    pub(super) copied_rows: u64,
    /// Pieces, kept days and days of rejects that differed in this pass.
    pub(super) differences: u64,
}

/// A lane, and the first of its offsets that is not compared yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) day: NaiveDate,
    pub(super) place: LogPlace,
}

impl Pass {
    /// Reads the counts of a step. What cannot be read begins anew.
    pub(super) fn of(counts: &Value) -> Self {
        Self::deserialize(counts).unwrap_or_default()
    }

    /// Whether it has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.pass > 0
    }

    /// Whether it has to wait.
    pub(super) fn waits(&self) -> bool {
        self.not_before.is_some_and(|begin| Utc::now() < begin)
    }

    /// Returns the pass that follows.
    pub(super) fn next(&self, below: Vec<LogPlace>) -> Self {
        let pass = self.pass + 1;
        Self { pass, below, copied_rows: self.copied_rows, ..Self::default() }
    }

    /// Returns the offset of the lane from which it is to be compared; `None` if it is done.
    pub(super) fn start_of(&self, lane: RowLane) -> Option<Offset> {
        let Some(Position { day, place }) = self.at else { return Some(Offset::ZERO) };
        let at = RowLane { day, generation: place.generation, partition: place.partition };
        match lane.cmp(&at) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(place.offset),
            std::cmp::Ordering::Greater => Some(Offset::ZERO),
        }
    }

    /// Continues at this offset of a lane.
    pub(super) fn go_to(&mut self, lane: RowLane, offset: Offset) {
        let RowLane { day, generation, partition } = lane;
        let place = LogPlace { generation, partition, offset };
        self.at = Some(Position { day, place });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lane(day: u32, partition: u16) -> RowLane {
        let LogPlace { generation, partition, .. } = LogPlace::new(1, partition, 0);
        RowLane { day: NaiveDate::from_ymd_opt(2026, 11, day).unwrap(), generation, partition }
    }

    #[test]
    fn a_pass_continues_where_it_was_noted() {
        let mut pass = Pass::of(&json!({})).next(vec![LogPlace::new(1, 0, 100)]);
        assert_eq!(pass.start_of(lane(1, 0)), Some(Offset::ZERO));
        pass.go_to(lane(2, 3), Offset::new(42));
        pass.copied_rows = 7;
        let noted = Pass::of(&serde_json::to_value(&pass).unwrap());
        assert_eq!(noted, pass);
        assert_eq!(noted.start_of(lane(1, 9)), None);
        assert_eq!(noted.start_of(lane(2, 2)), None);
        assert_eq!(noted.start_of(lane(2, 3)), Some(Offset::new(42)));
        assert_eq!(noted.start_of(lane(2, 4)), Some(Offset::ZERO));
        let next = noted.next(Vec::new());
        assert_eq!((next.pass, next.at, next.copied_rows), (2, None, 7));
    }
}
