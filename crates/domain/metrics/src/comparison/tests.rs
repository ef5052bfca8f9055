use chrono_tz::{America::Santiago, Australia::Lord_Howe, Europe::Berlin};

use super::*;

fn range(from: &str, to: &str) -> TimeRange {
    TimeRange::covering(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn to(period: Period) -> Comparison {
    Comparison { period, matched: Match::Date, align: Align::Clock }
}

fn ends(range: TimeRange) -> [String; 2] {
    [range.from(), range.to()].map(|time| time.format("%FT%RZ").to_string())
}

/// The 29th of March 2026, a Sunday: the clock goes from 02:00 to 03:00.
fn short_day() -> TimeRange {
    range("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
}

#[test]
fn a_day_is_compared_with_whole_days_whatever_their_length() {
    let weekday = |period| Comparison { matched: Match::Weekday, ..to(period) };
    for (comparison, expected) in [
        (to(Period::Previous), ["2026-03-27T23:00Z", "2026-03-28T23:00Z"]),
        (to(Period::Week), ["2026-03-21T23:00Z", "2026-03-22T23:00Z"]),
        (weekday(Period::Year), ["2025-03-29T23:00Z", "2025-03-30T22:00Z"]),
        (to(Period::Year), ["2025-03-28T23:00Z", "2025-03-29T23:00Z"]),
        (weekday(Period::Previous), ["2026-03-21T23:00Z", "2026-03-22T23:00Z"]),
    ] {
        let earlier = comparison.range(short_day(), Berlin).unwrap();
        assert_eq!(ends(earlier), expected, "{comparison:?}");
    }
}

#[test]
fn today_so_far_is_compared_with_yesterday_up_to_the_same_time() {
    let today = range("2026-03-28T23:00:00Z", "2026-03-29T12:30:00Z");
    let earlier = to(Period::Previous).range(today, Berlin).unwrap();
    assert_eq!(ends(earlier), ["2026-03-27T23:00Z", "2026-03-28T13:30Z"]);
    assert_eq!((today.length().num_seconds(), earlier.length().num_seconds()), (48_600, 52_200));
}

#[test]
fn whole_months_are_compared_with_whole_months() {
    let february = range("2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z");
    let earlier = to(Period::Previous).range(february, Berlin).unwrap();
    assert_eq!(ends(earlier), ["2025-12-31T23:00Z", "2026-01-31T23:00Z"]);
}

#[test]
fn a_range_that_begins_within_a_day_is_compared_with_the_same_time_before() {
    let hours = range("2026-03-10T08:00:00Z", "2026-03-10T14:00:00Z");
    let earlier = to(Period::Previous).range(hours, Berlin).unwrap();
    assert_eq!(ends(earlier), ["2026-03-10T02:00Z", "2026-03-10T08:00Z"]);
}

#[test]
fn midnights_that_are_skipped_or_half_hours_that_occur_twice_are_followed() {
    let days = range("2026-09-05T04:00:00Z", "2026-09-07T03:00:00Z");
    let earlier = to(Period::Previous).range(days, Santiago).unwrap();
    assert_eq!(ends(earlier), ["2026-09-03T04:00Z", "2026-09-05T04:00Z"]);
    let after = range("2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z");
    let next_year = to(Period::Week).range(after, Santiago).unwrap();
    assert_eq!(ends(next_year), ["2026-08-30T04:00Z", "2026-08-31T04:00Z"]);
    let long_day = range("2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z");
    let earlier = to(Period::Previous).range(long_day, Lord_Howe).unwrap();
    assert_eq!(ends(earlier), ["2026-04-03T13:00Z", "2026-04-04T13:00Z"]);
}

fn pairs(current: TimeRange, comparison: Comparison, granularity: Granularity) -> Vec<Pair> {
    let earlier = comparison.range(current, Berlin).unwrap();
    let buckets = granularity.buckets(current, Berlin);
    let previous = granularity.buckets(earlier, Berlin);
    comparison.pairs((current, &buckets), &previous, granularity, Berlin)
}

#[test]
fn a_skipped_hour_is_paired_with_nothing() {
    let pairs = pairs(short_day(), to(Period::Previous), Granularity::Hour);
    assert_eq!(pairs.len(), 24);
    assert_eq!(
        pairs[..4],
        [(Some(0), Some(0)), (Some(1), Some(1)), (None, Some(2)), (Some(2), Some(3)),]
    );
    assert_eq!(pairs[23], (Some(22), Some(23)));
}

#[test]
fn an_hour_that_occurs_twice_is_paired_twice() {
    let long_day = range("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    let pairs = pairs(long_day, to(Period::Previous), Granularity::Hour);
    assert_eq!(pairs.len(), 25);
    assert_eq!(pairs[2..5], [(Some(2), Some(2)), (Some(3), Some(2)), (Some(4), Some(3))]);
}

#[test]
fn days_around_the_29th_of_february_are_compared_with_as_many_days() {
    for (from, to, expected) in [
        ("2028-02-28", "2028-02-29", ["2027-02-28T00:00Z", "2027-03-01T00:00Z"]),
        ("2028-02-29", "2028-03-01", ["2027-02-28T00:00Z", "2027-03-01T00:00Z"]),
        ("2028-02-01", "2028-02-29", ["2027-02-01T00:00Z", "2027-03-01T00:00Z"]),
        ("2028-02-01", "2028-03-01", ["2027-02-01T00:00Z", "2027-03-01T00:00Z"]),
        ("2029-02-28", "2029-03-01", ["2028-02-28T00:00Z", "2028-02-29T00:00Z"]),
    ] {
        let days = range(&format!("{from}T00:00:00Z"), &format!("{to}T00:00:00Z"));
        let earlier = to_year().range(days, Tz::UTC).unwrap();
        assert_eq!(ends(earlier), expected, "{from}");
    }
}

fn to_year() -> Comparison {
    to(Period::Year)
}

#[test]
fn a_day_that_the_other_month_does_not_have_is_paired_with_nothing() {
    let march = range("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
    let pairs = pairs(march, to(Period::Previous), Granularity::Day);
    assert_eq!(pairs[27], (Some(27), Some(27)));
    assert_eq!(pairs[28..], [(Some(28), None), (Some(29), None), (Some(30), None)]);
}

#[test]
fn months_and_unrelated_ranges_are_paired_in_their_order() {
    let quarter = range("2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z");
    let months = pairs(quarter, to(Period::Previous), Granularity::Month);
    assert_eq!(months, [(Some(0), Some(0)), (Some(1), Some(1)), (Some(2), Some(2))]);
    let custom = Period::Custom(range("2025-06-01T22:00:00Z", "2025-06-03T22:00:00Z"));
    let days = pairs(short_day(), to(custom), Granularity::Day);
    assert_eq!(days, [(Some(0), Some(0)), (None, Some(1))]);
}

fn elapsed(weeks: Weekday) -> Comparison {
    Comparison { align: Align::Elapsed { weeks }, ..to(Period::Previous) }
}

#[test]
fn a_part_of_a_period_is_compared_with_the_same_elapsed_part_of_the_one_before() {
    let monday = elapsed(Weekday::Mon);
    for (what, from, to, expected) in [
        // The hours since midnight, of which the clock skipped one.
        (
            "today so far",
            "2026-03-28T23:00:00Z",
            "2026-03-29T12:30:00Z",
            ["2026-03-27T23:00Z", "2026-03-28T12:30Z"],
        ),
        (
            "this week so far",
            "2026-03-15T23:00:00Z",
            "2026-03-18T13:30:00Z",
            ["2026-03-08T23:00Z", "2026-03-11T13:30Z"],
        ),
        (
            "this month so far",
            "2026-03-31T22:00:00Z",
            "2026-04-15T13:30:00Z",
            ["2026-02-28T23:00Z", "2026-03-15T14:30Z"],
        ),
        (
            "this quarter so far",
            "2026-03-31T22:00:00Z",
            "2026-05-09T22:00:00Z",
            ["2025-12-31T23:00Z", "2026-02-08T23:00Z"],
        ),
        (
            "this year so far",
            "2025-12-31T23:00:00Z",
            "2026-04-10T22:00:00Z",
            ["2024-12-31T23:00Z", "2025-04-10T22:00Z"],
        ),
        (
            "a whole month, longer than the one before",
            "2026-02-28T23:00:00Z",
            "2026-03-31T22:00:00Z",
            ["2026-01-31T23:00Z", "2026-02-28T23:00Z"],
        ),
        (
            "days that begin no period: as many days earlier",
            "2026-03-16T23:00:00Z",
            "2026-03-18T13:30:00Z",
            ["2026-03-14T23:00Z", "2026-03-16T13:30Z"],
        ),
        (
            "hours within a day: directly before",
            "2026-03-10T08:00:00Z",
            "2026-03-10T14:00:00Z",
            ["2026-03-10T02:00Z", "2026-03-10T08:00Z"],
        ),
    ] {
        let earlier = monday.range(range(from, to), Berlin).unwrap();
        assert_eq!(ends(earlier), expected, "{what}");
    }
}

#[test]
fn a_part_of_a_week_depends_on_the_day_on_which_weeks_begin() {
    // Sunday, the 15th of March 2026, to Tuesday.
    let days = range("2026-03-14T23:00:00Z", "2026-03-17T23:00:00Z");
    let week = elapsed(Weekday::Sun).range(days, Berlin).unwrap();
    assert_eq!(ends(week), ["2026-03-07T23:00Z", "2026-03-10T23:00Z"]);
    let no_week = elapsed(Weekday::Mon).range(days, Berlin).unwrap();
    assert_eq!(ends(no_week), ["2026-03-11T23:00Z", "2026-03-14T23:00Z"]);
}

#[test]
fn an_earlier_week_or_year_is_as_long_as_the_range() {
    let align = Align::Elapsed { weeks: Weekday::Mon };
    for (comparison, expected) in [
        (to(Period::Week), ["2026-03-21T23:00Z", "2026-03-22T22:00Z"]),
        (to(Period::Year), ["2025-03-28T23:00Z", "2025-03-29T22:00Z"]),
    ] {
        let earlier = Comparison { align, ..comparison }.range(short_day(), Berlin).unwrap();
        assert_eq!(ends(earlier), expected, "{comparison:?}");
    }
    let custom = range("2025-06-01T22:00:00Z", "2025-06-03T22:00:00Z");
    let comparison = Comparison { align, ..to(Period::Custom(custom)) };
    assert_eq!(comparison.range(short_day(), Berlin), Ok(custom));
}

#[test]
fn hours_are_paired_by_how_much_has_elapsed() {
    let pairs = pairs(short_day(), elapsed(Weekday::Mon), Granularity::Hour);
    let expected: Vec<_> = (0..23).map(|hour| (Some(hour), Some(hour))).collect();
    assert_eq!(pairs, expected);
}

proptest::proptest! {
    #[test]
    fn a_previous_period_ends_at_the_latest_where_the_range_begins(
        from in 100_000_000i64..4_000_000_000, length in 900i64..40_000_000, zone in 0usize..600,
        weekday in 0u8..7, is_weekday: bool, is_midnight: bool,
    ) {
        let zone = chrono_tz::TZ_VARIANTS[zone % chrono_tz::TZ_VARIANTS.len()];
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let from = match is_midnight {
            true => resolve(local(at(from), zone).date().and_time(NaiveTime::MIN), zone).unwrap(),
            false => at(from),
        };
        let range = TimeRange::covering(from, from + TimeDelta::seconds(length)).unwrap();
        let matched = if is_weekday { Match::Weekday } else { Match::Date };
        let weeks = Weekday::try_from(weekday).unwrap();
        let comparison = Comparison { matched, ..elapsed(weeks) };
        let earlier = comparison.range(range, zone).unwrap();
        proptest::prop_assert!(earlier.to() <= range.from());
        proptest::prop_assert!(earlier.length() <= range.length());
    }
}
