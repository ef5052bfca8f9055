//! Sessions as rows: one for each bucket, and the totals.

use chrono::{DateTime, Utc};

use super::{SessionNumbers, SessionsAnswer};
use crate::sheet::{About, Cell, Kind, Sheet, Tabular};

impl Tabular for SessionsAnswer {
    fn about(&self) -> About {
        let Self { from, to, as_of, retained_from, .. } = *self;
        About { from, to, as_of, retained_from }
    }

    fn fill(&self, sheet: &mut Sheet) {
        sheet.columns(Kind::Text, ["row"]);
        sheet.columns(Kind::Moment, ["start"]);
        sheet.columns(Kind::COUNT, ["sessions", "keys", "events", "bounces"]);
        sheet.columns(Kind::RATIO, ["bounce_rate", "mean_seconds", "sessions_per_key"]);
        sheet.columns(Kind::COUNT, ["without_key"]);
        for bucket in &self.series {
            sheet.row(cells("bucket", bucket.start, &bucket.numbers, None));
        }
        sheet.row(cells("totals", self.from, &self.totals, Some(self.without_key)));
    }
}

fn cells(
    kind: &str,
    start: DateTime<Utc>,
    numbers: &SessionNumbers,
    without_key: Option<u64>,
) -> [Cell; 10] {
    [
        kind.into(),
        start.into(),
        numbers.sessions.into(),
        numbers.keys.into(),
        numbers.events.into(),
        numbers.bounces.into(),
        numbers.bounce_rate.into(),
        numbers.mean_seconds.into(),
        numbers.sessions_per_key.into(),
        without_key.into(),
    ]
}
