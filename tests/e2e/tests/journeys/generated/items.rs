//! Products, and the ways to write them as items.

use money::Quantity;
use serde_json::{Value, json};

use super::{
    documented::{self, Field},
    draft::Draft,
    meant::Line,
    numbers,
    objects::{ANYWHERE, Objects, Place},
    written::{self, Written},
};
use crate::deck::Deck;

/// The number of products, and of those with an id.
const PRODUCTS: usize = 60;
const WITH_ID: usize = 36;

/// The products of a shop. Each is always written with the same texts.
pub(super) struct Catalogue(Vec<Product>);

struct Product {
    id: Option<Written<String>>,
    name: Option<Written<String>>,
    parent: Option<Written<String>>,
    brand: Option<Written<String>>,
    category: Option<Written<String>>,
    meant: String,
}

impl Product {
    fn new(deck: &mut Deck, n: usize) -> Self {
        let id = match n {
            ..WITH_ID => Some(written::read(deck, field("product_id"), n as u64)),
            _ if n.is_multiple_of(2) => Some(written::dropped(deck, field("product_id"), n as u64)),
            _ => None,
        };
        // A name is a label, as a brand is.
        let write = if n % 6 == 1 { written::dropped } else { written::read };
        let mut label = |name| write(deck, field(name), n as u64);
        let name = (!n.is_multiple_of(3)).then(|| label("brand"));
        let meant = |text: &Option<Written<String>>| text.as_ref()?.meant.clone();
        let named = meant(&id).or(meant(&name));
        // Products without a name are counted together: they have no brand in common.
        let brand = named.is_some().then(|| label("brand"));
        let category = named.is_some().then(|| label("category"));
        let parent = named.is_some().then(|| written::read(deck, field("parent_sku"), n as u64));
        let meant = named.unwrap_or_else(|| "(not set)".to_owned());
        Self { id, name, parent, brand, category, meant }
    }
}

/// Returns a field of an item.
fn field(name: &str) -> &'static Field {
    documented::named(&format!("items[].{name}"))
}

impl Catalogue {
    /// Creates products in every way to write their texts. Only the first ones have an id.
    pub(super) fn new(deck: &mut Deck) -> Self {
        Self((0..PRODUCTS).map(|n| Product::new(deck, n)).collect())
    }

    /// Writes the items of an event, in any form; at times none.
    pub(super) fn write(&self, draft: &mut Draft<'_>, is_large: bool) {
        let items = documented::named("items");
        let forms = ["none", "list", "list", "object", "single", "ids", "null", "many"];
        let json = match draft.deck.deal("a form of items", &forms) {
            "list" => {
                let count = 1 + draft.deck.below(3);
                json!((0..count).map(|_| self.item(draft, is_large)).collect::<Vec<_>>())
            }
            "object" => self.item(draft, is_large),
            "ids" => json!([self.only_id(draft), self.item(draft, is_large)]),
            "null" => {
                draft.meant.warnings.push("dropped");
                json!([self.item(draft, is_large), null])
            }
            // One event of 160 has as many as there may be.
            "many" if draft.deck.one_in(20) => {
                json!((0..200).map(|_| self.item(draft, is_large)).collect::<Vec<_>>())
            }
            "many" if draft.meant.is_custom() => {
                draft.write(items, ANYWHERE, &Written::<()>::kept(json!([true])));
                return;
            }
            "single" => return self.single(draft, is_large),
            _ => return,
        };
        draft.write(items, ANYWHERE, &Written::<()>::of(json, ()));
    }

    /// Writes an item as an object.
    fn item(&self, draft: &mut Draft<'_>, is_large: bool) -> Value {
        let product = &self.0[draft.deck.below(PRODUCTS as u64) as usize];
        let (mut fields, line) = self.described(draft.deck, product, is_large);
        let has_id = product.id.as_ref().is_some_and(|id| id.meant.is_some());
        fields.extend(product.id.as_ref().map(|id| (field("product_id"), id.as_any())));
        let mut item = Objects::default();
        for (field, written) in fields {
            item.write(draft.deck, field, &[Place::Own], &written);
            draft.meant.warnings.extend(written.warnings);
        }
        if let Some(name) = &product.name {
            let names = ["item_name", "product_name", "name"];
            let field = draft.deck.deal("a name of the name of an item", &names);
            item.object(Place::Own).insert(field.to_owned(), name.json.clone());
            draft.meant.warnings.extend(name.warnings.iter().filter(|_| !has_id));
        }
        // An item without any field would be no item.
        if draft.deck.one_in(4) || item.object(Place::Own).is_empty() {
            item.object(Place::Own).insert("coupon".to_owned(), json!("left out"));
        }
        draft.meant.warnings.extend((!has_id).then_some("unnamed"));
        draft.meant.items.push(line);
        Value::Object(item.joined())
    }

    /// Writes the only item of an event as fields of the event.
    fn single(&self, draft: &mut Draft<'_>, is_large: bool) {
        let product = &self.0[draft.deck.below(WITH_ID as u64) as usize];
        let (fields, line) = self.described(draft.deck, product, is_large);
        // An `id` of an event is not known to be a product's.
        let id = field("product_id").only(|name| name != "id");
        draft.write(&id, ANYWHERE, product.id.as_ref().unwrap());
        for (field, written) in fields {
            draft.write(field, ANYWHERE, &written);
        }
        draft.meant.items.push(line);
    }

    /// Writes an item as its id.
    fn only_id(&self, draft: &mut Draft<'_>) -> Value {
        let product = &self.0[draft.deck.below(WITH_ID as u64) as usize];
        let id = product.id.as_ref().unwrap();
        draft.meant.warnings.extend(&id.warnings);
        let product_id = product.meant.clone();
        let parent_sku = None;
        let brand = None;
        let category = None;
        let quantity = Quantity::ONE;
        let price = None;
        draft.meant.items.push(Line { product_id, parent_sku, brand, category, quantity, price });
        id.json.clone()
    }

    /// Returns the fields of an item beside its id and name, and its meaning.
    fn described(
        &self,
        deck: &mut Deck,
        product: &Product,
        is_large: bool,
    ) -> (Vec<(&'static Field, Written<()>)>, Line) {
        let parent = product.parent.clone().filter(|_| !deck.one_in(4));
        let brand = product.brand.clone().filter(|_| !deck.one_in(4));
        let category = product.category.clone().filter(|_| !deck.one_in(4));
        let quantity = (!deck.one_in(4)).then(|| numbers::quantity(deck));
        let price = (!deck.one_in(4)).then(|| numbers::amount(deck, "price", is_large));
        let line = Line {
            product_id: product.meant.clone(),
            parent_sku: parent.as_ref().and_then(|parent| parent.meant.clone()),
            brand: brand.as_ref().and_then(|brand| brand.meant.clone()),
            category: category.as_ref().and_then(|category| category.meant.clone()),
            quantity: quantity.as_ref().map_or(Quantity::ONE, |quantity| quantity.meant.unwrap()),
            price: price.as_ref().map(|price| price.meant.unwrap()),
        };
        let texts = [("parent_sku", parent), ("brand", brand), ("category", category)];
        let texts = texts.into_iter().map(|(field, text)| (field, text.map(|text| text.as_any())));
        let numbers = [
            ("quantity", quantity.map(|quantity| quantity.as_any())),
            ("price", price.map(|price| price.as_any())),
        ];
        let fields = texts.chain(numbers);
        (fields.filter_map(|(name, written)| Some((field(name), written?))).collect(), line)
    }
}
