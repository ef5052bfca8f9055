use std::collections::BTreeSet;

use events::Item;
use money::{Amount, Quantity};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

use super::shop_file::ShopFile;

/// The products of a shop by category.
pub(super) struct Catalogue {
    categories: Vec<Vec<Item>>,
}

impl Catalogue {
    /// Creates the products of the file, each with a price in the range of its category.
    pub(super) fn new(shop: &ShopFile, random: &mut StdRng) -> Self {
        let categories = shop.categories.iter().map(|category| {
            let [cheapest, dearest] = category.prices;
            let count = i64::try_from(category.products.len()).unwrap_or(i64::MAX).max(1);
            // Each product has a part of the range, so that every brand has cheap and dear ones.
            let edge = |number: i64| cheapest + (dearest - cheapest) * number / count;
            let mut products = Vec::new();
            for brand in &category.brands {
                for (number, product) in (0..).zip(&category.products) {
                    let units = random.random_range(edge(number)..=edge(number + 1));
                    let ending = shop.price_endings.choose(random).copied().unwrap_or_default();
                    products.push(Item {
                        product_id: format!("{}-{product}", slug(brand)),
                        parent_sku: None,
                        brand: Some(brand.clone()),
                        category: Some(category.name.clone()),
                        quantity: Quantity::ONE,
                        price: Some(Amount::from_micros(units * 1_000_000).plus(ending)),
                    });
                }
            }
            products
        });
        Self { categories: categories.collect() }
    }

    /// Chooses a few products of a random category, as a list shows them.
    pub(super) fn list(&self, random: &mut StdRng) -> Vec<Item> {
        let category = self.categories.choose(random).map_or(&[][..], Vec::as_slice);
        let count = random.random_range(3..=6);
        category.choose_multiple(random, count).cloned().collect()
    }

    /// Returns the products of one brand in some categories.
    pub(super) fn of_brand(&self, brand: &str, categories: &[String]) -> Vec<Item> {
        let categories: BTreeSet<&str> = categories.iter().map(String::as_str).collect();
        let wanted = |product: &&Item| {
            product.brand.as_deref() == Some(brand)
                && product.category.as_deref().is_some_and(|name| categories.contains(name))
        };
        self.categories.iter().flatten().filter(wanted).cloned().collect()
    }
}

fn slug(brand: &str) -> String {
    brand.to_lowercase().replace(' ', "-")
}
