//! Answers as files: rows of typed cells, in each of the formats that queries have.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use csv::{Terminator, WriterBuilder};
use metrics::{Unit, Value};
use money::{Amount, Quantity};
use problem::Problem;
use serde::{Serialize, Serializer, ser::SerializeMap};
use tables::{Cells, Table};

use crate::query::{FileFormat, cells, digits, guarded};

/// An answer that can be a file.
pub(crate) trait Tabular: Serialize {
    /// Returns what the whole answer is about.
    fn about(&self) -> About;

    /// Adds the columns and the rows.
    fn fill(&self, sheet: &mut Sheet);

    /// Returns the rows; their times are shown by the clock of the zone.
    fn sheet(&self, zone: Tz) -> Sheet {
        let mut sheet = Sheet { zone, about: self.about(), columns: Vec::new(), rows: Vec::new() };
        self.fill(&mut sheet);
        sheet
    }
}

/// What an answer is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    /// The start of the range.
    pub(crate) from: DateTime<Utc>,
    /// Its end, excluded.
    pub(crate) to: DateTime<Utc>,
    /// Everything received before this time is counted; `None` while it is unknown.
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// From when on rows are retained, if events are read from before.
    pub(crate) retained_from: Option<DateTime<Utc>>,
}

/// Rows under named columns.
#[derive(Debug)]
pub(crate) struct Sheet {
    zone: Tz,
    about: About,
    columns: Vec<(String, Kind)>,
    rows: Vec<Vec<Cell>>,
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Moment,
    Number(Unit),
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// The row has no value of this column.
    Nothing,
    Text(String),
    Moment(DateTime<Utc>),
    Number(Value),
}

const NOTHING: &Cell = &Cell::Nothing;

impl Sheet {
    /// Adds columns of one kind to the right.
    pub(crate) fn columns<'a>(&mut self, kind: Kind, names: impl IntoIterator<Item = &'a str>) {
        self.columns.extend(names.into_iter().map(|name| (name.to_owned(), kind)));
    }

    /// Adds a row below: one cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Renders a file. All of it is in memory before its first byte is sent, so what fails here is a
    /// problem with a status of its own and never a part of a file.
    ///
    /// # Errors
    /// None is known: every row has a cell in each column.
    pub(crate) fn file(&self, format: FileFormat) -> Result<Vec<u8>, Problem> {
        match format {
            FileFormat::Ndjson => self.ndjson().map_err(Problem::internal),
            FileFormat::Csv => self.csv().map_err(Problem::internal),
            FileFormat::Parquet => self.table().into_parquet().map_err(Problem::internal),
            FileFormat::Arrow => self.table().into_arrow().map_err(Problem::internal),
        }
    }

    fn ndjson(&self) -> serde_json::Result<Vec<u8>> {
        let mut lines = Vec::new();
        for cells in &self.rows {
            serde_json::to_writer(&mut lines, &Line { columns: &self.columns, cells })?;
            lines.push(b'\n');
        }
        Ok(lines)
    }

    /// Renders CSV (RFC 4180). A moment has two columns: by the clock of the zone, and in UTC.
    fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        let mut header = Vec::new();
        for (name, kind) in &self.columns {
            header.push(name.clone());
            if *kind == Kind::Moment {
                header.push(format!("{name}_utc"));
            }
        }
        writer.write_record(header)?;
        for cells in &self.rows {
            let mut record = Vec::new();
            for ((_, kind), cell) in self.columns.iter().zip(cells) {
                record.push(text(cell, self.zone));
                if *kind == Kind::Moment {
                    record.push(text(cell, Tz::UTC));
                }
            }
            writer.write_record(record)?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }

    fn table(&self) -> Table {
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let About { from, to, as_of, retained_from } = self.about;
        let mut facts = vec![
            ("tz".to_owned(), self.zone.name().to_owned()),
            ("from".to_owned(), time(from)),
            ("to".to_owned(), time(to)),
        ];
        facts.extend(as_of.map(|as_of| ("as_of".to_owned(), time(as_of))));
        facts.extend(retained_from.map(|from| ("retained_from".to_owned(), time(from))));
        let mut table = Table::new(facts);
        for (index, (name, kind)) in self.columns.iter().enumerate() {
            let column = self.rows.iter().map(|row| row.get(index).unwrap_or(NOTHING));
            table.push(name, kind.cells(column));
        }
        table
    }
}

impl Kind {
    pub(crate) const COUNT: Self = Self::Number(Unit::Count);
    pub(crate) const RATIO: Self = Self::Number(Unit::Ratio);

    /// Returns the typed cells of a column.
    fn cells<'a>(self, column: impl Iterator<Item = &'a Cell>) -> Cells {
        match self {
            Self::Text => Cells::Texts(
                column
                    .map(|cell| match cell {
                        Cell::Text(text) => Some(text.clone()),
                        _ => None,
                    })
                    .collect(),
            ),
            Self::Moment => Cells::Moments(
                column
                    .map(|cell| match cell {
                        Cell::Moment(moment) => Some(moment.timestamp_millis()),
                        _ => None,
                    })
                    .collect(),
            ),
            Self::Number(unit) => cells(
                unit,
                column.map(|cell| match cell {
                    Cell::Number(value) => *value,
                    _ => Value::Null,
                }),
            ),
        }
    }
}

/// Returns the text of a cell in CSV. A spreadsheet would run a text that begins like a formula, so it is
/// guarded; numbers stay as they are.
fn text(cell: &Cell, zone: Tz) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Text(text) => guarded(text),
        Cell::Moment(moment) => {
            moment.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, true)
        }
        Cell::Number(value) => digits(*value),
    }
}

/// A row with the names of its columns.
struct Line<'a> {
    columns: &'a [(String, Kind)],
    cells: &'a [Cell],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for ((name, _), cell) in self.columns.iter().zip(self.cells) {
            map.serialize_entry(name, cell)?;
        }
        map.end()
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Moment(moment) => moment.serialize(serializer),
            Self::Number(value) => value.serialize(serializer),
        }
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Nothing, Into::into)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::Moment(moment)
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        Self::Number(value)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Number(Value::Count(count))
    }
}

impl From<f64> for Cell {
    fn from(ratio: f64) -> Self {
        Self::Number(Value::Ratio(ratio))
    }
}

impl From<Amount> for Cell {
    fn from(amount: Amount) -> Self {
        Self::Number(Value::Money(amount))
    }
}

impl From<Quantity> for Cell {
    fn from(quantity: Quantity) -> Self {
        Self::Number(Value::Quantity(quantity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows: one with a formula, and one without any value.
    #[derive(Serialize)]
    struct Answer;

    impl Tabular for Answer {
        fn about(&self) -> About {
            let from = "2026-03-28T23:00:00Z".parse().unwrap();
            About { from, to: from, as_of: Some(from), retained_from: None }
        }

        fn fill(&self, sheet: &mut Sheet) {
            sheet.columns(Kind::Text, ["what"]);
            sheet.columns(Kind::Moment, ["start"]);
            sheet.columns(Kind::COUNT, ["count"]);
            sheet.columns(Kind::RATIO, ["rate"]);
            let start: DateTime<Utc> = "2026-03-28T23:00:00.125Z".parse().unwrap();
            sheet.row([Cell::from("=1+1"), start.into(), 7u64.into(), Cell::from(-0.5)]);
            sheet.row([Cell::from("b,c"), None::<u64>.into(), Cell::Nothing, Value::Null.into()]);
        }
    }

    #[test]
    fn a_row_has_the_same_cells_in_every_text() {
        let sheet = Answer.sheet(chrono_tz::Europe::Berlin);
        assert_eq!(sheet.rows(), 2);
        let text = |format| String::from_utf8(sheet.file(format).unwrap()).unwrap();
        assert_eq!(
            text(FileFormat::Csv),
            "what,start,start_utc,count,rate\r\n\
             '=1+1,2026-03-29T00:00:00.125+01:00,2026-03-28T23:00:00.125Z,7,-0.5\r\n\
             \"b,c\",,,,\r\n"
        );
        assert_eq!(
            text(FileFormat::Ndjson),
            "{\"what\":\"=1+1\",\"start\":\"2026-03-28T23:00:00.125Z\",\"count\":7,\"rate\":-0.5}\n\
             {\"what\":\"b,c\",\"start\":null,\"count\":null,\"rate\":null}\n"
        );
    }

    #[test]
    fn a_typed_column_has_nulls_where_rows_have_nothing() {
        let mut expected = Table::new(
            [
                ("tz", "Europe/Berlin"),
                ("from", "2026-03-28T23:00:00Z"),
                ("to", "2026-03-28T23:00:00Z"),
                ("as_of", "2026-03-28T23:00:00Z"),
            ]
            .map(|(name, fact)| (name.to_owned(), fact.to_owned())),
        );
        let texts = ["=1+1", "b,c"].map(|text| Some(text.to_owned()));
        expected.push("what", Cells::Texts(texts.to_vec()));
        expected.push("start", Cells::Moments(vec![Some(1_774_738_800_125), None]));
        expected.push("count", Cells::Integers(vec![Some(7), None]));
        expected.push("rate", Cells::Floats(vec![Some(-0.5), None]));
        assert_eq!(Answer.sheet(chrono_tz::Europe::Berlin).table(), expected);
    }
}
