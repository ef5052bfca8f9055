use std::{borrow::Cow, collections::BTreeSet};

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

/// Different names of events, by what they name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventNames {
    /// The ids of campaigns.
    pub campaigns: BTreeSet<String>,
    /// The ids of products.
    pub products: BTreeSet<String>,
}

impl EventName<'_> {
    /// Returns what it names, as metrics show it.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Campaign(_) => "campaign",
            Self::Product(_) => "product",
        }
    }
}

impl EventNames {
    /// Adds a name, unless it is [`OTHER`], which every event may have.
    pub fn insert(&mut self, name: EventName<'_>) {
        let (names, text) = match name {
            EventName::Campaign(text) => (&mut self.campaigns, text),
            EventName::Product(text) => (&mut self.products, text),
        };
        if text != OTHER && !names.contains(text) {
            names.insert(text.to_owned());
        }
    }

    /// Returns whether a name is among them.
    pub fn contains(&self, name: EventName<'_>) -> bool {
        match name {
            EventName::Campaign(text) => self.campaigns.contains(text),
            EventName::Product(text) => self.products.contains(text),
        }
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.campaigns.is_empty() && self.products.is_empty()
    }
}

impl Event {
    /// Returns the names that create something where they are new; some of them several times.
    pub fn names(&self) -> impl Iterator<Item = EventName<'_>> {
        let campaign = self.campaign_id.iter().map(|id| EventName::Campaign(id.as_str()));
        campaign.chain(self.items.iter().map(|item| EventName::Product(&item.product_id)))
    }

    /// Replaces the names that `may_name` refuses by [`OTHER`], as
    /// [`write_named`](crate::write_named) does.
    pub fn replace_names(
        &mut self,
        may_name: impl FnMut(EventName<'_>) -> bool,
    ) -> Vec<Adjustment> {
        replace(self, || OTHER.to_owned(), may_name)
    }
}

/// Replaces the names that an event may not have, before its texts are copied.
pub(crate) fn replace_names(
    event: &mut Event<Cow<'_, str>>,
    may_name: impl FnMut(EventName<'_>) -> bool,
) -> Vec<Adjustment> {
    replace(event, || Cow::Borrowed(OTHER), may_name)
}

/// Replaces the names that an event may not have. Of a product, nothing else is known then.
fn replace<Text: AsRef<str>>(
    event: &mut Event<Text>,
    other: impl Fn() -> Text,
    mut may_name: impl FnMut(EventName<'_>) -> bool,
) -> Vec<Adjustment> {
    let mut replaced = Vec::new();
    if let Some(campaign) = &mut event.campaign_id
        && !may_name(EventName::Campaign(campaign.as_str()))
        && let Ok(replacement) = OTHER.parse()
    {
        let from = std::mem::replace(campaign, replacement).as_str().to_owned();
        replaced.push(Adjustment { field: "campaign_id", from, to: OTHER.to_owned() });
    }
    for item in &mut event.items {
        if !may_name(EventName::Product(item.product_id.as_ref())) {
            let from = std::mem::replace(&mut item.product_id, other()).as_ref().to_owned();
            (item.parent_sku, item.brand, item.category) = (None, None, None);
            replaced.push(Adjustment { field: "product_id", from, to: OTHER.to_owned() });
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_and_a_product_of_one_id_are_different_names() {
        let mut names = EventNames::default();
        names.insert(EventName::Campaign(OTHER));
        assert!(names.is_empty());
        names.insert(EventName::Product("spring"));
        names.insert(EventName::Product("spring"));
        assert_eq!(names.products.len(), 1);
        assert!(names.contains(EventName::Product("spring")) && !names.is_empty());
        assert!(!names.contains(EventName::Campaign("spring")));
    }
}
