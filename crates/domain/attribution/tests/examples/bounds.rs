use attribution::{
    AttributionModel, Journey, Line, MatchLevel, Order, ProductRef, Rule, Touch, TouchKind,
};
use money::{Amount, Quantity};

use super::DAY;

fn longest(model: AttributionModel) -> Rule {
    Rule::new(model, 90 * DAY, 30 * DAY, MatchLevel::Any).unwrap()
}

fn click(time: i64, id: u128) -> Touch<u32> {
    let product = ProductRef::default();
    Touch { time, kind: TouchKind::Click, id, campaign: 0, product, viewable: None }
}

#[test]
fn a_key_without_touches_orders_or_lines_has_no_credit() {
    let touches = [click(5, 1)];
    let order = |lines| Order { time: 5, lines };
    for model in AttributionModel::ALL {
        let without_touches = Journey::<u32>::new(longest(model), &[]);
        assert_eq!(without_touches.credits(&[order(vec![Line::default()])]).next(), None);
        let journey = Journey::new(longest(model), &touches);
        assert_eq!(journey.credits(&[]).next(), None);
        assert_eq!(journey.credits(&[order(Vec::new())]).next(), None);
        assert_eq!(journey.assists(&[order(Vec::new())]).next(), None);
    }
}

#[test]
fn times_at_the_ends_of_the_range_of_numbers_are_handled() {
    let times = [i64::MIN, i64::MIN + 1, i64::MIN + 90 * DAY, 0, i64::MAX - 1, i64::MAX];
    let touches: Vec<_> = (1..).zip(times).map(|(id, time)| click(time, id)).collect();
    let orders = times.map(|time| Order { time, lines: vec![Line::default()] });
    for model in AttributionModel::ALL {
        let journey = Journey::new(longest(model), &touches);
        let credited: Vec<_> =
            journey.credits(&orders).map(|credit| (credit.order, credit.touch)).collect();
        let expected: &[_] = match model {
            AttributionModel::LastTouch => &[(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)],
            AttributionModel::FirstTouch => &[(0, 0), (1, 0), (2, 0), (3, 3), (4, 4), (5, 4)],
            _ => &[(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 3), (4, 4), (5, 4), (5, 5)],
        };
        assert_eq!(credited, expected, "{model:?}");
    }
}

#[test]
fn amounts_and_quantities_at_the_ends_of_their_range_are_divided_exactly() {
    let touches: Vec<_> = (1..=7).map(|id| click(0, id)).collect();
    for micros in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
        let amount = Amount::from_micros(micros);
        let quantity = Quantity::from_thousandths(u64::MAX);
        let product = ProductRef::default();
        let line = Line { product, amount, quantity, refunded: amount, returned: quantity };
        let orders = [Order { time: 1000, lines: vec![line] }];
        for model in AttributionModel::ALL {
            let journey = Journey::new(longest(model), &touches);
            let credits: Vec<_> = journey.credits(&orders).collect();
            let sum =
                |part: fn(&attribution::Credit) -> i128| credits.iter().map(part).sum::<i128>();
            assert_eq!(sum(|one| one.amount.micros().into()), i128::from(micros), "{model:?}");
            assert_eq!(sum(|one| one.refunded.micros().into()), i128::from(micros), "{model:?}");
            assert_eq!(sum(|one| one.quantity.thousandths().into()), i128::from(u64::MAX));
            assert_eq!(sum(|one| one.returned.thousandths().into()), i128::from(u64::MAX));
            assert_eq!(sum(|one| one.share.into()), 1_000_000, "{model:?}");
            assert_eq!(sum(|one| one.orders.into()), 1_000_000, "{model:?}");
            assert!(
                credits.iter().all(|one| one.net().micros().signum() == micros.signum()
                    || one.amount == Amount::ZERO)
            );
        }
    }
}

#[test]
fn the_largest_keys_are_credited_without_a_scan_of_all_touches_for_each_line() {
    // A scan would read 100,000 touches for each of 100,000 lines.
    let product = |number| ProductRef { product: Some(number), ..ProductRef::default() };
    let touches: Vec<_> = (0..100_000)
        .map(|id: u32| Touch { product: product(id % 1000), ..click(i64::from(id), id.into()) })
        .collect();
    let order = |number: i64| {
        let lines = (0..10).map(|line| Line {
            product: product(line * 200),
            amount: Amount::from_micros(1),
            ..Line::default()
        });
        Order { time: 100_000 + number, lines: lines.collect() }
    };
    let orders: Vec<_> = (0..10_000).map(order).collect();
    let rule = |model| Rule::new(model, DAY, DAY, MatchLevel::SameSku).unwrap();
    for model in [AttributionModel::FirstTouch, AttributionModel::LastTouch] {
        let journey = Journey::new(rule(model), &touches);
        // Products from 1000 on are not advertised.
        assert_eq!(journey.credits(&orders).count(), 50_000);
    }
    let decay = Journey::new(rule(AttributionModel::TimeDecay), &touches);
    assert_eq!(decay.credits(&orders[..10]).count(), 10 * 5 * 100);
}
