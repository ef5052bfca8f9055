//! The rows of the catalogue.

use super::rule::Rule;
use crate::{Counter, Distinct, MoneySum, QuantitySum};

macro_rules! catalogue {
    (
        $($(#[$doc:meta])* $variant:ident = $name:literal, $formula:literal, $rule:expr, $source:literal;)*
        @attributed
        $($(#[$own_doc:meta])* $own:ident = $own_name:literal, $own_formula:literal, $own_rule:expr, $own_source:literal;)*
    ) => {
        /// A metric of the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric { $($(#[$doc])* $variant,)* $($(#[$own_doc])* $own,)* }

        impl Metric {
            /// Every metric of events, base ones first.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];
            /// Every metric of credit. It has no event of its own: only a rule of attribution gives it.
            pub const ATTRIBUTED: [Self; [$($own_name),*].len()] = [$(Self::$own),*];

            /// Returns whether it is a number of credit.
            pub const fn is_attributed(self) -> bool {
                match self { $(Self::$variant => false,)* $(Self::$own => true,)* }
            }

            pub(super) const fn row(self) -> (&'static str, &'static str, Rule, &'static str) {
                match self {
                    $(Self::$variant => ($name, $formula, $rule, $source),)*
                    $(Self::$own => ($own_name, $own_formula, $own_rule, $own_source),)*
                }
            }
        }
    };
}

use Counter::*;
use MoneySum::*;
use QuantitySum::*;

catalogue! {
    /// Ads delivered.
    Impressions = "impressions", "count of ad_impression", Rule::Count(Impressions),
        "AdCP delivery-metrics: impressions";
    /// Ads in view long enough to count.
    ViewableImpressions = "viewable_impressions", "count of ad_viewable",
        Rule::Count(ViewableImpressions), "MRC: half of the ad in view for one second";
    /// Ads clicked.
    Clicks = "clicks", "count of ad_click", Rule::Count(Clicks), "AdCP delivery-metrics: clicks";
    /// What advertisers pay.
    Spend = "spend", "sum of cost", Rule::Money(Spend), "AdCP delivery-metrics: spend";
    /// Product pages shown.
    ProductViews = "product_views", "count of product_view", Rule::Count(ProductViews),
        "GA4: view_item";
    /// Additions to a cart.
    AddToCarts = "add_to_carts", "count of add_to_cart", Rule::Count(AddToCarts),
        "GA4: add_to_cart";
    /// Orders placed.
    Orders = "orders", "count of purchase", Rule::Count(Orders), "GA4: purchase";
    /// Pieces sold.
    UnitsSold = "units_sold", "sum of quantity over the lines of purchases",
        Rule::Quantity(UnitsSold), "AdCP delivery-metrics: units sold";
    /// What purchases brought in.
    Sales = "sales", "sum of revenue of purchases, or of price x quantity where no revenue was sent",
        Rule::Money(Sales), "Shopify: gross sales; refunds are not subtracted";
    /// Pages shown.
    PageViews = "page_views", "count of page_view", Rule::Count(PageViews), "GA4: page_view";
    /// Lists of products shown.
    ProductListViews = "product_list_views", "count of product_list_view",
        Rule::Count(ProductListViews), "GA4: view_item_list";
    /// Removals from a cart.
    CartRemovals = "cart_removals", "count of remove_from_cart", Rule::Count(CartRemovals),
        "GA4: remove_from_cart";
    /// Checkouts begun.
    Checkouts = "checkouts", "count of begin_checkout", Rule::Count(Checkouts),
        "GA4: begin_checkout";
    /// Orders, or parts of them, returned.
    Refunds = "refunds", "count of refund", Rule::Count(Refunds), "GA4: refund";
    /// What was paid back.
    RefundAmount = "refund_amount",
        "sum of revenue of refunds, or of price x quantity where no revenue was sent",
        Rule::Money(Refunded), "GA4: refund amount";
    /// What purchases brought in, without what was paid back.
    NetSales = "net_sales", "sales - refund_amount", Rule::MoneyLess(Sales, Refunded),
        "Shopify: net sales; a refund counts when it happens";
    /// Pieces that came back.
    UnitsRefunded = "units_refunded", "sum of quantity over the lines of refunds",
        Rule::Quantity(UnitsRefunded), "Shopify: returned quantity, as a positive number";
    /// Events of every type.
    Events = "events", "count of all events", Rule::Count(Events), "custom types included";
    /// Different visitors.
    Visitors = "visitors", "distinct visitor_id", Rule::Distinct(Distinct::Visitors),
        "exact, not estimated";
    /// Visits.
    Sessions = "sessions",
        "series of events of a visitor without a pause of more than 30 minutes, where they begin",
        Rule::Distinct(Distinct::Sessions), "GA4: sessions, which neither midnight nor a campaign splits";
    /// Different customers.
    Customers = "customers", "distinct customer_id", Rule::Distinct(Distinct::Customers),
        "exact, not estimated";
    /// Different customers whose first order is counted.
    NewCustomers = "new_customers", "distinct customers of orders that are their first",
        Rule::Distinct(Distinct::NewCustomers), "Shopify: new customers";
    /// Different customers of whom a later order is counted.
    ReturningCustomers = "returning_customers",
        "distinct customers of orders that are not their first",
        Rule::Distinct(Distinct::ReturningCustomers), "Shopify: returning customers";
    /// Orders that are new to a brand.
    NewToBrandOrders = "new_to_brand_orders",
        "count of purchases with an item of a brand of which the customer ordered nothing for 365 days",
        Rule::Count(NewToBrandOrders), "Amazon Ads: new-to-brand orders";
    /// What the items of these orders that are of such a brand cost.
    NewToBrandSales = "new_to_brand_sales", "sum of price x quantity of these items",
        Rule::Money(NewToBrandSales), "Amazon Ads: new-to-brand sales";
    /// Clicks per impression.
    Ctr = "ctr", "clicks / impressions", Rule::Rate(Clicks, Impressions),
        "AdCP delivery-metrics: ctr";
    /// Viewable impressions per impression.
    ViewableRate = "viewable_rate", "viewable_impressions / impressions",
        Rule::Rate(ViewableImpressions, Impressions), "every impression counts as measurable";
    /// Additions to a cart per impression.
    AddToCartRate = "add_to_cart_rate", "add_to_carts / impressions",
        Rule::Rate(AddToCarts, Impressions), "Amazon Ads: ATC rate";
    /// Orders per click.
    ConversionRate = "conversion_rate", "orders / clicks", Rule::Rate(Orders, Clicks),
        "Uber Ads: click_to_order_rate";
    /// Additions to a cart per product view.
    CartToDetailRate = "cart_to_detail_rate", "add_to_carts / product_views",
        Rule::Rate(AddToCarts, ProductViews), "GA4: cart-to-view rate, by events";
    /// Orders per product view.
    BuyToDetailRate = "buy_to_detail_rate", "orders / product_views",
        Rule::Rate(Orders, ProductViews), "GA4: purchase-to-view rate, by events";
    /// New-to-brand orders per order.
    NewToBrandRate = "new_to_brand_rate", "new_to_brand_orders / orders",
        Rule::Rate(NewToBrandOrders, Orders), "Amazon Ads: percent of orders new-to-brand";
    /// Refunds per order.
    RefundRate = "refund_rate", "refunds / orders", Rule::Rate(Refunds, Orders),
        "of the same time, not of the same orders";
    /// Product views per impression.
    DetailViewRate = "detail_view_rate", "product_views / impressions",
        Rule::Rate(ProductViews, Impressions), "Amazon Ads: DPV rate";
    /// Impressions per visitor.
    Frequency = "frequency", "impressions / visitors",
        Rule::CountPer(Impressions, Distinct::Visitors), "AdCP delivery-metrics: frequency";
    /// Spend per click.
    Cpc = "cpc", "spend / clicks", Rule::MoneyPer(Spend, Clicks), "AdCP delivery-metrics: cpc";
    /// Spend per thousand impressions.
    Cpm = "cpm", "1000 x spend / impressions", Rule::MoneyPerThousand(Spend, Impressions),
        "AdCP delivery-metrics: cpm";
    /// Spend per order.
    Cpo = "cpo", "spend / orders", Rule::MoneyPer(Spend, Orders),
        "AdCP delivery-metrics: cost per acquisition";
    /// Sales per order.
    Aov = "aov", "sales / orders", Rule::MoneyPer(Sales, Orders), "Uber Ads: average order value";
    /// Sales per unit of spend.
    Roas = "roas", "sales / spend", Rule::MoneyRate(Sales, Spend), "AdCP delivery-metrics: roas";
    /// Sales per thousand impressions.
    Erpm = "erpm", "1000 x sales / impressions", Rule::MoneyPerThousand(Sales, Impressions),
        "Amazon Ads: eRPM";
    /// Spend per unit of sales.
    Acos = "acos", "spend / sales", Rule::MoneyRate(Spend, Sales), "the inverse of roas";
    /// Spend per unit of the sales of the whole shop.
    Tacos = "tacos", "spend / sales of the whole shop in the same time",
        Rule::MoneyRate(Spend, TotalSales), "total advertising cost of sales, as sellers on Amazon use it";

    @attributed

    /// Orders that ads have the credit of.
    AttributedOrders = "attributed_orders",
        "credit of orders, in parts of up to six decimal places where several ads share one",
        Rule::Credit(AttributedOrders), "Amazon Ads: purchases";
    /// Pieces that ads have the credit of.
    AttributedUnits = "attributed_units",
        "credit of quantity over the lines of orders, before refunds",
        Rule::Quantity(AttributedUnits), "Amazon Ads: units sold";
    /// Sales that ads have the credit of.
    AttributedSales = "attributed_sales",
        "credit of price x quantity over the lines of orders, before refunds",
        Rule::Money(AttributedSales), "Amazon Ads: sales";
    /// These sales without refunds.
    AttributedNetSales = "attributed_net_sales",
        "attributed_sales without what was refunded of the same lines",
        Rule::Money(AttributedNetSales), "IAB Europe: net sales";
    /// Credit of the advertised product.
    PromotedSales = "promoted_sales", "attributed_sales of the advertised product",
        Rule::Money(PromotedSales), "Amazon Ads: sales of advertised SKU";
    /// Credit of other products.
    HaloSales = "halo_sales", "attributed_sales of other products", Rule::Money(HaloSales),
        "Amazon Ads: sales of other SKU";
    /// Sales of which another campaign has the credit.
    AssistedSales = "assisted_sales",
        "sales whose credit another campaign has, after an eligible ad of this one",
        Rule::Money(AssistedSales), "Criteo metrics-and-dimensions: assisted sales";
    /// Credited sales per unit of spend.
    AttributedRoas = "attributed_roas", "attributed_sales / spend",
        Rule::MoneyRate(AttributedSales, Spend), "Amazon Ads: ROAS";
    /// Spend per unit of credited sales.
    AttributedAcos = "attributed_acos", "spend / attributed_sales",
        Rule::MoneyRate(Spend, AttributedSales), "Amazon Ads: ACOS";
}
