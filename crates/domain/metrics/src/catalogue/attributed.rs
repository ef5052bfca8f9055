//! The numbers of credit: they have no event of their own, so only attribution answers them.

use super::{Additivity, Definition, Unit};

const fn sum(
    name: &'static str,
    formula: &'static str,
    unit: Unit,
    source: &'static str,
) -> Definition {
    Definition { name, formula, unit, additivity: Additivity::Sum, source }
}

const fn ratio(name: &'static str, formula: &'static str, source: &'static str) -> Definition {
    let additivity = Additivity::RatioOfSums;
    Definition { name, formula, unit: Unit::Ratio, additivity, source }
}

impl Definition {
    /// The metrics of attribution, beside `spend`.
    pub const ATTRIBUTED: [Self; 9] = [
        sum(
            "attributed_orders",
            "credit of orders, in parts of up to six decimal places where several ads share one",
            Unit::Quantity,
            "Amazon Ads: purchases",
        ),
        sum(
            "attributed_units",
            "credit of quantity over the lines of orders, before refunds",
            Unit::Quantity,
            "Amazon Ads: units sold",
        ),
        sum(
            "attributed_sales",
            "credit of price x quantity over the lines of orders, before refunds",
            Unit::Money,
            "Amazon Ads: sales",
        ),
        sum(
            "attributed_net_sales",
            "attributed_sales without what was refunded of the same lines",
            Unit::Money,
            "IAB Europe: net sales",
        ),
        sum(
            "promoted_sales",
            "attributed_sales of the advertised product",
            Unit::Money,
            "Amazon Ads: sales of advertised SKU",
        ),
        sum(
            "halo_sales",
            "attributed_sales of other products",
            Unit::Money,
            "Amazon Ads: sales of other SKU",
        ),
        sum(
            "assisted_sales",
            "sales whose credit another campaign has, after an eligible ad of this one",
            Unit::Money,
            "Criteo metrics-and-dimensions: assisted sales",
        ),
        ratio("attributed_roas", "attributed_sales / spend", "Amazon Ads: ROAS"),
        ratio("attributed_acos", "spend / attributed_sales", "Amazon Ads: ACOS"),
    ];
}
