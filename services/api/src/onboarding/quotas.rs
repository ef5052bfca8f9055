use tenancy::{OverQuota, Quotas};

use super::{field::Fields, file::QuotasFile};

/// Lists the quotas, by their names.
macro_rules! each_quota {
    ($do:ident) => {
        $do!(
            events_per_minute,
            events_per_hour,
            events_per_day,
            bytes_per_second,
            bytes_per_minute,
            bytes_per_hour,
            bytes_per_day,
            requests_per_second,
            requests_per_minute,
            requests_per_hour,
            requests_per_day,
            rejects_per_day,
            campaigns_per_day,
            products_per_day,
            parked_events_per_day,
            parked_bytes_per_day
        )
    };
}

/// Checks the quotas of a tenant's file or of a change.
pub(super) fn check(fields: &mut Fields, quotas: &QuotasFile) {
    macro_rules! check_each {
        ($($quota:ident),+) => {$(
            let most = i64::MAX.unsigned_abs();
            let right = quotas.$quota.flatten().is_none_or(|number| (1..=most).contains(&number));
            let pointer = concat!("/limits/quotas/", stringify!($quota));
            fields.must(right, pointer, "must be 1 to 9223372036854775807");
        )+};
    }
    each_quota!(check_each);
    for (pointer, number) in [
        ("/limits/quotas/campaigns_per_day", quotas.campaigns_per_day),
        ("/limits/quotas/products_per_day", quotas.products_per_day),
    ] {
        let right = number.flatten().is_none_or(|number| number <= Quotas::MOST_NAMES);
        fields.must(right, pointer, "must be 1 to 10000000");
    }
}

/// The number of a quota: one that a tenant may have, or one that every tenant has.
trait QuotaNumber {
    /// Returns the number after a change; what is absent stays, and `null` is the default.
    fn changed(self, change: Option<Option<u64>>, default: Self) -> Self;

    /// Returns the number, if there is one.
    fn number(self) -> Option<u64>;
}

impl QuotaNumber for Option<u64> {
    fn changed(self, change: Option<Option<u64>>, default: Self) -> Self {
        change.map_or(self, |number| number.or(default))
    }

    fn number(self) -> Option<u64> {
        self
    }
}

impl QuotaNumber for u64 {
    fn changed(self, change: Option<Option<u64>>, default: Self) -> Self {
        change.map_or(self, |number| number.unwrap_or(default))
    }

    fn number(self) -> Option<u64> {
        Some(self)
    }
}

/// Returns the quotas of a tenant that has `known` ones; what is absent stays, and `null` is the default.
pub(super) fn changed(known: Quotas, change: &QuotasFile) -> Quotas {
    let default = Quotas::default();
    macro_rules! change_each {
        ($($quota:ident),+) => {
            Quotas {
                $($quota: known.$quota.changed(change.$quota, default.$quota),)+
                over_quota: change
                    .over_quota
                    .map_or(known.over_quota, |chosen| chosen.map_or(default.over_quota, OverQuota::from)),
            }
        };
    }
    each_quota!(change_each)
}

/// Returns the names of the quotas that differ, with both numbers, for a plan.
pub(super) fn differences(was: Quotas, is: Quotas) -> Vec<(&'static str, String, String)> {
    let (was, is) = (QuotasFile::from(was), QuotasFile::from(is));
    let text = |number: Option<Option<u64>>| {
        number.flatten().map_or("none".to_owned(), |number| number.to_string())
    };
    let mut pairs = Vec::new();
    macro_rules! add_each {
        ($($quota:ident),+) => {$(
            pairs.push((stringify!($quota), text(was.$quota), text(is.$quota)));
        )+};
    }
    each_quota!(add_each);
    let choice = |file: QuotasFile| {
        let chosen = file.over_quota.flatten().map(OverQuota::from).unwrap_or_default();
        chosen.as_str().to_owned()
    };
    pairs.push(("over_quota", choice(was), choice(is)));
    pairs
}

impl From<Quotas> for QuotasFile {
    fn from(quotas: Quotas) -> Self {
        macro_rules! copy_each {
            ($($quota:ident),+) => {
                Self {
                    $($quota: Some(quotas.$quota.number()),)+
                    over_quota: Some(Some(quotas.over_quota.into())),
                }
            };
        }
        each_quota!(copy_each)
    }
}
