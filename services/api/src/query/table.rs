use chrono::{DateTime, SecondsFormat, Utc};
use metrics::{Unit, Value};
use tables::{Cells, Table};

use super::{
    answer::{Answered, Row, RowKind},
    columns::ValueColumn,
    render::resolved,
};
use crate::reports::Values;

/// The decimal places of an amount and of a quantity, as they are stored.
const PLACES_OF_MONEY: i8 = 6;
const PLACES_OF_QUANTITIES: i8 = 3;

impl Answered {
    /// Returns the rows as typed columns: segments, then others, then totals, distinguished by the first
    /// column. The columns are those of CSV, but a bucket has one: a moment, in UTC.
    pub(super) fn table(&self) -> Table {
        let request = &self.request;
        let mut rows = self.rows();
        rows.extend(self.other_rows());
        rows.push(self.whole(RowKind::Totals, &self.totals));
        let columns = self.value_columns();

        let mut table = Table::new(self.metadata());
        table.push("row", texts(rows.iter().map(|row| Some(row.kind.as_str()))));
        for (index, dimension) in request.dimensions.iter().enumerate() {
            let keys = rows.iter().map(|row| row.keys.get(index).map(String::as_str));
            table.push(dimension.as_str(), texts(keys));
        }
        table.push("start", moments(rows.iter().map(|row| row.start)));
        push_values(&mut table, "", &columns, &rows, |row| row.values.as_ref());
        if request.comparison.is_some() {
            table.push("previous_start", moments(rows.iter().map(|row| row.previous_start)));
            push_values(&mut table, "previous_", &columns, &rows, |row| {
                row.previous.as_ref()?.as_ref()
            });
            for (index, metric) in request.metrics.iter().enumerate() {
                let changes = rows.iter().map(|row| row.change.as_ref()?.0.get(index)?.1);
                table.push(format!("change_{}", metric.as_str()), Cells::Floats(changes.collect()));
            }
        }
        table
    }

    /// Returns what the numbers are about, under the names of the JSON.
    fn metadata(&self) -> Vec<(String, String)> {
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let mut metadata = vec![
            ("query", resolved(&self.request).to_string()),
            ("tz", self.request.zone.name().to_owned()),
            ("currency", self.currencies.own.to_string()),
            ("final_after", time(self.request.final_after())),
        ];
        metadata.extend(self.as_of.map(|as_of| ("as_of", time(as_of))));
        metadata.extend(self.retained_from.map(|retained| ("retained_from", time(retained))));
        metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn push_values<'a>(
    table: &mut Table,
    prefix: &str,
    columns: &[ValueColumn],
    rows: &'a [Row<'a>],
    side: impl Fn(&'a Row<'a>) -> Option<&'a Values>,
) {
    for column in columns {
        let values = rows.iter().map(|row| column.value(side(row)));
        table.push(column.name(prefix), cells(column.metric.unit(), values));
    }
}

/// Returns values of a unit as cells of the type that it has in every file.
pub(crate) fn cells(unit: Unit, values: impl Iterator<Item = Value>) -> Cells {
    match unit {
        Unit::Count => Cells::Integers(values.map(count).collect()),
        Unit::Quantity => Cells::Decimals {
            places: PLACES_OF_QUANTITIES,
            units: values.map(thousandths).collect(),
        },
        Unit::Money => {
            Cells::Decimals { places: PLACES_OF_MONEY, units: values.map(micros).collect() }
        }
        Unit::Credit | Unit::Ratio => Cells::Floats(values.map(ratio).collect()),
    }
}

fn count(value: Value) -> Option<i64> {
    match value {
        // No log has so many events.
        Value::Count(count) => Some(i64::try_from(count).unwrap_or(i64::MAX)),
        _ => None,
    }
}

fn thousandths(value: Value) -> Option<i128> {
    match value {
        Value::Quantity(quantity) => Some(i128::from(quantity.thousandths())),
        _ => None,
    }
}

fn micros(value: Value) -> Option<i128> {
    match value {
        Value::Money(amount) => Some(i128::from(amount.micros())),
        _ => None,
    }
}

fn ratio(value: Value) -> Option<f64> {
    match value {
        Value::Ratio(ratio) => Some(ratio),
        Value::Credit(millionths) => Some(millionths as f64 / 1_000_000.0),
        _ => None,
    }
}

fn texts<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Cells {
    Cells::Texts(texts.map(|text| text.map(str::to_owned)).collect())
}

fn moments(moments: impl Iterator<Item = Option<DateTime<Utc>>>) -> Cells {
    Cells::Moments(moments.map(|moment| moment.map(|moment| moment.timestamp_millis())).collect())
}
