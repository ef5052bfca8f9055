use std::collections::BTreeMap;

use auth::Sealer;
use chrono::{DateTime, Utc};
use privacy::{ErasedPersons, PersonHash};
use tenancy::ClientId;

use crate::{
    ControlPlaneError, PlatformControl,
    person_erasure::{client_id as parse_client_id, open_key, sha256},
};

/// A version of the list of erased persons: another one as soon as a person is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErasedPersonsVersion(BTreeMap<ClientId, OfTenant>);

/// The version of a tenant's list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OfTenant {
    sealed_key: Vec<u8>,
    /// The number of the last erasure.
    last: i64,
}

impl ErasedPersonsVersion {
    /// Returns whether any person of the tenant was erased.
    pub fn concerns(&self, client_id: &ClientId) -> bool {
        self.0.contains_key(client_id)
    }
}

impl OfTenant {
    /// Returns the number of the last erasure of a list that a list of this version continues; `None` if it does not.
    fn continues(&self, known: &Self) -> Option<i64> {
        (self.sealed_key == known.sealed_key && self.last > known.last).then_some(known.last)
    }
}

impl PlatformControl {
    /// Returns the version of the list of erased persons.
    pub async fn erased_persons_version(&self) -> Result<ErasedPersonsVersion, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<(String, Vec<u8>, i64)> =
            sqlx::query_as(sql!("person_erasure/version")).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        let of_tenant = |(name, sealed_key, last): (String, _, _)| {
            Ok((parse_client_id(&name)?, OfTenant { sealed_key, last }))
        };
        Ok(ErasedPersonsVersion(
            rows.into_iter().map(of_tenant).collect::<Result<_, ControlPlaneError>>()?,
        ))
    }

    /// Makes a list of the version `known` one of the version `wanted`, or of a later one. Only what the list lacks is
    /// read, and of a tenant whose key was replaced, everything. A tenant whose key cannot be opened is
    /// [in doubt](ErasedPersons::in_doubt); the others are not affected.
    ///
    /// # Errors
    /// PostgreSQL is unavailable; some of the persons may have been added.
    pub async fn update_erased_persons(
        &self,
        sealer: &Sealer,
        persons: &mut ErasedPersons,
        known: &ErasedPersonsVersion,
        wanted: &ErasedPersonsVersion,
    ) -> Result<(), ControlPlaneError> {
        for client_id in known.0.keys().filter(|tenant| !wanted.concerns(tenant)) {
            persons.forget(client_id);
        }
        for (client_id, tenant) in &wanted.0 {
            let before = known.0.get(client_id);
            if before == Some(tenant) {
                continue;
            }
            let since = before.and_then(|before| tenant.continues(before)).unwrap_or_else(|| {
                persons.forget(client_id);
                0
            });
            self.add_erased_persons(sealer, persons, client_id, tenant, since).await?;
        }
        Ok(())
    }

    /// Adds the persons of a tenant whose erasures have a higher number than `since`.
    async fn add_erased_persons(
        &self,
        sealer: &Sealer,
        persons: &mut ErasedPersons,
        client_id: &ClientId,
        tenant: &OfTenant,
        since: i64,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<(Vec<u8>, DateTime<Utc>)> = sqlx::query_as(sql!("person_erasure/erased"))
            .bind(client_id.as_str())
            .bind(since)
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        match open_key(sealer, client_id, &tenant.sealed_key) {
            Ok(key) => {
                for (hash, before) in rows {
                    persons.add(client_id, &key, PersonHash(sha256(&hash)?), before);
                }
            }
            Err(_) => {
                if let Some(latest) = rows.into_iter().map(|(_, before)| before).max() {
                    persons.add_unreadable(client_id, latest);
                }
            }
        }
        Ok(())
    }
}
