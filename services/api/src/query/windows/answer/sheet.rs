//! Windows as rows: one for each segment and window, or for each session, and of sessions the totals.

use super::{NamedRow, WindowsAnswer};
use crate::{
    reports::Values,
    sheet::{About, Cell, Kind, Sheet, Tabular},
};

impl Tabular for WindowsAnswer {
    fn about(&self) -> About {
        let Self { from, to, as_of, retained_from, .. } = *self;
        About { from, to, as_of, retained_from }
    }

    fn fill(&self, sheet: &mut Sheet) {
        sheet.columns(Kind::Text, ["row"]);
        sheet.columns(Kind::Text, self.names.iter().map(String::as_str));
        sheet.columns(Kind::Moment, ["from", "to", "last"]);
        for metric in &self.metrics {
            sheet.columns(Kind::Number(metric.unit()), [metric.as_str()]);
        }
        for metric in self.metrics.iter().filter(|metric| metric.needs_currency()) {
            for currency in &self.other_currencies {
                let name = format!("{}_{currency}", metric.as_str());
                sheet.columns(Kind::Number(metric.unit()), [name.as_str()]);
            }
        }
        for row in &self.rows {
            let NamedRow { keys, from, to, last, values } = row;
            let kind = if last.is_some() { "session" } else { "window" };
            let keys = keys.iter().map(|(_, key)| Cell::from(key));
            let about = [Cell::from(kind)].into_iter().chain(keys);
            let times = [Cell::from(*from), (*to).into(), (*last).into()];
            sheet.row(about.chain(times).chain(self.numbers(values)));
        }
        if let Some(totals) = &self.totals {
            let keys = self.names.iter().map(|_| Cell::Nothing);
            let about = [Cell::from("totals")].into_iter().chain(keys);
            let times = [Cell::from(self.from), self.to.into(), Cell::Nothing];
            sheet.row(about.chain(times).chain(self.numbers(totals)));
        }
    }
}

impl WindowsAnswer {
    /// Returns each metric, then each amount in each other currency.
    fn numbers(&self, values: &Values) -> Vec<Cell> {
        let own = self.metrics.iter().map(|metric| values.value(*metric, None).into());
        let mut cells: Vec<Cell> = own.collect();
        for metric in self.metrics.iter().filter(|metric| metric.needs_currency()) {
            for currency in &self.other_currencies {
                cells.push(values.value(*metric, Some(*currency)).into());
            }
        }
        cells
    }
}
