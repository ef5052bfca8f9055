use money::{Amount, Quantity};
use serde_json::value::RawValue;

use crate::{
    Item, Rejection,
    RejectionCode::{InvalidValue, MissingField, TooLarge},
    event::total,
    fields::{Field, Fields, NAME_MAX},
};

/// The most products one event may name (GA4 has the same limit).
const ITEMS_MAX: usize = 200;
const QUANTITY_MAX: Quantity = Quantity::from_thousandths(100_000_000);

/// The products of an event: `items`, or the fields of a single product beside the others, as
/// Segment sends them.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Vec<Item>, Rejection> {
    let items = match fields.take(&["items", "products"])? {
        Some(list) => read_list(&list)?,
        None => read_item(fields)?.into_iter().collect(),
    };
    if total(&items) > Amount::EVENT_MAX {
        let reason = format!("must add up to at most {}", Amount::EVENT_MAX);
        return Err(Rejection::new(InvalidValue, "/items", reason));
    }
    Ok(items)
}

fn read_list(list: &Field<'_>) -> Result<Vec<Item>, Rejection> {
    let elements = list.array()?;
    if elements.len() > ITEMS_MAX {
        let reason = format!("must hold at most {ITEMS_MAX} items");
        return Err(Rejection::new(TooLarge, list.pointer.clone(), reason));
    }
    let read_element = |(index, element): (usize, &RawValue)| {
        let pointer = format!("{}/{index}", list.pointer);
        let mut fields = Fields::read(element.get().as_bytes(), pointer)?;
        let missing = Rejection::new(
            MissingField,
            fields.at("product_id"),
            "is needed: the retailer's id of the product",
        );
        read_item(&mut fields)?.ok_or(missing)
    };
    elements.into_iter().enumerate().map(read_element).collect()
}

/// The product that `fields` describe, if they name one.
fn read_item(fields: &mut Fields<'_>) -> Result<Option<Item>, Rejection> {
    let Some(product_id) = fields.text(&["product_id", "item_id"], NAME_MAX)? else {
        return Ok(None);
    };
    let quantity = fields.take(&["quantity"])?.map(|field| quantity(&field)).transpose()?;
    Ok(Some(Item {
        product_id,
        brand: fields.text(&["brand", "item_brand"], NAME_MAX)?,
        category: fields.text(&["category", "item_category"], NAME_MAX)?,
        quantity: quantity.unwrap_or(Quantity::ONE),
        price: fields.amount(&["price"])?,
    }))
}

fn quantity(field: &Field<'_>) -> Result<Quantity, Rejection> {
    let quantity: Quantity = field.number()?.parse().map_err(|error| field.invalid(error))?;
    if quantity > Quantity::ZERO && quantity <= QUANTITY_MAX {
        Ok(quantity)
    } else {
        Err(field.invalid(format!("must be more than 0 and at most {QUANTITY_MAX}")))
    }
}
