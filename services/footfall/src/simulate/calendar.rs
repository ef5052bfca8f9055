use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;

/// How busy a shop is by hour and weekday of its time zone.
pub(super) struct Calendar {
    zone: Tz,
    /// Multiples of the average.
    hours: [f64; 24],
    /// Multiples of the average, starting with Monday.
    weekdays: [f64; 7],
}

impl Calendar {
    /// Creates a calendar from relative weights of hours and days.
    pub(super) fn new(zone: Tz, hours: [u16; 24], weekdays: [u16; 7]) -> Self {
        Self { zone, hours: of_average(hours), weekdays: of_average(weekdays) }
    }

    /// Returns how busy the shop is, as a multiple of the average, interpolated between hours.
    pub(super) fn busyness(&self, at: DateTime<Utc>) -> f64 {
        let local = at.with_timezone(&self.zone);
        let hour = |hour: u32| self.hours.get(hour as usize % 24).copied().unwrap_or(1.0);
        let part = f64::from(local.minute() * 60 + local.second()) / 3_600.0;
        let hours = hour(local.hour()) * (1.0 - part) + hour(local.hour() + 1) * part;
        let day = local.weekday().num_days_from_monday() as usize;
        hours * self.weekdays.get(day).copied().unwrap_or(1.0)
    }
}

fn of_average<const N: usize>(numbers: [u16; N]) -> [f64; N] {
    let sum: f64 = numbers.iter().copied().map(f64::from).sum();
    numbers.map(|number| f64::from(number) * N as f64 / sum)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn calendar() -> Calendar {
        let mut hours = [50; 24];
        hours[20] = 300;
        Calendar::new(chrono_tz::Asia::Kolkata, hours, [90, 90, 90, 90, 90, 90, 160])
    }

    #[test]
    fn a_week_is_as_busy_as_the_average() {
        let week = (0..10_080).map(|minute| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute));
        let mean = week.map(|at| calendar().busyness(at)).sum::<f64>() / 10_080.0;
        assert!((mean - 1.0).abs() < 0.001, "{mean}");
    }

    #[test]
    fn the_peak_is_in_the_shops_own_zone() {
        let at = |time: &str| calendar().busyness(time.parse().unwrap());
        // Half past two in the afternoon in London is eight in the evening in Kolkata.
        assert!(at("2026-03-02T14:30:00Z") > 4.0 * at("2026-03-02T20:00:00Z"));
        let sunday_by_monday = at("2026-03-01T06:00:00Z") / at("2026-03-02T06:00:00Z");
        assert!((sunday_by_monday - 160.0 / 90.0).abs() < 0.001, "{sunday_by_monday}");
    }
}
