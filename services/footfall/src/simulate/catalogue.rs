use events::Item;
use money::{Amount, Quantity};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

const BRANDS: &[&str] = &["Alder", "Borea", "Cardo", "Dunlin", "Elmwood", "Fjordline", "Gannet"];

/// Each with the range of its prices, in whole units.
const CATEGORIES: &[(&str, u32, u32)] = &[
    ("shoes", 49, 180),
    ("jackets", 79, 320),
    ("shirts", 19, 70),
    ("trousers", 35, 120),
    ("bags", 25, 150),
    ("accessories", 9, 45),
];

const PRODUCTS_PER_BRAND_AND_CATEGORY: usize = 6;

/// What a shop sells.
pub(super) struct Catalogue {
    products: Vec<Item>,
}

impl Catalogue {
    pub(super) fn new(random: &mut StdRng) -> Self {
        let mut products = Vec::new();
        for brand in BRANDS {
            for (category, cheapest, dearest) in CATEGORIES {
                for number in 1..=PRODUCTS_PER_BRAND_AND_CATEGORY {
                    let units = random.random_range(*cheapest..=*dearest);
                    products.push(Item {
                        product_id: format!("{}-{category}-{number}", brand.to_lowercase()),
                        brand: Some((*brand).to_owned()),
                        category: Some((*category).to_owned()),
                        quantity: Quantity::ONE,
                        // Prices in shops end in 90 or 99 cents.
                        price: Some(price(units, *[90, 99].choose(random).unwrap_or(&90))),
                    });
                }
            }
        }
        Self { products }
    }

    /// A few products of one category, as a list shows them.
    pub(super) fn list(&self, category: &str, random: &mut StdRng) -> Vec<Item> {
        let in_category = |product: &&Item| product.category.as_deref() == Some(category);
        let of_category: Vec<&Item> = self.products.iter().filter(in_category).collect();
        let count = random.random_range(3..=6);
        of_category.choose_multiple(random, count).map(|product| (*product).clone()).collect()
    }

    /// The products of one brand.
    pub(super) fn of_brand(&self, brand: &str) -> Vec<Item> {
        let of_brand = |product: &&Item| product.brand.as_deref() == Some(brand);
        self.products.iter().filter(of_brand).cloned().collect()
    }

    /// The name of any category.
    pub(super) fn category(random: &mut StdRng) -> &'static str {
        CATEGORIES.choose(random).map_or("shoes", |(category, ..)| category)
    }

    /// The name of a brand by number, round and round.
    pub(super) fn brand(number: usize) -> &'static str {
        BRANDS.get(number % BRANDS.len()).copied().unwrap_or("Alder")
    }
}

fn price(units: u32, cents: u32) -> Amount {
    Amount::from_micros(i64::from(units) * 1_000_000 + i64::from(cents) * 10_000)
}
