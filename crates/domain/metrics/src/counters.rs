macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every one, in the order of the catalogue.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The stable name, also the name of its column and its Redis field.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one of that name.
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
        /// Times something was put into a cart.
        AddToCarts = "add_to_carts",
        /// Orders placed.
        Orders = "orders",
    }
}

named! {
    /// A sum of quantities, in thousandths; additive over time, campaigns and currencies.
    QuantitySum {
        /// Pieces sold, or kilograms, or metres: whatever quantities are of.
        UnitsSold = "units_sold",
    }
}

named! {
    /// A sum of money; additive over time and campaigns, never over currencies.
    MoneySum {
        /// What advertisers pay.
        Spend = "spend",
        /// What purchases brought in, gross of later refunds.
        Sales = "sales",
    }
}

impl Counter {
    /// Whether some metric divides money by it, which must then be of the same currency.
    pub const fn divides_money(self) -> bool {
        matches!(self, Self::Impressions | Self::Clicks | Self::Orders)
    }
}
