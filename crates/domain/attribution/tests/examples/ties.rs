//! A1: last touch, clicks of 14 days and views of 1 day, match any; each visitor buys for 100.00.

use std::collections::BTreeMap;

use attribution::{AttributionModel, Journey, MatchLevel, Rule, Touch, TouchKind};

use super::{DAY, order, touch, units};
use TouchKind::{Click, Impression};

/// The touches of a visitor: kind, campaign and time. Ids ascend.
type Visitor = (&'static str, &'static [(TouchKind, char, &'static str)]);

const A1: [Visitor; 8] = [
    ("c1", &[(Click, 'X', "10T12:00:00"), (Impression, 'Y', "20T11:00:00")]),
    ("c2", &[(Click, 'X', "06T12:00:00")]),
    ("c3", &[(Click, 'X', "06T11:59:59.999"), (Impression, 'Y', "19T12:00:00")]),
    ("c4", &[(Click, 'X', "19T10:00:00"), (Click, 'Y', "19T10:00:00")]),
    ("c5", &[(Click, 'X', "20T12:00:00.001")]),
    ("c6", &[(Click, 'X', "20T12:00:00"), (Impression, 'Y', "20T12:00:00")]),
    ("c7", &[(Impression, 'Y', "20T09:00:00"), (Impression, 'X', "20T08:00:00")]),
    ("c8", &[(Impression, 'Y', "19T11:59:59.999")]),
];

fn rule(click_days: i64, view_days: i64) -> Rule {
    let (clicks, views) = (click_days * DAY, view_days * DAY);
    Rule::new(AttributionModel::LastTouch, clicks, views, MatchLevel::Any).unwrap()
}

fn touches((visitor, touches): Visitor) -> Vec<Touch<char>> {
    let touches = (1..).zip(touches).map(|(id, &(kind, campaign, time))| Touch {
        // The later view of c7 was not viewable, the earlier one was.
        viewable: (visitor == "c7").then_some(campaign == 'X'),
        ..touch(id, kind, campaign, 0, time)
    });
    touches.collect()
}

/// Returns the campaign with the credit of each visitor's order, and the orders of each campaign.
fn credited(rule: Rule) -> (String, BTreeMap<char, u64>) {
    let mut orders = BTreeMap::new();
    let campaigns = A1.map(|visitor| {
        let touches = touches(visitor);
        let order = order(&[(1, "100.00")]);
        let journey = Journey::new(rule, &touches);
        let credits: Vec<_> = journey.credits(std::slice::from_ref(&order)).collect();
        let campaign = match credits.as_slice() {
            [] => '–',
            [credit] => {
                assert_eq!((credit.amount, credit.share), (units("100.00"), 1_000_000));
                assert_eq!(credit.orders, 1_000_000);
                touches[credit.touch].campaign
            }
            _ => panic!("{credits:?}"),
        };
        *orders.entry(campaign).or_default() += 1;
        campaign
    });
    (campaigns.iter().collect(), orders)
}

#[test]
fn a1_a_click_beats_any_view() {
    let (campaigns, orders) = credited(rule(14, 1));
    assert_eq!(campaigns, "XXYY–XX–");
    assert_eq!(orders, BTreeMap::from([('X', 4), ('Y', 2), ('–', 2)]));
}

#[test]
fn a1_the_latest_of_clicks_and_views_has_the_credit_if_a_click_beats_no_view() {
    let (campaigns, orders) = credited(rule(14, 1).with_click_beats_view(false));
    assert_eq!(campaigns, "YXYY–XX–");
    assert_eq!(orders, BTreeMap::from([('X', 3), ('Y', 3), ('–', 2)]));
}

#[test]
fn a1_clicks_of_seven_days_without_views() {
    let (campaigns, orders) = credited(rule(7, 0));
    assert_eq!(campaigns, "–––Y–X––");
    assert_eq!(orders, BTreeMap::from([('X', 1), ('Y', 1), ('–', 6)]));
}

#[test]
fn at_one_millisecond_the_view_is_first_and_the_click_last() {
    let touches = touches(A1[5]);
    let order = order(&[(1, "100.00")]);
    let campaign = |model| {
        let rule = rule(14, 1).with_click_beats_view(false).with_model(model);
        let journey = Journey::new(rule, &touches);
        let credit = journey.credits(std::slice::from_ref(&order)).next().unwrap();
        touches[credit.touch].campaign
    };
    assert_eq!(campaign(AttributionModel::FirstTouch), 'Y');
    assert_eq!(campaign(AttributionModel::LastTouch), 'X');
}

#[test]
fn a_rule_counts_impressions_or_viewable_views_and_never_both() {
    let touches = [
        touch(1, Impression, 'I', 0, "20T10:00:00"),
        touch(2, TouchKind::Viewable, 'V', 0, "20T10:00:01"),
    ];
    let order = order(&[(1, "100.00")]);
    let campaign = |event| {
        let rule = rule(14, 1).with_view_event(event).with_model(AttributionModel::Linear);
        let journey = Journey::new(rule, &touches);
        let credits: Vec<_> = journey.credits(std::slice::from_ref(&order)).collect();
        credits.iter().map(|credit| touches[credit.touch].campaign).collect::<String>()
    };
    assert_eq!(campaign(attribution::ViewEvent::Impression), "I");
    assert_eq!(campaign(attribution::ViewEvent::Viewable), "V");
}
