use chrono::Weekday;
use chrono_tz::{Europe::Berlin, Tz};
use sequences::{
    Bracket, Calendar, CellState, DefinitionError, First, Measure, Retention, RetentionCounts,
    RetentionTable, ReturnPeriod, Span,
};

use super::local;

const CALENDAR: Calendar = Calendar { zone: Berlin, week_begins: Weekday::Mon };

/// The views of R1 by visitor. On 29 March the clock goes from 02:00 to 03:00.
const R1: &[(&str, &[&str])] = &[
    ("A", &["28T23:45", "29T00:01"]),
    ("B", &["28T12:00", "29T12:00", "30T11:30"]),
    ("C", &["28T10:00", "30T10:00"]),
    ("D", &["29T01:30", "30T00:30", "31T09:00"]),
    ("E", &["29T23:30"]),
    ("F", &["30T08:00", "31T08:00"]),
    ("G", &["20T10:00", "28T15:00", "31T10:00"]),
];

/// The days of R2 by visitor.
const R2: &[(&str, &[&str])] = &[
    ("h", &["02", "09", "23"]),
    ("i", &["03", "23"]),
    ("j", &["08"]),
    ("k", &["09", "10", "16"]),
    ("l", &["15", "30"]),
    ("m", &["16"]),
];

fn times(texts: &[&str]) -> Vec<i64> {
    texts.iter().map(|text| local(&format!("2026-03-{text}"), Berlin)).collect()
}

fn span(from: &str, to: &str, zone: Tz) -> Span {
    Span::new(local(from, zone), local(to, zone)).unwrap()
}

/// Returns each cohort as `size: cells`, with `*` for a partial and `-` for a future cell.
fn shown(table: &RetentionTable) -> Vec<String> {
    let cohorts = table.cohorts.iter().map(|cohort| {
        let cells = cohort.cells.iter().map(|cell| {
            assert_eq!(cell.size, cohort.size);
            match (cell.state, cell.count) {
                (CellState::Complete, Some(count)) => count.to_string(),
                (CellState::Partial, Some(count)) => format!("{count}*"),
                (CellState::Future, None) => "-".to_owned(),
                other => panic!("{other:?}"),
            }
        });
        format!("{}: {}", cohort.size, cells.collect::<Vec<_>>().join(" "))
    });
    cohorts.collect()
}

fn averages(table: &RetentionTable) -> Vec<(u64, u64)> {
    table.averages.iter().map(|average| (average.count, average.size)).collect()
}

fn r1(period: ReturnPeriod, first: First) -> RetentionTable {
    let range = span("2026-03-28T00:00", "2026-03-31T00:00", Berlin);
    let measure = Measure::On { periods: 4 };
    let retention = Retention::new(range, period, CALENDAR, first, measure).unwrap();
    let mut counts = RetentionCounts::new(retention);
    for (_, views) in R1 {
        let views = times(views);
        counts.add(&views, &views);
    }
    counts.table(local("2026-03-31T12:00", Berlin))
}

#[test]
fn r1_by_the_calendar_a_visitor_returns_on_a_later_date() {
    let table = r1(ReturnPeriod::Day, First::Ever);
    assert_eq!(shown(&table), ["3: 3 2 2 0*", "2: 2 1 1* -", "1: 1 1* - -"]);
    assert_eq!(averages(&table), [(6, 6), (3, 5), (2, 3), (0, 0)]);
    assert_eq!(table.averages[1].rate, Some(0.6));
    assert_eq!(table.averages[3].rate, None);
    let dates: Vec<_> = table.cohorts.iter().map(|cohort| cohort.from.to_string()).collect();
    assert_eq!(dates, ["2026-03-28", "2026-03-29", "2026-03-30"]);
}

#[test]
fn r1_the_first_view_in_the_range_counts_whatever_came_before() {
    let table = r1(ReturnPeriod::Day, First::InRange);
    assert_eq!(shown(&table), ["4: 4 2 2 1*", "2: 2 1 1* -", "1: 1 1* - -"]);
    assert_eq!(averages(&table), [(7, 7), (3, 6), (2, 4), (0, 0)]);
    assert_eq!(table.averages[1].rate, Some(0.5));
}

#[test]
fn r1_rolling_days_begin_with_the_visitor_and_end_with_the_last_possible_one() {
    let table = r1(ReturnPeriod::Rolling24Hours, First::Ever);
    assert_eq!(shown(&table), ["3: 3 2 0* 0*", "2: 2 0* 1* -", "1: 1* 1* - -"]);
    assert_eq!(averages(&table), [(5, 5), (2, 3), (0, 0), (0, 0)]);
    assert_eq!(table.averages[1].rate, Some(2.0 / 3.0));
}

#[test]
fn r1_rolling_days_can_begin_with_the_first_view_in_the_range() {
    let table = r1(ReturnPeriod::Rolling24Hours, First::InRange);
    assert_eq!(shown(&table), ["4: 4 2 1* 0*", "2: 2 0* 1* -", "1: 1* 1* - -"]);
    assert_eq!(averages(&table), [(6, 6), (2, 4), (0, 0), (0, 0)]);
    assert_eq!(table.averages[1].rate, Some(0.5));
}

fn r2(measure: Measure, time_of_day: &str) -> RetentionTable {
    let range = span("2026-03-02T00:00", "2026-03-23T00:00", Berlin);
    let retention =
        Retention::new(range, ReturnPeriod::Week, CALENDAR, First::Ever, measure).unwrap();
    let mut counts = RetentionCounts::new(retention);
    for (_, days) in R2 {
        let days: Vec<_> = days.iter().map(|day| format!("{day}{time_of_day}")).collect();
        let times = times(&days.iter().map(String::as_str).collect::<Vec<_>>());
        counts.add(&times, &times);
    }
    counts.table(local("2026-04-02T12:00", Berlin))
}

#[test]
fn r2_weeks_begin_on_monday_and_the_one_under_way_is_partial() {
    for time_of_day in ["T00:00", "T12:00", "T23:59"] {
        let table = r2(Measure::On { periods: 5 }, time_of_day);
        assert_eq!(shown(&table), ["3: 3 1 0 2 0*", "2: 2 1 0 1* -", "1: 1 0 0* - -"]);
        assert_eq!(averages(&table), [(6, 6), (2, 6), (0, 5), (2, 3), (0, 0)]);
    }
}

#[test]
fn r2_a_later_return_counts_in_every_week_before_it() {
    let table = r2(Measure::OnOrAfter { periods: 5 }, "T12:00");
    assert_eq!(shown(&table), ["3: 3 2 2 2 0*", "2: 2 2 1 1* -", "1: 1 0 0* - -"]);
    // A return beyond the last column counts too.
    let table = r2(Measure::OnOrAfter { periods: 2 }, "T12:00");
    assert_eq!(shown(&table), ["3: 3 2", "2: 2 2", "1: 1 0"]);
}

#[test]
fn r2_a_bracket_is_complete_when_its_last_week_is_over() {
    let bracket = |first, last| Bracket { first, last };
    let brackets = vec![bracket(0, 0), bracket(1, 2), bracket(3, 4)];
    let table = r2(Measure::Brackets(brackets), "T12:00");
    assert_eq!(shown(&table), ["3: 3 1 2*", "2: 2 1 1*", "1: 1 0* -"]);
}

#[test]
fn a_key_counts_once_in_a_cell_and_only_from_its_first_event_on() {
    let range = span("2026-03-02T00:00", "2026-03-03T00:00", Tz::UTC);
    let calendar = Calendar { zone: Tz::UTC, week_begins: Weekday::Mon };
    let at = |text: &str| local(&format!("2026-03-{text}"), Tz::UTC);
    for period in [ReturnPeriod::Day, ReturnPeriod::Rolling24Hours] {
        let measure = Measure::On { periods: 2 };
        let retention = Retention::new(range, period, calendar, First::Ever, measure).unwrap();
        let mut counts = RetentionCounts::new(retention);
        let returns = [at("02T08:00"), at("03T12:00"), at("03T13:00"), i64::MAX];
        counts.add(&[at("02T09:00")], &returns);
        // Neither before the range nor at its end nor without an event is a key a member.
        counts.add(&[at("01T23:59")], &returns);
        counts.add(&[at("03T00:00")], &returns);
        counts.add(&[], &returns);
        assert_eq!(shown(&counts.table(at("09T00:00"))), ["1: 0 1"], "{period:?}");
    }
}

#[test]
fn months_differ_in_length_and_rolling_weeks_do_not() {
    let range = span("2026-01-01T00:00", "2026-03-01T00:00", Tz::UTC);
    let calendar = Calendar { zone: Tz::UTC, week_begins: Weekday::Sun };
    let at = |text: &str| local(&format!("2026-{text}"), Tz::UTC);
    let table = |period, as_of| {
        let measure = Measure::On { periods: 3 };
        let retention = Retention::new(range, period, calendar, First::Ever, measure).unwrap();
        let mut counts = RetentionCounts::new(retention);
        counts.add(&[at("01-31T12:00")], &[at("02-07T11:59"), at("02-28T12:00")]);
        counts.add(&[at("02-01T00:00")], &[at("02-08T00:00"), at("03-31T23:59")]);
        counts.table(at(as_of))
    };
    assert_eq!(shown(&table(ReturnPeriod::Month, "03-01T00:00")), ["1: 0 1 -", "1: 1 - -"]);
    assert_eq!(shown(&table(ReturnPeriod::Month, "04-01T00:00")), ["1: 0 1 0", "1: 1 1 -"]);
    let weeks = table(ReturnPeriod::Rolling7Days, "02-15T00:00");
    // 1 January is a Thursday of the week that begins on 28 December.
    assert_eq!(weeks.cohorts[0].from.to_string(), "2025-12-28");
    assert_eq!(weeks.cohorts.len(), 9);
    assert_eq!(shown(&weeks)[4..6], ["1: 1 0 0*", "1: 0 1* -"]);
}

#[test]
fn a_rolling_cell_waits_for_those_who_can_be_in_the_range_only() {
    // Of the week that begins on Monday the 2nd, the range has Tuesday and Wednesday.
    let range = span("2026-03-03T00:00", "2026-03-05T00:00", Tz::UTC);
    let calendar = Calendar { zone: Tz::UTC, week_begins: Weekday::Mon };
    let measure = Measure::On { periods: 2 };
    let retention =
        Retention::new(range, ReturnPeriod::Rolling7Days, calendar, First::Ever, measure).unwrap();
    let counts = RetentionCounts::new(retention);
    let states = |as_of: &str| shown(&counts.table(local(as_of, Tz::UTC))).join(" ");
    assert_eq!(states("2026-03-03T00:00"), "0: - -");
    assert_eq!(states("2026-03-03T00:01"), "0: 0* -");
    assert_eq!(states("2026-03-10T00:00"), "0: 0* -");
    assert_eq!(states("2026-03-10T00:01"), "0: 0* 0*");
    assert_eq!(states("2026-03-11T23:59"), "0: 0* 0*");
    assert_eq!(states("2026-03-12T00:00"), "0: 0 0*");
    assert_eq!(states("2026-03-19T00:00"), "0: 0 0");
}

#[test]
fn a_date_that_the_clock_enters_twice_is_one_cohort() {
    // At 02:00 on the 5th the clock went back three hours, to 23:00 on the 4th.
    let zone = Tz::Antarctica__Casey;
    let utc = |text: &str| local(&format!("2010-03-04T{text}"), Tz::UTC);
    let calendar = Calendar { zone, week_begins: Weekday::Mon };
    // The range begins on the 5th and ends on the 4th.
    let range = Span::new(utc("14:00"), utc("15:30")).unwrap();
    let measure = Measure::On { periods: 1 };
    let retention =
        Retention::new(range, ReturnPeriod::Day, calendar, First::Ever, measure).unwrap();
    let mut counts = RetentionCounts::new(retention);
    counts.add(&[utc("14:30")], &[]);
    counts.add(&[utc("15:15")], &[]);
    let table = counts.table(utc("15:30"));
    let cohorts: Vec<_> =
        table.cohorts.iter().map(|cohort| (cohort.from.to_string(), cohort.size)).collect();
    assert_eq!(cohorts, [("2010-03-04".to_owned(), 1), ("2010-03-05".to_owned(), 1)]);
    assert_eq!(shown(&table), ["1: 0*", "1: 0*"]);
}

#[test]
fn columns_ascend_and_are_not_too_many() {
    let year = span("2020-01-01T00:00", "2021-01-01T00:00", Tz::UTC);
    let new = |range, period, measure| {
        Retention::new(range, period, CALENDAR, First::Ever, measure).map(|_| ())
    };
    for periods in [0, 367] {
        let refused = Err(DefinitionError::Periods);
        assert_eq!(new(year, ReturnPeriod::Day, Measure::On { periods }), refused);
        assert_eq!(new(year, ReturnPeriod::Day, Measure::OnOrAfter { periods }), refused);
    }
    let wrong: [&[(u32, u32)]; 5] =
        [&[], &[(2, 1)], &[(0, 1), (1, 2)], &[(3, 4), (0, 1)], &[(0, 366)]];
    for brackets in wrong {
        let brackets = brackets.iter().map(|&(first, last)| Bracket { first, last }).collect();
        let refused = new(year, ReturnPeriod::Day, Measure::Brackets(brackets));
        assert_eq!(refused, Err(DefinitionError::Brackets));
    }
    let long = span("2010-01-01T00:00", "2020-01-01T00:00", Tz::UTC);
    let measure = Measure::On { periods: 366 };
    assert_eq!(new(long, ReturnPeriod::Day, measure.clone()), Err(DefinitionError::Cohorts));
    assert_eq!(new(long, ReturnPeriod::Month, measure), Ok(()));
}

#[test]
fn every_moment_of_a_range_has_a_cohort_in_every_zone() {
    let ranges = [("2010-03-01", "2010-03-10"), ("2011-12-26", "2012-01-04")];
    for zone in chrono_tz::TZ_VARIANTS {
        for (from, to) in ranges {
            let range = span(&format!("{from}T00:00"), &format!("{to}T00:00"), Tz::UTC);
            let calendar = Calendar { zone, week_begins: Weekday::Mon };
            let measure = Measure::On { periods: 1 };
            let retention =
                Retention::new(range, ReturnPeriod::Day, calendar, First::Ever, measure).unwrap();
            let mut counts = RetentionCounts::new(retention);
            let times: Vec<_> = (range.from()..range.to()).step_by(900_000).collect();
            times.iter().for_each(|time| counts.add(&[*time], &[*time]));
            let table = counts.table(range.to() + 3 * super::DAY);
            let average = table.averages[0];
            assert_eq!((average.count, average.size), (9 * 96, 9 * 96), "{zone} {from}");
        }
    }
}
