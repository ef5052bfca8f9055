use chrono::{DateTime, Timelike, Utc};

/// How busy each hour of the day (UTC) is, in percent of the average: quiet at night, a rise at
/// lunch, the most in the evening. They sum up to 2,400.
const PERCENT: [u16; 24] = [
    55, 40, 30, 25, 25, 35, 55, 80, 95, 105, 110, 115, 125, 120, 110, 110, 115, 125, 145, 170, 185,
    175, 150, 100,
];

/// How busy the shop is at a time, as a multiple of the average; moves evenly between the hours.
pub(super) fn busyness(at: DateTime<Utc>) -> f64 {
    let hour = at.hour() as usize;
    let percent = |hour: usize| f64::from(PERCENT.get(hour % 24).copied().unwrap_or(100));
    let part = f64::from(at.minute() * 60 + at.second()) / 3_600.0;
    (percent(hour) * (1.0 - part) + percent(hour + 1) * part) / 100.0
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_day_is_as_busy_as_the_average() {
        let day = (0..1_440).map(|minute| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute));
        let mean = day.map(busyness).sum::<f64>() / 1_440.0;
        assert!((mean - 1.0).abs() < 0.001, "{mean}");
    }

    #[test]
    fn the_evening_is_busier_than_the_night() {
        let at = |hour| busyness(DateTime::UNIX_EPOCH + TimeDelta::hours(hour));
        assert!(at(20) > 4.0 * at(4));
    }
}
