use tenancy::Quotas;

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
            products_per_day
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

/// Returns the quotas of a tenant that has `known` ones; what is absent stays, and `null` is the default.
pub(super) fn changed(known: Quotas, change: &QuotasFile) -> Quotas {
    let default = Quotas::default();
    Quotas {
        events_per_minute: change.events_per_minute.unwrap_or(known.events_per_minute),
        events_per_hour: change.events_per_hour.unwrap_or(known.events_per_hour),
        events_per_day: change.events_per_day.unwrap_or(known.events_per_day),
        bytes_per_second: change.bytes_per_second.unwrap_or(known.bytes_per_second),
        bytes_per_minute: change.bytes_per_minute.unwrap_or(known.bytes_per_minute),
        bytes_per_hour: change.bytes_per_hour.unwrap_or(known.bytes_per_hour),
        bytes_per_day: change.bytes_per_day.unwrap_or(known.bytes_per_day),
        requests_per_second: required(
            change.requests_per_second,
            known.requests_per_second,
            default.requests_per_second,
        ),
        requests_per_minute: change.requests_per_minute.unwrap_or(known.requests_per_minute),
        requests_per_hour: change.requests_per_hour.unwrap_or(known.requests_per_hour),
        requests_per_day: change.requests_per_day.unwrap_or(known.requests_per_day),
        rejects_per_day: required(
            change.rejects_per_day,
            known.rejects_per_day,
            default.rejects_per_day,
        ),
        campaigns_per_day: required(
            change.campaigns_per_day,
            known.campaigns_per_day,
            default.campaigns_per_day,
        ),
        products_per_day: required(
            change.products_per_day,
            known.products_per_day,
            default.products_per_day,
        ),
    }
}

/// Returns a quota that every tenant has.
fn required(change: Option<Option<u64>>, known: u64, default: u64) -> u64 {
    change.map_or(known, |number| number.unwrap_or(default))
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
    pairs
}

impl From<Quotas> for QuotasFile {
    fn from(quotas: Quotas) -> Self {
        Self {
            events_per_minute: Some(quotas.events_per_minute),
            events_per_hour: Some(quotas.events_per_hour),
            events_per_day: Some(quotas.events_per_day),
            bytes_per_second: Some(quotas.bytes_per_second),
            bytes_per_minute: Some(quotas.bytes_per_minute),
            bytes_per_hour: Some(quotas.bytes_per_hour),
            bytes_per_day: Some(quotas.bytes_per_day),
            requests_per_second: Some(Some(quotas.requests_per_second)),
            requests_per_minute: Some(quotas.requests_per_minute),
            requests_per_hour: Some(quotas.requests_per_hour),
            requests_per_day: Some(quotas.requests_per_day),
            rejects_per_day: Some(Some(quotas.rejects_per_day)),
            campaigns_per_day: Some(Some(quotas.campaigns_per_day)),
            products_per_day: Some(Some(quotas.products_per_day)),
        }
    }
}
