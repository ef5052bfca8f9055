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

impl Definition {
    /// The metrics of attribution.
    pub const ATTRIBUTED: [Self; 7] = [
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
            "Criteo: attributed sales, with returns",
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
            "GA4: assisted conversions",
        ),
    ];
}
