use std::collections::BTreeMap;

use money::Currency;
use rand::rngs::StdRng;

use super::{
    advertising::Advertising,
    calendar::Calendar,
    catalogue::Catalogue,
    shop_file::{ShopFile, Visits},
};

/// A shop ready for visitors: its file, with prices.
pub(super) struct Shop {
    pub(super) currency: Currency,
    pub(super) countries: BTreeMap<String, u32>,
    pub(super) visits: Visits,
    pub(super) calendar: Calendar,
    pub(super) catalogue: Catalogue,
    pub(super) advertising: Advertising,
}

impl Shop {
    /// Creates the shop of a file, with random prices.
    pub(super) fn open(file: ShopFile, random: &mut StdRng) -> Self {
        let catalogue = Catalogue::new(&file, random);
        Self {
            calendar: Calendar::new(file.time_zone, file.hours, file.weekdays),
            advertising: Advertising::new(&file, &catalogue),
            catalogue,
            currency: file.currency,
            countries: file.countries,
            visits: file.visits,
        }
    }
}
