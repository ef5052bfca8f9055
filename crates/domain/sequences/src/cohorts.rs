use chrono::NaiveDate;

use crate::{Bracket, Retention, ratio};

/// The accumulator of a table of retention.
#[derive(Clone, Debug)]
pub struct RetentionCounts {
    retention: Retention,
    rows: Vec<Row>,
    /// For each column, the number of the last key that was counted in it.
    counted: Vec<u64>,
    keys: u64,
}

#[derive(Clone, Debug)]
struct Row {
    size: u64,
    counts: Vec<u64>,
}

/// How many keys of each cohort return in each period.
#[derive(Clone, Debug, PartialEq)]
pub struct RetentionTable {
    /// A row for every period of the range, the empty ones included.
    pub cohorts: Vec<Cohort>,
    /// For each column, the share of keys that return, over the complete cells only.
    pub averages: Vec<Average>,
}

/// The keys whose first event lies in one period of the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// The first date of the period. The range may begin later.
    pub from: NaiveDate,
    /// The number of its keys.
    pub size: u64,
    /// A cell for each column.
    pub cells: Vec<Cell>,
}

/// The keys of one cohort that return in the periods of one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Their number; none in the future.
    pub count: Option<u64>,
    /// The number of keys of the cohort.
    pub size: u64,
    /// Whether the count is final.
    pub state: CellState,
}

/// Whether the periods of a cell are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellState {
    /// They are over for every key that can be in the cohort.
    Complete,
    /// They have begun.
    Partial,
    /// They have not begun.
    Future,
}

/// A column's sums over its complete cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Average {
    /// The keys that return.
    pub count: u64,
    /// The keys of the cohorts.
    pub size: u64,
    /// `count` over `size`; none over zero.
    pub rate: Option<f64>,
}

impl RetentionCounts {
    /// Returns the accumulator of a definition without any key.
    ///
    /// It holds a number for each of at most 1,830 cohorts times 366 columns.
    pub fn new(retention: Retention) -> Self {
        let columns = retention.columns.len();
        let rows = vec![Row { size: 0, counts: vec![0; columns] }; retention.cohorts];
        Self { retention, rows, counted: vec![0; columns], keys: 0 }
    }

    /// Adds one key by its sorted times, in milliseconds since 1970.
    ///
    /// `cohort_times` are those of the events that can make it a member. With [`First::Ever`] only
    /// the first is read, which must be the first of all time. `return_times` are those of the
    /// events that count as returns; those before the first event do not. If both are the same
    /// event, the first one is a return in period 0.
    ///
    /// It takes `O(cohort_times + return_times × log(columns) + columns)` time.
    ///
    /// [`First::Ever`]: crate::First::Ever
    pub fn add(&mut self, cohort_times: &[i64], return_times: &[i64]) {
        let Some((cohort, first)) = self.retention.assign(cohort_times) else { return };
        let Some(row) = self.rows.get_mut(cohort) else { return };
        row.size += 1;
        self.keys += 1;
        let retention = &self.retention;
        let periods =
            return_times.iter().filter_map(|time| retention.period_of(cohort, first, *time));
        if retention.or_after {
            let columns = periods.max().map_or(0, |last| last.saturating_add(1));
            let columns = usize::try_from(columns).unwrap_or(usize::MAX);
            row.counts.iter_mut().take(columns).for_each(|count| *count += 1);
            return;
        }
        for column in periods.filter_map(|period| retention.column(period)) {
            let (Some(count), Some(counted)) =
                (row.counts.get_mut(column), self.counted.get_mut(column))
            else {
                continue;
            };
            *count += u64::from(*counted != self.keys);
            *counted = self.keys;
        }
    }

    /// Returns the table of all keys that were added.
    ///
    /// `as_of` is the time in milliseconds up to which all events are known.
    pub fn table(&self, as_of: i64) -> RetentionTable {
        let columns = &self.retention.columns;
        let cohorts = (0..).zip(&self.rows);
        let cohorts: Vec<_> =
            cohorts.filter_map(|(number, row)| self.cohort(number, row, as_of)).collect();
        let averages = (0..columns.len()).map(|column| average(&cohorts, column)).collect();
        RetentionTable { cohorts, averages }
    }

    fn cohort(&self, number: usize, row: &Row, as_of: i64) -> Option<Cohort> {
        let retention = &self.retention;
        let cell = |(column, count): (&Bracket, &u64)| {
            let state = retention.state(number, *column, as_of)?;
            let count = (state != CellState::Future).then_some(*count);
            Some(Cell { count, size: row.size, state })
        };
        let cells = retention.columns.iter().zip(&row.counts).map(cell).collect::<Option<_>>()?;
        let unit = retention.period.unit();
        let from = retention.calendar.first_date(unit, retention.number(number)?)?;
        Some(Cohort { from, size: row.size, cells })
    }
}

fn average(cohorts: &[Cohort], column: usize) -> Average {
    let cells = cohorts.iter().filter_map(|cohort| cohort.cells.get(column));
    let complete = cells.filter(|cell| cell.state == CellState::Complete);
    let (count, size) = complete.fold((0, 0), |(count, size), cell| {
        (count + cell.count.unwrap_or_default(), size + cell.size)
    });
    Average { count, size, rate: ratio(count, size) }
}
