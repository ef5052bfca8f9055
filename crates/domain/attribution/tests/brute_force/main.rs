//! Compares credits and assists with their definition, applied to every touch of a small key.
#![cfg(test)]

#[cfg(test)]
mod definition;

use std::collections::BTreeMap;

use attribution::{
    AttributionModel, Credit, Journey, Line, MatchLevel, Order, ProductRef, Rule, Touch, TouchKind,
    ViewEvent,
};
use definition::Part;
use money::{Amount, Quantity};
use proptest::{
    collection::vec,
    option,
    prelude::{Just, ProptestConfig, Strategy, any, prop_oneof},
    proptest, sample,
};

const DAY: i64 = 86_400_000;

/// A case: a rule, the touches and the orders of a key.
type Case = (Rule, Vec<Touch<u8>>, Vec<Order>);

/// Returns times around the bounds of windows: whole days, exactly or with a millisecond's difference.
fn times() -> impl Strategy<Value = i64> {
    let days = prop_oneof![0i64..3, 0i64..35, 0i64..100];
    prop_oneof![
        4 => (days, -1i64..=1).prop_map(|(days, off)| days * DAY + off),
        1 => 0..100 * DAY,
    ]
}

fn products() -> impl Strategy<Value = ProductRef> {
    let index = || option::weighted(0.9, 0u32..2);
    (index(), index(), index(), index()).prop_map(|(product, parent, brand, category)| ProductRef {
        product,
        parent,
        brand,
        category,
    })
}

fn touches() -> impl Strategy<Value = Vec<Touch<u8>>> {
    let kinds = [TouchKind::Click, TouchKind::Click, TouchKind::Impression, TouchKind::Viewable];
    let touch = (times(), sample::select(kinds.to_vec()), any::<u64>(), 0u8..3, products());
    let touch = (touch, option::weighted(0.5, any::<bool>())).prop_map(
        |((time, kind, id, campaign, product), viewable)| Touch {
            time,
            kind,
            id: id.into(),
            campaign,
            product,
            viewable,
        },
    );
    vec(touch, 0..12).prop_map(|mut touches| {
        for (number, touch) in (0..).zip(&mut touches) {
            // Ids are different, and in no order of the list.
            touch.id = (touch.id % 8) << 8 | number;
        }
        touches
    })
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let micros = || {
        prop_oneof![
            3 => -20i64..20,
            3 => -100_000_000i64..100_000_000,
            1 => any::<i64>(),
        ]
    };
    let thousandths = || prop_oneof![0u64..20, 0u64..100_000, any::<u64>()];
    let line = (products(), micros(), thousandths(), micros(), thousandths()).prop_map(
        |(product, amount, quantity, refunded, returned)| Line {
            product,
            amount: Amount::from_micros(amount),
            quantity: Quantity::from_thousandths(quantity),
            refunded: Amount::from_micros(refunded),
            returned: Quantity::from_thousandths(returned),
        },
    );
    vec((times(), vec(line, 0..4)).prop_map(|(time, lines)| Order { time, lines }), 0..4)
}

fn rules(model: AttributionModel) -> impl Strategy<Value = Rule> {
    let clicks = prop_oneof![Just(1), Just(2), Just(30), Just(90)];
    let views = prop_oneof![Just(0), Just(1), Just(30)];
    let levels = || sample::select(MatchLevel::ALL.to_vec());
    let events = sample::select(vec![ViewEvent::Impression, ViewEvent::Viewable]);
    (clicks, views, levels(), option::of(levels()), events, any::<bool>()).prop_map(
        move |(clicks, views, level, view_level, event, click_beats_view)| {
            let rule = Rule::new(model, clicks * DAY, views * DAY, level).unwrap();
            let rule = rule.with_view_event(event).with_click_beats_view(click_beats_view);
            view_level.map_or(rule, |level| rule.with_view_match(level))
        },
    )
}

fn cases(model: AttributionModel) -> impl Strategy<Value = Case> {
    (rules(model), touches(), orders())
}

fn credits((rule, touches, orders): &Case) -> Vec<Credit> {
    Journey::new(*rule, touches).credits(orders).collect()
}

fn part(credit: &Credit, touches: &[Touch<u8>]) -> Part {
    (
        credit.order,
        credit.line,
        touches[credit.touch].id,
        credit.amount.micros().into(),
        credit.refunded.micros().into(),
        credit.quantity.thousandths().into(),
        credit.returned.thousandths().into(),
        credit.share.into(),
        credit.orders.into(),
    )
}

fn parts(case: &Case) -> Vec<Part> {
    let mut parts: Vec<_> = credits(case).iter().map(|credit| part(credit, &case.1)).collect();
    parts.sort_unstable();
    parts
}

/// Checks that the credits are those of the definition.
#[track_caller]
fn check_credits(case: &Case) {
    let (rule, touches, orders) = case;
    let mut expected = definition::credits(rule, touches, orders);
    expected.sort_unstable();
    assert_eq!(parts(case), expected, "{case:?}");
}

/// Checks that the credits of each line and order sum to it exactly.
#[track_caller]
fn check_sums(case: &Case) {
    let mut lines = BTreeMap::<_, [i128; 5]>::new();
    let mut orders = BTreeMap::<_, i128>::new();
    for part in parts(case) {
        let sums = lines.entry((part.0, part.1)).or_default();
        let numbers = [part.3, part.4, part.5, part.6, part.7];
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        *orders.entry(part.0).or_default() += part.8;
    }
    for ((order, line), sums) in lines {
        let line = case.2[order].lines[line];
        let amounts = [line.amount, line.refunded].map(|amount| i128::from(amount.micros()));
        let quantities = [line.quantity, line.returned].map(|one| i128::from(one.thousandths()));
        let expected = [amounts[0], amounts[1], quantities[0], quantities[1], 1_000_000];
        assert_eq!(sums, expected, "{case:?}");
    }
    assert!(orders.values().all(|sum| *sum == 1_000_000), "{case:?}");
}

/// Checks that the order of touches in the input does not matter, nor that of orders.
#[track_caller]
fn check_order((rule, touches, orders): &Case, shuffled: &(Vec<Touch<u8>>, Vec<usize>)) {
    let found = parts(&(*rule, touches.clone(), orders.clone()));
    let (other_touches, numbers) = shuffled;
    let other_orders: Vec<_> = numbers.iter().map(|number| orders[*number].clone()).collect();
    let mut other = parts(&(*rule, other_touches.clone(), other_orders));
    for part in &mut other {
        part.0 = numbers[part.0];
    }
    other.sort_unstable();
    assert_eq!(other, found, "{rule:?}\n{touches:?}\n{orders:?}");
}

/// Checks that the assists are those of the definition.
#[track_caller]
fn check_assists((rule, touches, orders): &Case) {
    let journey = Journey::new(*rule, touches);
    let mut found: Vec<_> = journey
        .assists(orders)
        .map(|one| (one.order, one.line, touches[one.touch].id, one.counts))
        .collect();
    found.sort_unstable();
    let mut expected = definition::assists(rule, touches, orders);
    expected.sort_unstable();
    assert_eq!(found, expected, "{rule:?}\n{touches:?}\n{orders:?}");
}

fn check(case: &Case, shuffled: &(Vec<Touch<u8>>, Vec<usize>)) {
    check_credits(case);
    check_sums(case);
    check_order(case, shuffled);
    check_assists(case);
}

/// Returns cases, each with its touches and the numbers of its orders in another order.
fn shuffled(
    model: AttributionModel,
) -> impl Strategy<Value = (Case, (Vec<Touch<u8>>, Vec<usize>))> {
    cases(model).prop_flat_map(|case| {
        let touches = Just(case.1.clone()).prop_shuffle();
        let numbers = Just((0..case.2.len()).collect::<Vec<_>>()).prop_shuffle();
        (Just(case), (touches, numbers))
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn last_touch_is_as_defined((case, other) in shuffled(AttributionModel::LastTouch)) {
        check(&case, &other);
    }

    #[test]
    fn first_touch_is_as_defined((case, other) in shuffled(AttributionModel::FirstTouch)) {
        check(&case, &other);
    }

    #[test]
    fn linear_is_as_defined((case, other) in shuffled(AttributionModel::Linear)) {
        check(&case, &other);
    }

    #[test]
    fn position_is_as_defined((case, other) in shuffled(AttributionModel::Position)) {
        check(&case, &other);
    }

    #[test]
    fn time_decay_is_as_defined((case, other) in shuffled(AttributionModel::TimeDecay)) {
        check(&case, &other);
    }
}
