use money::{Amount, Currency, Quantity};

use crate::{
    Rejection, WarningCode,
    fields::{Field, Fields, Textual},
    notes::Notes,
};

/// The maximum quantity of one item.
const QUANTITY_MAX: Quantity = Quantity::from_thousandths(1_000_000_000);

/// Reads an amount: not negative, and at most the currency's maximum for one event.
pub(crate) fn amount(
    fields: &Fields<'_>,
    field: &Field<'_>,
    currency: Currency,
    notes: &mut Notes,
) -> Result<Amount, Rejection> {
    let text = text(fields, field)?;
    let (amount, is_exact) =
        Amount::nearest(&text).map_err(|error| fields.invalid(field, error))?;
    if !currency.allows(amount) {
        let reason = format!("must be from 0 to {} {currency}", currency.event_max());
        return Err(fields.invalid(field, reason));
    }
    if !is_exact {
        let reason = format!("is rounded to {amount}: six decimal places are stored");
        notes.warn(WarningCode::Rounded, fields.pointer(field), reason);
    }
    Ok(amount)
}

/// Reads a quantity: more than 0.
pub(crate) fn quantity(
    fields: &Fields<'_>,
    field: &Field<'_>,
    notes: &mut Notes,
) -> Result<Quantity, Rejection> {
    let text = text(fields, field)?;
    let (quantity, is_exact) =
        Quantity::nearest(&text).map_err(|error| fields.invalid(field, error))?;
    if quantity == Quantity::ZERO || quantity > QUANTITY_MAX {
        let reason = format!("must be more than 0 and at most {QUANTITY_MAX}");
        return Err(fields.invalid(field, reason));
    }
    if !is_exact {
        let reason = format!("is rounded to {quantity}: three decimal places are stored");
        notes.warn(WarningCode::Rounded, fields.pointer(field), reason);
    }
    Ok(quantity)
}

fn text<'a>(
    fields: &Fields<'_>,
    field: &Field<'a>,
) -> Result<std::borrow::Cow<'a, str>, Rejection> {
    match field.textual() {
        Textual::Text(text) => Ok(text),
        Textual::Other => {
            Err(fields.wrong_type(field, "must be a number, or a string that contains one"))
        }
    }
}
