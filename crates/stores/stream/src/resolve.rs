//! Finds the tenants of the records of the log.

use bytes::Bytes;
use rustc_hash::FxHashMap;
use tenancy::{ClientId, ResolveError, TenantContext, TenantRouter};

use crate::{Entry, LogRecord, StreamError, Unresolved, UnresolvedReason};

/// The tenant of a key, or why it has none.
pub(crate) enum Owner {
    Tenant(TenantContext),
    Unresolved(UnresolvedReason),
}

/// The owner of each key.
pub(crate) type Owners = FxHashMap<Option<Bytes>, Owner>;

/// Finds the tenants of `records`, as reading them from the log does: for records read from the
/// archive.
///
/// # Errors
/// [`StreamError::Directory`]: the tenants could not be looked up; worth trying again.
pub async fn resolve(
    records: &[LogRecord],
    router: &TenantRouter,
) -> Result<Vec<Entry>, StreamError> {
    let owners = owners(records, router).await?;
    Ok(records.iter().map(|record| entry(record.clone(), &owners)).collect())
}

/// Finds the tenants of `records`, by key.
pub(crate) async fn owners(
    records: impl IntoIterator<Item = &LogRecord>,
    router: &TenantRouter,
) -> Result<Owners, StreamError> {
    let mut owners = Owners::default();
    let mut previous = None;
    for record in records {
        // Records of one tenant often follow each other.
        if previous.replace(&record.key) != Some(&record.key) && !owners.contains_key(&record.key) {
            owners.insert(record.key.clone(), owner(record.key.as_deref(), router).await?);
        }
    }
    Ok(owners)
}

#[expect(clippy::disallowed_methods, reason = "here a record's key was read from the log")]
async fn owner(key: Option<&[u8]>, router: &TenantRouter) -> Result<Owner, StreamError> {
    let text = key.and_then(|key| std::str::from_utf8(key).ok());
    let Some(client_id) = text.and_then(|text| text.parse::<ClientId>().ok()) else {
        return Ok(Owner::Unresolved(UnresolvedReason::Key));
    };
    match router.resolve_record(&client_id).await {
        Ok(tenant) => Ok(Owner::Tenant(tenant)),
        Err(ResolveError::Directory(error)) => Err(error.into()),
        Err(_) => Ok(Owner::Unresolved(UnresolvedReason::UnknownTenant)),
    }
}

#[expect(clippy::disallowed_methods, reason = "here data enters from the log, under its key")]
pub(crate) fn entry(record: LogRecord, owners: &Owners) -> Entry {
    match owners.get(&record.key) {
        Some(Owner::Tenant(tenant)) => Entry::Record(tenant.scope(record)),
        Some(Owner::Unresolved(reason)) => {
            Entry::Unresolved(Unresolved { record, reason: *reason })
        }
        None => Entry::Unresolved(Unresolved { record, reason: UnresolvedReason::Key }),
    }
}
