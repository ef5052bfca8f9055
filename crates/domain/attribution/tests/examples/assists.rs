use attribution::{AttributionModel, Journey, MatchLevel, Order, Rule, Touch, TouchKind};

use super::{DAY, order, touch};
use TouchKind::{Click, Impression};

fn touches() -> [Touch<char>; 6] {
    [
        touch(1, Click, 'X', 1, "18T12:00:00"),
        touch(2, Click, 'Y', 1, "18T13:00:00"),
        touch(3, Click, 'X', 1, "18T14:00:00"),
        touch(4, Click, 'Z', 1, "19T18:00:00"),
        touch(5, Impression, 'Z', 1, "20T10:00:00"),
        touch(6, Impression, 'V', 1, "20T11:00:00"),
    ]
}

/// Returns the assists: id, campaign, and `!` if it counts.
fn assists(model: AttributionModel, orders: &[Order]) -> String {
    let touches = touches();
    let rule = Rule::new(model, 14 * DAY, DAY, MatchLevel::SameSku).unwrap();
    let journey = Journey::new(rule, &touches);
    let shown = journey.assists(orders).map(|assist| {
        assert_eq!(assist.amount, orders[assist.order].lines[assist.line].amount);
        assert_eq!(assist.refunded, orders[assist.order].lines[assist.line].refunded);
        let Touch { id, campaign, .. } = touches[assist.touch];
        format!("{id}{campaign}{}", if assist.counts { "!" } else { "" })
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn an_eligible_touch_without_credit_assists_and_counts_once_for_a_campaign_without_credit() {
    let orders = [order(&[(1, "5.00")])];
    assert_eq!(assists(AttributionModel::LastTouch, &orders), "1X 2Y! 3X! 5Z 6V!");
    assert_eq!(assists(AttributionModel::FirstTouch, &orders), "2Y! 3X 4Z 5Z! 6V!");
}

#[test]
fn views_that_a_click_beats_assist() {
    assert_eq!(assists(AttributionModel::Linear, &[order(&[(1, "5.00")])]), "5Z 6V!");
}

#[test]
fn a_line_without_eligible_touches_has_no_assists() {
    let orders = [order(&[(3, "5.00")]), order(&[])];
    assert_eq!(assists(AttributionModel::LastTouch, &orders), "");
}
