use std::borrow::Cow;

use money::{Currency, Quantity};

use crate::{
    Item, Rejection,
    RejectionCode::{InvalidValue, TooLarge, WrongType},
    WarningCode,
    event::total,
    field_names,
    fields::{Field, Fields, LayerKind, Textual, textual},
    notes::Notes,
    number,
    text::{self, Kind, NAME_MAX},
};

/// The maximum number of items of one event (GA4 has the same limit).
const ITEMS_MAX: usize = 200;
/// The product id of an item with neither id nor name, as in reports of GA4.
const UNNAMED: &str = "(not set)";

/// Reads the items of an event: `items`, or a single product described by the event's own fields,
/// as Segment sends it.
pub(crate) fn read<'a>(
    fields: &mut Fields<'a>,
    currency: Currency,
    notes: &mut Notes,
) -> Result<Vec<Item<Cow<'a, str>>>, Vec<Rejection>> {
    let mut errors = Vec::new();
    let Some(list) = fields.find(field_names::ITEMS, LayerKind::Nested) else {
        let item = read_single(fields, currency, notes, &mut errors);
        let items = checked(item.into_iter().collect(), "", currency, errors);
        if items.is_err() {
            let names = field_names::OF_SINGLE_ITEM;
            names.into_iter().for_each(|names| fields.put_back_all(names));
        }
        return items;
    };
    let pointer = fields.pointer(&list);
    let items = match read_list(fields, &list, &pointer, currency, notes, &mut errors) {
        Ok(items) => items,
        Err(rejection) => {
            errors.push(rejection);
            Vec::new()
        }
    };
    let items = checked(items, &pointer, currency, errors);
    if items.is_err() {
        fields.put_back(&list);
    }
    items
}

fn checked<'a>(
    items: Vec<Item<Cow<'a, str>>>,
    pointer: &str,
    currency: Currency,
    mut errors: Vec<Rejection>,
) -> Result<Vec<Item<Cow<'a, str>>>, Vec<Rejection>> {
    if !currency.allows(total(&items)) {
        let reason = format!("must add up to at most {} {currency}", currency.event_max());
        errors.push(Rejection::new(InvalidValue, pointer, reason));
    }
    if errors.is_empty() { Ok(items) } else { Err(errors) }
}

fn read_list<'a>(
    fields: &Fields<'a>,
    list: &Field<'a>,
    pointer: &str,
    currency: Currency,
    notes: &mut Notes,
    errors: &mut Vec<Rejection>,
) -> Result<Vec<Item<Cow<'a, str>>>, Rejection> {
    let wrong = || fields.wrong_type(list, "must be an array of items");
    // A single item may be sent without an array.
    let elements = if list.raw().starts_with('{') {
        vec![list.raw()]
    } else {
        list.array().ok_or_else(wrong)?
    };
    if elements.len() > ITEMS_MAX {
        let reason = format!("must contain at most {ITEMS_MAX} items");
        return Err(Rejection::new(TooLarge, pointer, reason));
    }
    let mut items = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        let base = format!("{pointer}/{index}");
        match read_element(element, base, currency, notes, errors) {
            Ok(item) => items.extend(item),
            Err(rejection) => errors.push(rejection),
        }
    }
    Ok(items)
}

fn read_element<'a>(
    raw: &'a str,
    base: String,
    currency: Currency,
    notes: &mut Notes,
    errors: &mut Vec<Rejection>,
) -> Result<Option<Item<Cow<'a, str>>>, Rejection> {
    if raw == "null" {
        notes.warn(WarningCode::Dropped, base, "is not an item: it is dropped");
        return Ok(None);
    }
    if !raw.starts_with('{') {
        // Only the id.
        let Textual::Text(id) = textual(raw) else {
            return Err(Rejection::new(WrongType, base, "must be an object with a `product_id`"));
        };
        let id = text::fit(id, Kind::Id, || base.clone(), notes);
        return Ok(Some(item_of(id.unwrap_or_else(|| unnamed(base, notes)))));
    }
    let mut fields = Fields::read(raw, Cow::Owned(base.clone()))?;
    let id = text::take(&mut fields, field_names::PRODUCT_OF_ITEM, Kind::Id, LayerKind::Own, notes);
    let product_id = id.unwrap_or_else(|| {
        let label = Kind::Label(NAME_MAX);
        let Some(name) =
            text::take(&mut fields, field_names::PRODUCT_NAME, label, LayerKind::Own, notes)
        else {
            return unnamed(base, notes);
        };
        let reason = "has no `product_id`: it is counted under its name";
        notes.warn(WarningCode::Unnamed, base, reason);
        name
    });
    Ok(Some(describe(&mut fields, product_id, LayerKind::Own, currency, notes, errors)))
}

fn unnamed<'a>(base: String, notes: &mut Notes) -> Cow<'a, str> {
    let reason = format!("has neither `product_id` nor `item_name`: it is counted as {UNNAMED}");
    notes.warn(WarningCode::Unnamed, base, reason);
    Cow::Borrowed(UNNAMED)
}

/// Reads the product that the event's own fields describe, if they name one.
fn read_single<'a>(
    fields: &mut Fields<'a>,
    currency: Currency,
    notes: &mut Notes,
    errors: &mut Vec<Rejection>,
) -> Option<Item<Cow<'a, str>>> {
    let product_id = text::take(fields, field_names::PRODUCT, Kind::Id, LayerKind::Nested, notes)?;
    Some(describe(fields, product_id, LayerKind::Nested, currency, notes, errors))
}

fn item_of(product_id: Cow<'_, str>) -> Item<Cow<'_, str>> {
    Item {
        product_id,
        parent_sku: None,
        brand: None,
        category: None,
        quantity: Quantity::ONE,
        price: None,
    }
}

fn describe<'a>(
    fields: &mut Fields<'a>,
    product_id: Cow<'a, str>,
    farthest: LayerKind,
    currency: Currency,
    notes: &mut Notes,
    errors: &mut Vec<Rejection>,
) -> Item<Cow<'a, str>> {
    let mut item = item_of(product_id);
    item.parent_sku = text::take(fields, field_names::PARENT, Kind::Id, farthest, notes);
    let label = Kind::Label(NAME_MAX);
    item.brand = text::take(fields, field_names::BRAND, label, farthest, notes);
    item.category = text::take(fields, field_names::CATEGORY, label, farthest, notes);
    if let Some(field) = fields.find(field_names::QUANTITY, farthest) {
        match number::quantity(fields, &field, notes) {
            Ok(quantity) => item.quantity = quantity,
            Err(rejection) => {
                fields.put_back(&field);
                errors.push(rejection);
            }
        }
    }
    if let Some(field) = fields.find(field_names::PRICE, farthest) {
        match number::amount(fields, &field, currency, notes) {
            Ok(price) => item.price = Some(price),
            Err(rejection) => {
                fields.put_back(&field);
                errors.push(rejection);
            }
        }
    }
    item
}
