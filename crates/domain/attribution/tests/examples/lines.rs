//! A2: one order of three products, four touches, clicks of 14 days, views of 1 day.

use std::collections::BTreeMap;

use attribution::{
    AttributionModel, Credit, DateBasis, Journey, MatchLevel, Order, Rule, Touch, TouchKind,
};
use money::{Amount, Quantity};

use super::{DAY, march, order, touch, units};
use AttributionModel::{FirstTouch, LastTouch, Linear, Position, TimeDecay};
use MatchLevel::{Any, Brand, Category, ParentSku, SameSku};
use TouchKind::{Click, Impression};

fn touches() -> [Touch<char>; 4] {
    [
        touch(21, Click, 'X', 1, "18T12:00:00"),
        touch(22, Click, 'Y', 3, "19T12:00:00"),
        touch(23, Click, 'Z', 1, "19T18:00:00"),
        touch(24, Impression, 'W', 2, "20T10:00:00"),
    ]
}

fn a2() -> Order {
    order(&[(1, "10.01"), (2, "20.00"), (3, "30.00")])
}

fn rule(model: AttributionModel, level: MatchLevel) -> Rule {
    Rule::new(model, 14 * DAY, DAY, level).unwrap()
}

fn credits(rule: Rule, order: &Order) -> Vec<Credit> {
    let touches = touches();
    let journey = Journey::new(rule, &touches);
    journey.credits(std::slice::from_ref(order)).collect()
}

/// Returns the sum of each campaign, such as `X 5.005, Z 5.005`.
fn sums(credits: &[Credit], amount: impl Fn(&Credit) -> String + Copy) -> String {
    let mut campaigns = BTreeMap::<char, Vec<String>>::new();
    for credit in credits {
        campaigns.entry(touches()[credit.touch].campaign).or_default().push(amount(credit));
    }
    let row = campaigns.iter().map(|(campaign, parts)| format!("{campaign} {}", parts.join(" + ")));
    row.collect::<Vec<_>>().join(", ")
}

/// Returns the amount of each campaign.
fn amounts(model: AttributionModel, level: MatchLevel) -> String {
    let credits = credits(rule(model, level), &a2());
    let mut campaigns = BTreeMap::<char, Amount>::new();
    let mut sum = Amount::ZERO;
    for credit in &credits {
        *campaigns.entry(touches()[credit.touch].campaign).or_default() += credit.amount;
        sum += credit.amount;
    }
    assert_eq!(sum, units("60.01"), "every line is credited, to the millionth");
    let row = campaigns.iter().map(|(campaign, amount)| format!("{campaign} {amount}"));
    row.collect::<Vec<_>>().join(", ")
}

#[test]
fn a2_same_sku() {
    assert_eq!(amounts(LastTouch, SameSku), "W 20.00, Y 30.00, Z 10.01");
    assert_eq!(amounts(FirstTouch, SameSku), "W 20.00, X 10.01, Y 30.00");
    assert_eq!(amounts(Linear, SameSku), "W 20.00, X 5.005, Y 30.00, Z 5.005");
    assert_eq!(amounts(Position, SameSku), amounts(Linear, SameSku));
}

#[test]
fn a2_brand() {
    assert_eq!(amounts(LastTouch, Brand), "Y 30.00, Z 30.01");
    assert_eq!(amounts(FirstTouch, Brand), "X 30.01, Y 30.00");
    assert_eq!(amounts(Linear, Brand), "X 15.005, Y 30.00, Z 15.005");
    assert_eq!(amounts(Position, Brand), amounts(Linear, Brand));
}

#[test]
fn a2_category() {
    assert_eq!(amounts(LastTouch, Category), "W 20.00, Z 40.01");
    assert_eq!(amounts(FirstTouch, Category), "W 20.00, X 40.01");
    let linear = "W 20.00, X 13.336667, Y 13.336667, Z 13.336666";
    assert_eq!(amounts(Linear, Category), linear);
    assert_eq!(amounts(Position, Category), "W 20.00, X 16.004, Y 8.002, Z 16.004");
}

#[test]
fn a2_any() {
    assert_eq!(amounts(LastTouch, Any), "Z 60.01");
    assert_eq!(amounts(FirstTouch, Any), "X 60.01");
    assert_eq!(amounts(Linear, Any), "X 20.003334, Y 20.003334, Z 20.003332");
    assert_eq!(amounts(Position, Any), "X 24.004, Y 12.002, Z 24.004");
}

#[test]
fn variants_of_one_parent_match_each_other() {
    assert_eq!(amounts(LastTouch, ParentSku), "Y 30.00, Z 30.01");
}

#[test]
fn time_decay_halves_in_seven_days() {
    // Ages of 48, 24 and 18 hours: weights 0.820313, 0.905724 and 0.928429.
    let decay = credits(rule(TimeDecay, Any), &order(&[(1, "100.00")]));
    assert_eq!(
        sums(&decay, |credit| credit.amount.to_string()),
        "X 30.90376, Y 34.120518, Z 34.975722"
    );
    let touches = [touch(1, Click, 'X', 0, "06T12:00:00"), touch(2, Click, 'Y', 0, "13T12:00:00")];
    let journey = Journey::new(rule(TimeDecay, Any), &touches);
    let parts: Vec<_> =
        journey.credits(&[order(&[(1, "9.00")])]).map(|credit| credit.amount).collect();
    assert_eq!(parts, [units("3.00"), units("6.00")]);
}

#[test]
fn views_match_at_a_level_of_their_own() {
    let order = order(&[(3, "1.00")]);
    let of = |rule| sums(&credits(rule, &order), |credit| credit.amount.to_string());
    let views = rule(LastTouch, Any).with_click_beats_view(false);
    assert_eq!(of(views), "W 1.00");
    assert_eq!(of(views.with_view_match(SameSku)), "Z 1.00");
}

#[test]
fn a2_each_date_basis_has_its_own_dates() {
    let credits = credits(rule(LastTouch, SameSku), &a2());
    let berlin = chrono::FixedOffset::east_opt(3600).unwrap();
    let day = |time| {
        let time = chrono::DateTime::from_timestamp_millis(time).unwrap();
        time.with_timezone(&berlin).format("%d").to_string()
    };
    let dates = |basis| {
        sums(&credits, |credit| format!("{} on {}", credit.amount, day(credit.time(basis))))
    };
    assert_eq!(dates(DateBasis::Interaction), "W 20.00 on 20, Y 30.00 on 19, Z 10.01 on 19");
    assert_eq!(dates(DateBasis::Conversion), "W 20.00 on 20, Y 30.00 on 20, Z 10.01 on 20");
    assert!(credits.iter().all(|credit| credit.conversion == march("20T12:00:00")));
}

#[test]
fn a2_a_refund_restates_the_credit_on_its_own_date() {
    let mut order = a2();
    order.lines[0].refunded = units("-10.01");
    order.lines[0].returned = Quantity::ONE;
    let credits = credits(rule(LastTouch, SameSku), &order);
    let refunds = sums(&credits, |credit| format!("{} {}", credit.refunded, credit.net()));
    assert_eq!(refunds, "W 0.00 20.00, Y 0.00 30.00, Z -10.01 0.00");
    let refund = credits.iter().find(|credit| credit.refunded != Amount::ZERO).unwrap();
    assert_eq!(refund.time(DateBasis::Interaction), march("19T18:00:00"));
    assert_eq!(refund.time(DateBasis::Conversion), march("20T12:00:00"));
    assert_eq!((refund.quantity, refund.returned), (Quantity::ONE, Quantity::ONE));
}

#[test]
fn a_full_refund_cancels_the_credit_of_every_touch() {
    for model in AttributionModel::ALL {
        let mut order = a2();
        for line in &mut order.lines {
            line.refunded = Amount::from_micros(-line.amount.micros());
        }
        let credits = credits(rule(model, Any), &order);
        assert!(credits.iter().all(|credit| credit.net() == Amount::ZERO), "{model:?}");
    }
}

#[test]
fn quantities_and_shares_are_divided_like_amounts() {
    let mut order = order(&[(1, "3.00")]);
    order.lines[0].quantity = Quantity::from_thousandths(2000);
    order.lines[0].returned = Quantity::from_thousandths(500);
    let credits = credits(rule(Linear, Any), &order);
    let parts: Vec<_> = credits
        .iter()
        .map(|one| (one.quantity.thousandths(), one.returned.thousandths(), one.share))
        .collect();
    assert_eq!(parts, [(667, 167, 333_334), (667, 167, 333_333), (666, 166, 333_333)]);
}

#[test]
fn an_order_is_one_order_however_many_of_its_lines_are_credited() {
    let of =
        |order| sums(&credits(rule(Linear, SameSku), &order), |credit| credit.orders.to_string());
    assert_eq!(of(a2()), "W 333333, X 166667, Y 333333, Z 166667");
    assert_eq!(of(order(&[(1, "10.00"), (9, "90.00")])), "X 500000, Z 500000");
    assert_eq!(of(order(&[(9, "90.00")])), "");
}

#[test]
fn a_sale_of_the_advertised_product_is_promoted_and_any_other_is_halo() {
    let credits = credits(rule(LastTouch, Brand), &order(&[(1, "1.00"), (2, "1.00"), (3, "1.00")]));
    let promoted: Vec<_> = credits.iter().map(|credit| credit.promoted).collect();
    assert_eq!(promoted, [true, false, true]);
    let unknown = [touch(1, Click, 'X', 0, "20T10:00:00")];
    let journey = Journey::new(rule(LastTouch, Any), &unknown);
    assert!(!journey.credits(&[order(&[(0, "1.00")])]).next().unwrap().promoted);
}
