macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them, in the order of the catalogue.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// Returns the stable name, which is also its column and its Redis field.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Returns the variant with this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|known| known.as_str() == name)
            }
        }
    };
}

named! {
    /// A number of events; additive over time and campaigns.
    Counter {
        /// Ads delivered.
        Impressions = "impressions",
        /// Ads in view long enough to count.
        ViewableImpressions = "viewable_impressions",
        /// Ads clicked.
        Clicks = "clicks",
        /// Product pages shown.
        ProductViews = "product_views",
        /// Additions to a cart.
        AddToCarts = "add_to_carts",
        /// Orders placed.
        Orders = "orders",
        /// Pages shown.
        PageViews = "page_views",
        /// Lists of products shown.
        ProductListViews = "product_list_views",
        /// Removals from a cart.
        CartRemovals = "cart_removals",
        /// Checkouts begun.
        Checkouts = "checkouts",
        /// Orders, or parts of them, returned.
        Refunds = "refunds",
        /// Events of every type, custom ones as well.
        Events = "events",
        /// Orders with an item of a brand of which their customer had ordered nothing for a year.
        NewToBrandOrders = "new_to_brand_orders",
        /// Millionths of orders that ads have the credit of.
        AttributedOrders = "attributed_orders",
    }
}

named! {
    /// A sum of quantities, in thousandths; additive over time, campaigns and currencies.
    QuantitySum {
        /// Units sold: pieces, kilograms or metres, as the sender counts them.
        UnitsSold = "units_sold",
        /// Units that came back.
        UnitsRefunded = "units_refunded",
        /// Units that ads have the credit of.
        AttributedUnits = "attributed_units",
    }
}

named! {
    /// A sum of money; additive over time and campaigns, never over currencies.
    MoneySum {
        /// What advertisers pay.
        Spend = "spend",
        /// What purchases brought in, gross of later refunds.
        Sales = "sales",
        /// What was paid back.
        Refunded = "refund_amount",
        /// What the items of [`Counter::NewToBrandOrders`] that are of such a brand cost.
        NewToBrandSales = "new_to_brand_sales",
        /// The sales of all events of the tenant, whatever is counted beside it.
        TotalSales = "total_sales",
        /// Sales that ads have the credit of.
        AttributedSales = "attributed_sales",
        /// These without what was refunded of the same lines.
        AttributedNetSales = "attributed_net_sales",
        /// The credit of the advertised product.
        PromotedSales = "promoted_sales",
        /// The credit of other products.
        HaloSales = "halo_sales",
        /// Sales whose credit another campaign has, after an ad of this one.
        AssistedSales = "assisted_sales",
    }
}

impl MoneySum {
    /// Returns whether the live counters contain it. All others are only in the warehouse.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Spend | Self::Sales)
    }
}

impl QuantitySum {
    /// Returns whether the live counters contain it. All others are only in the warehouse.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::UnitsSold)
    }
}

impl Counter {
    /// Returns whether the live counters contain it. All others are only in the warehouse.
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Impressions
                | Self::ViewableImpressions
                | Self::Clicks
                | Self::ProductViews
                | Self::AddToCarts
                | Self::Orders
        )
    }

    /// Returns whether a metric divides money by it; both must then have the same currency.
    pub const fn divides_money(self) -> bool {
        matches!(self, Self::Impressions | Self::Clicks | Self::Orders)
    }
}
