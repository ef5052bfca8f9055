//! A table of user retention as rows: one for each cell.

use super::RetentionAnswer;
use crate::sheet::{About, Cell, Kind, Sheet, Tabular};

impl Tabular for RetentionAnswer {
    fn about(&self) -> About {
        let Self { from, to, as_of, retained_from, .. } = *self;
        About { from, to, as_of, retained_from }
    }

    fn fill(&self, sheet: &mut Sheet) {
        sheet.columns(Kind::Text, ["row", "cohort"]);
        sheet.columns(Kind::COUNT, ["column", "size", "count"]);
        sheet.columns(Kind::RATIO, ["rate"]);
        sheet.columns(Kind::Text, ["state"]);
        for cohort in &self.cohorts {
            let start = cohort.start.to_string();
            for (column, cell) in (0u64..).zip(&cohort.cells) {
                sheet.row([
                    Cell::from("cohort"),
                    (&start).into(),
                    column.into(),
                    cohort.size.into(),
                    cell.count.into(),
                    cell.rate.into(),
                    cell.state.into(),
                ]);
            }
        }
        for (column, average) in (0u64..).zip(&self.averages) {
            sheet.row([
                Cell::from("average"),
                Cell::Nothing,
                column.into(),
                average.size.into(),
                average.count.into(),
                average.rate.into(),
                Cell::Nothing,
            ]);
        }
    }
}
