//! Credits as rows: one for each segment in a bucket, and the totals, under each rule.

use std::collections::BTreeSet;

use metrics::Unit;
use money::{Amount, Currency};

use super::{
    super::body::UsedRule, AttributedMoney, AttributedRule, AttributedValues, AttributionAnswer,
};
use crate::sheet::{About, Cell, Kind, Sheet, Tabular};

/// Reads a value of a row.
type Read<T> = fn(&AttributedMoney) -> T;

/// The amounts of a row, by their names.
const AMOUNTS: [(&str, Read<Amount>); 6] = [
    ("attributed_sales", |money| money.attributed_sales),
    ("attributed_net_sales", |money| money.attributed_net_sales),
    ("promoted_sales", |money| money.promoted_sales),
    ("halo_sales", |money| money.halo_sales),
    ("assisted_sales", |money| money.assisted_sales),
    ("spend", |money| money.spend),
];

/// Its ratios.
const RATIOS: [(&str, Read<Option<f64>>); 2] = [
    ("attributed_roas", |money| money.attributed_roas),
    ("attributed_acos", |money| money.attributed_acos),
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
        sheet.columns(Kind::Text, ["rule_preset", "rule_model"]);
        sheet.columns(Kind::COUNT, ["rule_click_window_seconds", "rule_view_window_seconds"]);
        sheet.columns(Kind::Text, ["rule_click_match", "rule_view_match", "rule_view_event"]);
        sheet.columns(Kind::Text, ["rule_click_beats_view"]);
        sheet.columns(Kind::Text, self.dimensions.iter().map(String::as_str));
        sheet.columns(Kind::Moment, ["start"]);
        sheet.columns(Kind::RATIO, ["attributed_orders"]);
        sheet.columns(Kind::Number(Unit::Quantity), ["attributed_units"]);
        sheet.columns(Kind::Number(Unit::Money), AMOUNTS.map(|(name, _)| name));
        sheet.columns(Kind::RATIO, RATIOS.map(|(name, _)| name));
        for currency in &others {
            let amounts = AMOUNTS.map(|(name, _)| format!("{name}_{currency}"));
            let ratios = RATIOS.map(|(name, _)| format!("{name}_{currency}"));
            sheet.columns(Kind::Number(Unit::Money), amounts.iter().map(String::as_str));
            sheet.columns(Kind::RATIO, ratios.iter().map(String::as_str));
        }
        sheet.columns(Kind::COUNT, ["orders_without_credit", "without_key"]);
        for (number, rule) in (1u64..).zip(&self.rules) {
            for row in &rule.rows {
                let keys = row.keys.0.iter().map(|(_, value)| Cell::from(value));
                let about = rule_cells("segment", number, &rule.rule).into_iter().chain(keys);
                let cells = about.chain([row.start.into()]).chain(numbers(&row.values, &others));
                sheet.row(cells.chain([Cell::Nothing, Cell::Nothing]));
            }
            let keys = self.dimensions.iter().map(|_| Cell::Nothing);
            let about = rule_cells("totals", number, &rule.rule).into_iter().chain(keys);
            let cells = about.chain([self.from.into()]).chain(numbers(&rule.totals, &others));
            sheet.row(cells.chain([rule.orders_without_credit.into(), self.without_key.into()]));
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

/// Returns the first cells of a row: its kind, and the rule.
fn rule_cells(kind: &str, number: u64, rule: &UsedRule) -> [Cell; 10] {
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
        Cell::Text(rule.click_beats_view.to_string()),
    ]
}

fn numbers(values: &AttributedValues, others: &BTreeSet<Currency>) -> Vec<Cell> {
    let mut cells: Vec<Cell> =
        vec![values.attributed_orders.into(), values.attributed_units.into()];
    cells.extend(AMOUNTS.map(|(_, amount)| Cell::from(amount(&values.own))));
    cells.extend(RATIOS.map(|(_, ratio)| Cell::from(ratio(&values.own))));
    for currency in others {
        let money = values.by_currency.get(currency);
        cells.extend(AMOUNTS.map(|(_, amount)| Cell::from(money.map(amount))));
        cells.extend(RATIOS.map(|(_, ratio)| Cell::from(money.and_then(ratio))));
    }
    cells
}
