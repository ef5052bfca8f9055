use std::borrow::Cow;

use crate::{Adjustment, Event};

/// The campaign and the product of which events count that may not name another one.
pub const OTHER: &str = "other";

/// A name in an event that creates something where it is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventName<'a> {
    /// The id of a campaign.
    Campaign(&'a str),
    /// The id of a product.
    Product(&'a str),
}

/// Replaces the names that an event may not have. Of a product, nothing else is known then.
pub(crate) fn replace_names(
    event: &mut Event<Cow<'_, str>>,
    mut may_name: impl FnMut(EventName<'_>) -> bool,
) -> Vec<Adjustment> {
    let mut replaced = Vec::new();
    if let Some(campaign) = &mut event.campaign_id
        && !may_name(EventName::Campaign(campaign.as_str()))
        && let Ok(other) = OTHER.parse()
    {
        let from = std::mem::replace(campaign, other).as_str().to_owned();
        replaced.push(Adjustment { field: "campaign_id", from, to: OTHER.to_owned() });
    }
    for item in &mut event.items {
        if !may_name(EventName::Product(&item.product_id)) {
            let from = std::mem::replace(&mut item.product_id, Cow::Borrowed(OTHER)).into_owned();
            (item.parent_sku, item.brand, item.category) = (None, None, None);
            replaced.push(Adjustment { field: "product_id", from, to: OTHER.to_owned() });
        }
    }
    replaced
}
