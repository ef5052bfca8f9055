use std::{collections::BTreeMap, ops::Range};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{Buckets, QuarterHour, Sums, TimeRange, clock::EvenStretch};

const DAY: TimeDelta = TimeDelta::days(1);

/// How far beyond a range steps are looked for: no zone moves its clock further.
const MARGIN: TimeDelta = TimeDelta::days(2);

/// Consecutive windows of one size, each made of whole steps.
///
/// Steps follow the local time of a zone, as buckets do: one that contains a transition is longer or
/// shorter. An hour that occurs twice is two steps; local time that is skipped has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    steps: Buckets,
    windows: Vec<TimeWindow>,
    /// How many steps each window has.
    overlap: usize,
    range: TimeRange,
}

/// A stretch of time whose events are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    /// Its first moment.
    pub from: DateTime<Utc>,
    /// The first moment after it.
    pub to: DateTime<Utc>,
}

/// Why windows are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// The size of tumbling windows does not fit the clock.
    #[error(
        "must divide a day into equal parts of whole quarter hours, such as 15m, 30m, 1h or 6h, or be \
         whole days up to 366d"
    )]
    Size,
    /// The size of sliding windows is not a multiple of the steps, or too large.
    #[error("must be 1 to {} times `every`", Windows::MOST_STEPS)]
    Multiple,
    /// The steps of sliding windows do not fit the clock.
    #[error("must divide a day into equal parts of whole quarter hours, such as 15m, 1h or 1d")]
    Every,
    /// There are too many windows.
    #[error(
        "gives more than {} windows: make it larger, or ask for a shorter range",
        Windows::MOST
    )]
    TooMany,
    /// No window ends in the range.
    #[error("gives no window: ask for a longer range, in which one ends")]
    None,
}

impl Windows {
    /// The most windows, as many as the quarter hours of 31 days.
    pub const MOST: usize = 31 * 96;
    /// The most steps of a sliding window.
    pub const MOST_STEPS: usize = 366;

    /// Returns the windows that follow each other without a gap, from the start of a range to its end.
    ///
    /// They begin at multiples of `size` since local midnight; those of several days are counted from
    /// the first day of the range. The first and the last one are cut to the range.
    ///
    /// # Errors
    /// The size does not fit the clock, or there are too many windows.
    pub fn tumbling(range: TimeRange, size: TimeDelta, zone: Tz) -> Result<Self, WindowError> {
        let is_days = size >= DAY && size.num_seconds() % DAY.num_seconds() == 0;
        if !(divides_a_day(size) || is_days && size.num_days() <= 366) {
            return Err(WindowError::Size);
        }
        not_too_many(range, size)?;
        let starts = steps(range, size, zone);
        let ends = starts.iter().skip(1).copied().chain([range.to()]);
        let windows = starts.iter().zip(ends).map(|(from, to)| TimeWindow { from: *from, to });
        let windows: Vec<_> = windows.collect();
        Ok(Self { steps: Buckets::of(starts), windows, overlap: 1, range })
    }

    /// Returns the windows of a size that end in a range after its start, up to its end; a further one
    /// ends at each multiple of `every` since local midnight.
    ///
    /// A window is `size` over `every` consecutive steps. The first ones begin before the range.
    ///
    /// # Errors
    /// The sizes do not fit each other or the clock, there are too many windows, or none.
    pub fn sliding(
        range: TimeRange,
        size: TimeDelta,
        every: TimeDelta,
        zone: Tz,
    ) -> Result<Self, WindowError> {
        if !divides_a_day(every) {
            return Err(WindowError::Every);
        }
        let overlap = usize::try_from(size.num_seconds() / every.num_seconds()).unwrap_or_default();
        let is_whole = size.num_seconds() % every.num_seconds() == 0;
        if !is_whole || !(1..=Self::MOST_STEPS).contains(&overlap) {
            return Err(WindowError::Multiple);
        }
        not_too_many(range, every)?;
        let earliest = (range.from() - size - MARGIN).max(DateTime::UNIX_EPOCH);
        let around = TimeRange::covering(earliest, range.to() + MARGIN);
        let starts = steps(around.map_err(|_| WindowError::None)?, every, zone);
        // The first step of all is cut, so no window begins with it.
        let ends = starts.iter().enumerate().skip(overlap + 1);
        let ended = ends.filter(|(_, end)| range.from() < **end && **end <= range.to());
        let windows: Vec<_> = ended
            .filter_map(|(index, to)| {
                Some(TimeWindow { from: *starts.get(index - overlap)?, to: *to })
            })
            .collect();
        let (Some(first), Some(last)) = (windows.first(), windows.last()) else {
            return Err(WindowError::None);
        };
        let whole = TimeRange::covering(first.from, last.to).map_err(|_| WindowError::None)?;
        let within = starts.into_iter().filter(|start| whole.contains(*start)).collect();
        Ok(Self { steps: Buckets::of(within), windows, overlap, range: whole })
    }

    /// Returns the windows, ascending.
    pub fn all(&self) -> &[TimeWindow] {
        &self.windows
    }

    /// Returns the numbers of the windows that contain `time`.
    pub fn that_contain(&self, time: DateTime<Utc>) -> Range<usize> {
        let ended = self.windows.partition_point(|window| window.to <= time);
        let begun = self.windows.partition_point(|window| window.from <= time);
        ended..begun
    }

    /// Returns the time of all windows together.
    pub const fn range(&self) -> TimeRange {
        self.range
    }

    /// Returns the steps. Window number `n`, from 0, begins with step number `n`.
    pub const fn steps(&self) -> &Buckets {
        &self.steps
    }

    /// Returns how many steps each window has.
    pub const fn overlap(&self) -> usize {
        self.overlap
    }

    /// Returns the sums of each window, from those of the steps by their start; steps without events
    /// may be absent.
    ///
    /// Each step is added three times, however many windows contain it.
    pub fn fold(&self, series: &BTreeMap<DateTime<Utc>, Sums>) -> Vec<Sums> {
        let starts = self.steps.starts().iter();
        let mut heads: Vec<Sums> =
            starts.map(|start| series.get(start).cloned().unwrap_or_default()).collect();
        let mut tails = heads.clone();
        // Sums cannot be subtracted. In blocks as long as a window, a head is the sum up to a step, and
        // a tail that from it on: a window is the tail of one block and the head of the next.
        for block in heads.chunks_mut(self.overlap) {
            accumulate(block.iter_mut());
        }
        for block in tails.chunks_mut(self.overlap) {
            accumulate(block.iter_mut().rev());
        }
        let last_steps = heads.iter().skip(self.overlap - 1);
        let windows = tails.into_iter().zip(last_steps).enumerate();
        windows
            .map(|(first, (mut tail, head))| {
                if first % self.overlap != 0 {
                    tail.merge(head);
                }
                tail
            })
            .collect()
    }
}

/// Adds to each of some sums those before it.
fn accumulate<'a>(sums: impl Iterator<Item = &'a mut Sums>) {
    let mut all = Sums::default();
    for own in sums {
        all.merge(own);
        own.clone_from(&all);
    }
}

fn divides_a_day(size: TimeDelta) -> bool {
    let seconds = size.num_seconds();
    seconds > 0
        && seconds % QuarterHour::LENGTH.num_seconds() == 0
        && DAY.num_seconds() % seconds == 0
}

fn not_too_many(range: TimeRange, size: TimeDelta) -> Result<(), WindowError> {
    let windows = range.length().num_seconds() / size.num_seconds().max(1);
    let is_possible = usize::try_from(windows).is_ok_and(|windows| windows <= Windows::MOST);
    if is_possible { Ok(()) } else { Err(WindowError::TooMany) }
}

/// Returns the starts of the steps of a range; the first one is its start.
fn steps(range: TimeRange, size: TimeDelta, zone: Tz) -> Vec<DateTime<Utc>> {
    // Quarter hours are those of the stores, in UTC.
    let zone = if size == QuarterHour::LENGTH { Tz::UTC } else { zone };
    let seconds = size.num_seconds();
    let mut starts = Vec::new();
    let mut first_midnight = None;
    let mut last: Option<(i64, TimeDelta)> = None;
    for even in EvenStretch::all(range, zone) {
        let mut time = even.from;
        while time < even.to {
            let clock = even.reading(time).and_utc().timestamp();
            let midnight = *first_midnight.get_or_insert(clock - clock.rem_euclid(86_400));
            let number = (clock - midnight).div_euclid(seconds);
            // The same local time again is the same step, unless all of the step occurs again.
            let is_same = last.is_some_and(|(known, offset)| {
                let shift = (offset - even.offset).num_seconds();
                known == number && (shift == 0 || shift % seconds != 0)
            });
            if !is_same {
                starts.push(time);
            }
            last = Some((number, even.offset));
            time = even.next_multiple(time, size.min(DAY));
        }
    }
    starts
}
