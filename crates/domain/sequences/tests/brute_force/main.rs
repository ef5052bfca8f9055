//! Compares funnels with their definition, applied to every chain of a small key.
#![cfg(test)]

#[cfg(test)]
mod definition;

use definition::{Chain, Definition};
use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, any},
    proptest, sample,
};
use sequences::Moment;

/// The letters of a funnel's steps. The letter `x` is in no funnel.
const PATTERNS: [&str; 4] = ["ab", "abc", "abcd", "cab"];
const REPEATING: [&str; 7] = ["aa", "aba", "abba", "aaa", "abab", "abca", "aab"];

/// A case: a definition, and the moments of a key.
type Case = (Definition, Vec<Moment>);

/// Returns cases of these patterns with 4 to 9 events, at times from 0 to `latest`.
fn cases(patterns: &'static [&'static str], latest: i64) -> impl Strategy<Value = Case> {
    let events = vec((0..=latest, sample::select(&b"aaabbbcccddx"[..])), 4..=9);
    let exclusions = vec(any::<u32>(), 9);
    let rules = (latest / 4..=latest, 0..=latest / 4, latest / 4..=latest, -5..2 * latest);
    (sample::select(patterns), events, exclusions, rules).prop_map(
        |(pattern, events, exclusions, (window, from, length, as_of))| {
            let steps = |letter| {
                let bits = (0..).zip(pattern.bytes()).filter(|(_, step)| *step == letter);
                bits.map(|(bit, _)| 1 << bit).sum()
            };
            let moments = events.iter().zip(exclusions).map(|(&(time, letter), exclusions)| {
                Moment { time, steps: steps(letter), exclusions }
            });
            let definition = Definition {
                steps: pattern.len(),
                window,
                from,
                to: from + length + 1,
                as_of,
                ..Definition::default()
            };
            (definition, sorted(moments.collect()))
        },
    )
}

/// Returns cases in which an event matches any of 2 to 5 steps, or none of them.
fn cases_of_masks(latest: i64) -> impl Strategy<Value = Case> {
    let masks = vec(0u32..32, 9);
    (cases(&["ab", "abc", "abcd", "abcde"], latest), masks).prop_map(
        |((definition, mut moments), masks)| {
            for (moment, mask) in moments.iter_mut().zip(masks) {
                moment.steps = mask & ((1 << definition.steps) - 1);
            }
            (definition, sorted(moments))
        },
    )
}

/// Returns up to 3 exclusions between steps of a funnel, each of which every fourth event matches.
fn with_exclusions(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    let pairs = vec((any::<sample::Index>(), any::<sample::Index>()), 1..=3);
    (cases, pairs).prop_map(|((mut definition, mut moments), pairs)| {
        for (earlier, later) in pairs {
            let later = 1 + later.index(definition.steps - 1);
            definition.exclusions.push((earlier.index(later), later));
        }
        for moment in &mut moments {
            moment.exclusions &= moment.exclusions >> 8 & 0b111;
        }
        (definition, moments)
    })
}

fn with_step_window(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    (cases, 1i64..12).prop_map(|((mut definition, moments), limit)| {
        definition.step_window = Some(limit);
        (definition, moments)
    })
}

fn strict(cases: impl Strategy<Value = Case>) -> impl Strategy<Value = Case> {
    (cases, Just(true)).prop_map(|((mut definition, moments), strict)| {
        definition.strict = strict;
        (definition, moments)
    })
}

/// Returns moments in the order of a key. The order of equal ones is that of their ids.
fn sorted(mut moments: Vec<Moment>) -> Vec<Moment> {
    moments.sort_by_key(Moment::order);
    moments
}

#[track_caller]
fn check((definition, moments): Case) {
    let attempt = definition.funnel().attempt(&moments, definition.as_of);
    let found = attempt.map(|attempt| Chain {
        positions: attempt.reached().iter().map(|reached| reached.position).collect(),
        excluded: attempt.is_excluded(),
        open: attempt.is_open(),
    });
    assert_eq!(found, definition.best(&moments), "{definition:?}\n{moments:?}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(20_000)
    })]

    #[test]
    fn the_deepest_chain_is_found_in_order(case in cases(&PATTERNS, 30)) {
        check(case);
    }

    #[test]
    fn the_deepest_chain_is_found_in_strict_order(case in strict(cases(&PATTERNS, 30))) {
        check(case);
    }

    #[test]
    fn the_deepest_chain_is_found_with_exclusions(case in with_exclusions(cases(&PATTERNS, 30))) {
        check(case);
    }

    #[test]
    fn the_deepest_chain_is_found_with_a_step_window(case in with_step_window(cases(&PATTERNS, 30))) {
        check(case);
    }

    #[test]
    fn the_deepest_chain_is_found_if_steps_repeat(case in cases(&REPEATING, 30)) {
        check(case);
    }

    #[test]
    fn the_deepest_chain_is_found_if_times_are_equal(case in cases(&PATTERNS, 4)) {
        check(case);
    }

    #[test]
    fn the_deepest_chain_is_found_if_an_event_matches_several_steps(case in cases_of_masks(12)) {
        check(case);
    }

    #[test]
    fn the_deepest_chain_is_found_if_steps_repeat_under_every_rule(
        case in with_step_window(with_exclusions(cases(&REPEATING, 30))),
    ) {
        check(case);
    }

    #[test]
    fn the_deepest_chain_is_found_with_equal_times_under_every_rule(
        case in with_step_window(with_exclusions(cases_of_masks(6))),
    ) {
        check(case);
    }

    #[test]
    fn the_deepest_chain_is_found_in_strict_order_with_equal_times_under_every_rule(
        case in strict(with_step_window(with_exclusions(cases_of_masks(6)))),
    ) {
        check(case);
    }
}
