use chrono::{DurationRound, TimeDelta};
use metrics::TimeRange;
use warehouse::Slice;

/// Dependencies that an hour's visitors are cut into at most.
const MOST_SLICES: u32 = 4_096;

/// What is asked of ClickHouse in one go: a stretch of time, of which only a slice of the visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portion {
    pub(super) range: TimeRange,
    pub(super) slice: Slice,
}

impl Portion {
    pub(super) const fn whole(range: TimeRange) -> Self {
        Self { range, slice: Slice::WHOLE }
    }

    /// Two halves by whole hours, when it was too much for one answer; none of a single hour.
    pub(super) fn by_time(self) -> Option<[Self; 2]> {
        let middle = self.range.from() + self.range.length() / 2;
        let middle = middle.duration_trunc(TimeDelta::hours(1)).ok()?;
        let (Some(first), Some(second)) = self.range.split_at(middle) else {
            return None;
        };
        Some([first, second].map(|range| Self { range, ..self }))
    }

    /// Two halves by time, or else by visitors.
    pub(super) fn by_time_or_slice(self) -> Option<[Self; 2]> {
        self.by_time().or_else(|| {
            let Slice { index, of } = self.slice;
            let slices = [index, index + of].map(|index| Slice { index, of: of * 2 });
            (of < MOST_SLICES).then_some(slices.map(|slice| Self { slice, ..self }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portion(from: &str, to: &str) -> Portion {
        Portion::whole(TimeRange::covering(from.parse().unwrap(), to.parse().unwrap()).unwrap())
    }

    #[test]
    fn a_day_is_halved_down_to_hours_and_an_hour_into_slices() {
        let mut portions = vec![portion("2026-03-01T05:00:00Z", "2026-03-02T00:00:00Z")];
        while let Some(at) = portions.iter().position(|portion| portion.by_time().is_some()) {
            portions.splice(at..=at, portions[at].by_time().unwrap());
        }
        assert_eq!(portions.len(), 19);
        assert!(portions.windows(2).all(|pair| pair[0].range.to() == pair[1].range.from()));
        assert!(portions.iter().all(|portion| portion.range.length() == TimeDelta::hours(1)));

        let halves = portions[0].by_time_or_slice().unwrap();
        let quarters: Vec<_> =
            halves.into_iter().flat_map(|half| half.by_time_or_slice().unwrap()).collect();
        let mut indexes: Vec<_> = quarters.iter().map(|quarter| quarter.slice.index).collect();
        indexes.sort_unstable();
        assert_eq!(indexes, [0, 1, 2, 3]);
        assert!(quarters.iter().all(|quarter| quarter.slice.of == 4));
    }
}
