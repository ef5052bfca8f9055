//! Credits as rows: one for each campaign in a bucket, and the totals, under each rule.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use metrics::Unit;
use money::{Amount, Currency};

use super::{
    super::body::UsedRule, AttributedMoney, AttributedRule, AttributedValues, AttributionAnswer,
};
use crate::sheet::{About, Cell, Kind, Sheet, Tabular};

/// The amounts of a row, by their names.
const AMOUNTS: [(&str, fn(&AttributedMoney) -> Amount); 5] = [
    ("attributed_sales", |money| money.attributed_sales),
    ("attributed_net_sales", |money| money.attributed_net_sales),
    ("promoted_sales", |money| money.promoted_sales),
    ("halo_sales", |money| money.halo_sales),
    ("assisted_sales", |money| money.assisted_sales),
];

impl Tabular for AttributionAnswer {
    fn about(&self) -> About {
        let Self { from, to, as_of, retained_from, .. } = *self;
        About { from, to, as_of, retained_from }
    }

    fn fill(&self, sheet: &mut Sheet) {
        let others = self.other_currencies();
        sheet.columns(Kind::Text, ["row"]);
        sheet.columns(Kind::COUNT, ["rule"]);
        sheet.columns(Kind::Text, ["preset", "model"]);
        sheet.columns(Kind::COUNT, ["click_window_seconds", "view_window_seconds"]);
        sheet.columns(Kind::Text, ["click_match", "view_match", "view_event", "click_beats_view"]);
        sheet.columns(Kind::Text, ["campaign"]);
        sheet.columns(Kind::Moment, ["start"]);
        sheet.columns(Kind::RATIO, ["attributed_orders"]);
        sheet.columns(Kind::Number(Unit::Quantity), ["attributed_units"]);
        sheet.columns(Kind::Number(Unit::Money), AMOUNTS.map(|(name, _)| name));
        for currency in &others {
            let names = AMOUNTS.map(|(name, _)| format!("{name}_{currency}"));
            sheet.columns(Kind::Number(Unit::Money), names.iter().map(String::as_str));
        }
        sheet.columns(Kind::COUNT, ["orders_without_credit", "without_key"]);
        for (number, rule) in (1u64..).zip(&self.rules) {
            for row in &rule.rows {
                let about = ("campaign", number);
                let first = first_cells(about, &rule.rule, Some(&row.campaign), row.start);
                let left_out = [Cell::Nothing, Cell::Nothing];
                sheet.row(first.into_iter().chain(numbers(&row.values, &others)).chain(left_out));
            }
            let first = first_cells(("totals", number), &rule.rule, None, self.from);
            let left_out = [rule.orders_without_credit.into(), self.without_key.into()];
            sheet.row(first.into_iter().chain(numbers(&rule.totals, &others)).chain(left_out));
        }
    }
}

impl AttributionAnswer {
    fn other_currencies(&self) -> BTreeSet<Currency> {
        let of_rule = |rule: &'_ AttributedRule| -> Vec<Currency> {
            let values = rule.rows.iter().map(|row| &row.values).chain([&rule.totals]);
            values.flat_map(|values| values.by_currency.keys().copied()).collect()
        };
        self.rules.iter().flat_map(of_rule).collect()
    }
}

/// Returns the first cells of a row: what it is about.
fn first_cells(
    (kind, number): (&str, u64),
    rule: &UsedRule,
    campaign: Option<&String>,
    start: DateTime<Utc>,
) -> [Cell; 12] {
    let seconds = |seconds: i64| Cell::from(u64::try_from(seconds).ok());
    [
        kind.into(),
        number.into(),
        rule.preset.into(),
        rule.model.into(),
        seconds(rule.click_window_seconds),
        seconds(rule.view_window_seconds),
        rule.click_match.into(),
        rule.view_match.into(),
        rule.view_event.into(),
        rule.click_beats_view.to_string().as_str().into(),
        campaign.into(),
        start.into(),
    ]
}

fn numbers(values: &AttributedValues, others: &BTreeSet<Currency>) -> Vec<Cell> {
    let mut cells = vec![values.attributed_orders.into(), values.attributed_units.into()];
    cells.extend(AMOUNTS.map(|(_, amount)| Cell::from(amount(&values.own))));
    for currency in others {
        let money = values.by_currency.get(currency);
        cells.extend(AMOUNTS.map(|(_, amount)| Cell::from(money.map(amount))));
    }
    cells
}
