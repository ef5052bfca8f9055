use std::collections::BTreeSet;

use money::Amount;

use super::shop_file::{Campaign, Category, Pays, ShopFile, Visits};

/// The highest price or cost, in whole units.
const DEAREST: i64 = 1_000_000_000;

/// Why a text is not a valid shop file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    /// Not TOML, or a field is missing, unknown or of another type.
    #[error("{0}")]
    Form(#[from] toml::de::Error),
    /// A field is out of its range.
    #[error("{field} {must}")]
    Field {
        /// The path of the field in the file.
        field: String,
        /// What the field must be.
        must: &'static str,
    },
}

impl ShopFile {
    /// Checks that the shop is possible.
    pub(super) fn check(&self) -> Result<(), ShopError> {
        let Self { price_endings, hours, weekdays, countries, .. } = self;
        let ending = |ending: &Amount| (0..1_000_000).contains(&ending.micros());
        require(!price_endings.is_empty() && price_endings.iter().all(ending), || {
            ("price_endings", "must be amounts from 0 to less than 1, at least one")
        })?;
        require(hours.iter().all(|hour| *hour > 0), || ("hours", "must each be 1 or more"))?;
        require(weekdays.iter().all(|day| *day > 0), || ("weekdays", "must each be 1 or more"))?;
        let total = countries.values().try_fold(0_u32, |sum, share| sum.checked_add(*share));
        require(total.is_some_and(|total| total > 0), || {
            ("countries", "must have at least one country, and a sum below 4,294,967,296")
        })?;
        let code = |country: &String| {
            country.len() == 2 && country.chars().all(|letter| letter.is_ascii_uppercase())
        };
        require(countries.keys().all(code), || {
            ("countries", "must be codes of two upper-case letters, such as DE")
        })?;
        self.visits.check()?;
        require(!self.categories.is_empty(), || ("categories", "must have at least one"))?;
        self.categories.iter().try_for_each(Category::check)?;
        let of = |category: &Category| {
            let Category { brands, products, .. } = category.clone();
            brands.into_iter().flat_map(move |brand| {
                products.clone().into_iter().map(move |product| (brand.clone(), product))
            })
        };
        let mut sold = BTreeSet::new();
        require(self.categories.iter().flat_map(of).all(|product| sold.insert(product)), || {
            ("categories", "must list each product of a brand once")
        })?;
        require(!self.campaigns.is_empty(), || ("campaigns", "must have at least one"))?;
        self.campaigns.iter().try_for_each(|campaign| campaign.check(&self.categories))?;
        let mut ids = BTreeSet::new();
        require(self.campaigns.iter().all(|campaign| ids.insert(&campaign.id)), || {
            ("campaigns", "must each have a different id")
        })
    }
}

impl Visits {
    fn check(self) -> Result<(), ShopError> {
        let Self {
            leaves_after_a_page,
            opens_a_product,
            puts_in_cart,
            puts_in_cart_after_an_ad,
            takes_two,
            takes_out_again,
            checks_out,
            buys,
            gives_back,
        } = self;
        for (name, chance) in [
            ("leaves_after_a_page", leaves_after_a_page),
            ("opens_a_product", opens_a_product),
            ("puts_in_cart", puts_in_cart),
            ("puts_in_cart_after_an_ad", puts_in_cart_after_an_ad),
            ("takes_two", takes_two),
            ("takes_out_again", takes_out_again),
            ("checks_out", checks_out),
            ("buys", buys),
            ("gives_back", gives_back),
        ] {
            require(is_chance(chance), || (format!("visits.{name}"), CHANCE))?;
        }
        Ok(())
    }
}

impl Category {
    fn check(&self) -> Result<(), ShopError> {
        let Self { name, brands, products, prices: [cheapest, dearest] } = self;
        let field = |field| format!("categories.{name}.{field}");
        require(!brands.is_empty(), || (field("brands"), "must have at least one"))?;
        require(!products.is_empty(), || (field("products"), "must have at least one"))?;
        require(0 <= *cheapest && cheapest <= dearest && *dearest <= DEAREST, || {
            (field("prices"), "must be the cheapest and the dearest, from 0 to 1,000,000,000")
        })
    }
}

impl Campaign {
    fn check(&self, categories: &[Category]) -> Result<(), ShopError> {
        let field = |field| format!("campaigns.{}.{field}", self.id);
        let mut advertised = self.categories.iter().map(|name| {
            let category = categories.iter().find(|category| category.name == *name);
            category.is_some_and(|category| category.brands.contains(&self.brand))
        });
        require(!self.categories.is_empty() && advertised.all(|sold| sold), || {
            (field("categories"), "must be categories of the shop in which the brand is sold")
        })?;
        require(!self.keywords.is_empty(), || (field("keywords"), "must have at least one"))?;
        require(is_chance(self.click_rate), || (field("click_rate"), CHANCE))?;
        let cost = |cost: Amount| (0..=DEAREST * 1_000_000).contains(&cost.micros());
        let right = match self.pays {
            Pays::PerClick([least, most]) => cost(least) && cost(most) && least <= most,
            Pays::PerThousand(all) => cost(all),
        };
        require(right, || (field("pays"), "must be amounts from 0 to 1,000,000,000, least first"))
    }
}

const CHANCE: &str = "must be a chance from 0 to 1";

fn is_chance(chance: f64) -> bool {
    (0.0..=1.0).contains(&chance)
}

fn require<Field: Into<String>>(
    holds: bool,
    otherwise: impl FnOnce() -> (Field, &'static str),
) -> Result<(), ShopError> {
    if holds {
        return Ok(());
    }
    let (field, must) = otherwise();
    Err(ShopError::Field { field: field.into(), must })
}
