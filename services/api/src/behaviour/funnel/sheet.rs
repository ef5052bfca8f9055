//! A funnel as rows: one for each step.

use super::{FunnelAnswer, FunnelSeconds};
use crate::{
    behaviour::breakdown::FunnelNumbers,
    sheet::{About, Cell, Kind, Sheet, Tabular},
};

/// What is the same for all steps of a funnel, or of a part of it.
struct Whole<'a> {
    total_rate: Option<f64>,
    seconds: Option<&'a FunnelSeconds>,
    excluded: u64,
    open: u64,
    without_key: Option<u64>,
}

impl Whole<'_> {
    fn cells(&self) -> [Cell; 7] {
        [
            self.total_rate.into(),
            self.seconds.map(|seconds| seconds.median).into(),
            self.seconds.map(|seconds| seconds.mean).into(),
            self.seconds.map(|seconds| seconds.p90).into(),
            self.excluded.into(),
            self.open.into(),
            self.without_key.into(),
        ]
    }
}

impl Tabular for FunnelAnswer {
    fn about(&self) -> About {
        let Self { from, to, as_of, retained_from, .. } = *self;
        About { from, to, as_of, retained_from }
    }

    fn fill(&self, sheet: &mut Sheet) {
        sheet.columns(Kind::Text, ["row", "value"]);
        sheet.columns(Kind::COUNT, ["step"]);
        sheet.columns(Kind::Text, ["event"]);
        sheet.columns(Kind::COUNT, ["count", "keys"]);
        sheet.columns(
            Kind::RATIO,
            ["rate", "total_rate", "median_seconds", "mean_seconds", "p90_seconds"],
        );
        sheet.columns(Kind::COUNT, ["excluded", "open", "without_key"]);
        let whole = Whole {
            total_rate: self.total_rate,
            seconds: self.seconds.as_ref(),
            excluded: self.excluded,
            open: self.open,
            without_key: Some(self.without_key),
        };
        for (number, step) in (1u64..).zip(&self.steps) {
            let own = [
                Cell::from("all"),
                Cell::Nothing,
                number.into(),
                (&step.event).into(),
                step.count.into(),
                step.keys.into(),
                step.rate.into(),
            ];
            sheet.row(own.into_iter().chain(whole.cells()));
        }
        let Some(breakdown) = &self.breakdown else {
            return;
        };
        for of_value in &breakdown.values {
            part(sheet, "value", Cell::from(&of_value.value), &of_value.numbers);
        }
        if let Some(others) = &breakdown.others {
            part(sheet, "others", Cell::Nothing, others);
        }
    }
}

/// Adds the steps of the keys whose first step has a value.
fn part(sheet: &mut Sheet, kind: &str, value: Cell, numbers: &FunnelNumbers) {
    let whole = Whole {
        total_rate: numbers.total_rate,
        seconds: numbers.seconds.as_ref(),
        excluded: numbers.excluded,
        open: numbers.open,
        without_key: None,
    };
    for (number, step) in (1u64..).zip(&numbers.steps) {
        let own = [
            Cell::from(kind),
            value.clone(),
            number.into(),
            (&step.event).into(),
            step.count.into(),
            Cell::Nothing,
            step.rate.into(),
        ];
        sheet.row(own.into_iter().chain(whole.cells()));
    }
}
