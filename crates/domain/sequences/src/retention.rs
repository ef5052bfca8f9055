use crate::{Calendar, CellState, DefinitionError, Span, calendar::Unit};

/// The periods of a table of retention. Cohorts are always by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnPeriod {
    /// Days of the calendar.
    Day,
    /// Weeks of the calendar.
    Week,
    /// Months of the calendar.
    Month,
    /// Each key's own 24 hours, from its first event on. Cohorts are days.
    Rolling24Hours,
    /// Each key's own 7 times 24 hours, from its first event on. Cohorts are weeks.
    Rolling7Days,
}

/// Which event of a key counts as its first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The first of all time. A key that began before the range is in no cohort.
    Ever,
    /// The first within the range, whatever came before.
    InRange,
}

/// What the columns of a table of retention count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Keys that return in the period. Column 0 is the period of the first event.
    On {
        /// The number of columns, 1 to 366.
        periods: u32,
    },
    /// Keys that return in the period or any later one.
    OnOrAfter {
        /// The number of columns, 1 to 366.
        periods: u32,
    },
    /// Keys that return in any period of a bracket. A column for each bracket, ascending.
    Brackets(Vec<Bracket>),
}

/// Consecutive periods, counted from 0, the period of the first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// The first period.
    pub first: u32,
    /// The last period, included.
    pub last: u32,
}

/// The definition of a table of retention: who is in a cohort, and what counts as a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    pub(crate) range: Span,
    pub(crate) period: ReturnPeriod,
    pub(crate) calendar: Calendar,
    pub(crate) first: First,
    pub(crate) columns: Vec<Bracket>,
    pub(crate) or_after: bool,
    /// The number of the first cohort's period.
    pub(crate) first_cohort: i64,
    /// The number of cohorts.
    pub(crate) cohorts: usize,
}

impl ReturnPeriod {
    /// Returns the period of the calendar that makes a cohort.
    pub(crate) const fn unit(self) -> Unit {
        match self {
            Self::Day | Self::Rolling24Hours => Unit::Day,
            Self::Week | Self::Rolling7Days => Unit::Week,
            Self::Month => Unit::Month,
        }
    }

    /// Returns the length of a rolling period in milliseconds; none of a period of the calendar.
    pub(crate) const fn rolling(self) -> Option<i64> {
        match self {
            Self::Rolling24Hours => Some(86_400_000),
            Self::Rolling7Days => Some(7 * 86_400_000),
            Self::Day | Self::Week | Self::Month => None,
        }
    }
}

impl Retention {
    /// The number of periods that a table can look at, the first event's included.
    pub const MAX_PERIODS: u32 = 366;
    /// The greatest number of cohorts: five years of days.
    pub const MAX_COHORTS: usize = 5 * 366;

    /// Returns the definition with a cohort for every period of the calendar that `range` touches.
    ///
    /// # Errors
    /// The columns are none, too many or not ascending, or the range touches too many periods.
    pub fn new(
        range: Span,
        period: ReturnPeriod,
        calendar: Calendar,
        first: First,
        measure: Measure,
    ) -> Result<Self, DefinitionError> {
        let or_after = matches!(measure, Measure::OnOrAfter { .. });
        let columns = columns(measure)?;
        let unit = period.unit();
        let cohorts = cohorts(range, unit, calendar).ok_or(DefinitionError::OutOfReach)?;
        let number = usize::try_from(cohorts.1 - cohorts.0 + 1).unwrap_or(usize::MAX);
        if number > Self::MAX_COHORTS {
            return Err(DefinitionError::Cohorts);
        }
        let first_cohort = cohorts.0;
        Ok(Self {
            range,
            period,
            calendar,
            first,
            columns,
            or_after,
            first_cohort,
            cohorts: number,
        })
    }

    /// Returns the cohort of a key, from 0, and the time of its first event; none if it is in none.
    pub(crate) fn assign(&self, cohort_times: &[i64]) -> Option<(usize, i64)> {
        let mut times = cohort_times.iter().copied();
        let first = match self.first {
            First::Ever => times.next().filter(|time| self.range.contains(*time)),
            First::InRange => times.find(|time| self.range.contains(*time)),
        }?;
        let number = self.calendar.number(self.period.unit(), first)?;
        Some((usize::try_from(number - self.first_cohort).ok()?, first))
    }

    /// Returns the number of the period, from 0, in which a key of a cohort returns at `time`; none
    /// before its first event, and beyond the calendar.
    pub(crate) fn period_of(&self, cohort: usize, first: i64, time: i64) -> Option<u32> {
        if time < first {
            return None;
        }
        let periods = match self.period.rolling() {
            Some(length) => time.saturating_sub(first) / length,
            None => self.calendar.number(self.period.unit(), time)? - self.number(cohort)?,
        };
        u32::try_from(periods).ok()
    }

    /// Returns the column that counts a return in a period.
    pub(crate) fn column(&self, period: u32) -> Option<usize> {
        let index = self.columns.partition_point(|bracket| bracket.last < period);
        self.columns.get(index).filter(|bracket| bracket.first <= period).map(|_| index)
    }

    /// Returns the number of a cohort's period in the calendar.
    pub(crate) fn number(&self, cohort: usize) -> Option<i64> {
        self.first_cohort.checked_add(i64::try_from(cohort).ok()?)
    }

    /// Returns whether the periods of a bracket are over at `as_of` for every key of a cohort.
    pub(crate) fn state(&self, cohort: usize, bracket: Bracket, as_of: i64) -> Option<CellState> {
        let Bracket { first, last } = bracket;
        let (unit, number) = (self.period.unit(), self.number(cohort)?);
        let (start, end) = match self.period.rolling() {
            None => (
                self.calendar.start(unit, number + i64::from(first))?,
                self.calendar.end(unit, number + i64::from(last))?,
            ),
            Some(length) => {
                let earliest = self.calendar.start(unit, number)?.max(self.range.from);
                let latest = self.calendar.end(unit, number)?.min(self.range.to);
                (earliest + length * i64::from(first), latest + length * (i64::from(last) + 1))
            }
        };
        Some(if end <= as_of {
            CellState::Complete
        } else if start < as_of {
            CellState::Partial
        } else {
            CellState::Future
        })
    }
}

/// Returns the periods that each column counts.
fn columns(measure: Measure) -> Result<Vec<Bracket>, DefinitionError> {
    let limit = Retention::MAX_PERIODS;
    match measure {
        Measure::On { periods } | Measure::OnOrAfter { periods } => {
            if !(1..=limit).contains(&periods) {
                return Err(DefinitionError::Periods);
            }
            Ok((0..periods).map(|period| Bracket { first: period, last: period }).collect())
        }
        Measure::Brackets(brackets) => {
            let ordered = brackets.iter().all(|bracket| bracket.first <= bracket.last);
            let pairs = brackets.iter().zip(brackets.iter().skip(1));
            let ascending = pairs.into_iter().all(|(one, next)| one.last < next.first);
            let within = brackets.last().is_some_and(|bracket| bracket.last < limit);
            if !(ordered && ascending && within) {
                return Err(DefinitionError::Brackets);
            }
            Ok(brackets)
        }
    }
}

/// Returns the numbers of the first and the last period that a range touches.
fn cohorts(range: Span, unit: Unit, calendar: Calendar) -> Option<(i64, i64)> {
    let mut first = calendar.number(unit, range.from)?;
    let mut last = calendar.number(unit, range.to - 1)?;
    // If the clock goes back over midnight, an earlier date resumes after a later one began.
    if calendar.end(unit, first - 1)? > range.from {
        first -= 1;
    }
    if calendar.start(unit, last + 1)? < range.to {
        last += 1;
    }
    Some((first, last))
}
