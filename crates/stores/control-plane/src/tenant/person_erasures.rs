use auth::Sealer;
use chrono::{DateTime, Utc};
use privacy::{PersonHash, PersonKey, PersonKind};
use serde_json::json;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    AuditEntry, ControlPlaneError, PersonErasure, TenantControl, audit,
    person_erasure::{ErasureRow, complete, key_field, open_key},
    pool::Transaction,
};

/// An erasure of persons to begin.
#[derive(Clone, Debug)]
pub struct NewPersonErasure {
    /// Its id.
    pub erasure_id: Uuid,
    /// When it is asked for.
    pub asked_at: DateTime<Utc>,
    /// Whom it is about.
    pub persons: Vec<(PersonKind, PersonHash)>,
}

/// How many erasures of persons a tenant may have.
#[derive(Clone, Copy, Debug)]
pub struct PersonErasureLimits {
    /// Erasures that are not finished.
    pub unfinished: u32,
    /// Persons of all erasures: every process keeps their hashes in memory, for ever.
    pub persons: u32,
}

/// What became of an order to erase persons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BegunPersonErasure {
    /// It has begun.
    Begun,
    /// As many erasures as allowed are not finished.
    TooManyUnfinished,
    /// The tenant would have more erased persons than allowed.
    TooManyPersons,
}

impl TenantControl {
    /// Returns the key with which ids of the tenant's persons are hashed: `fresh`, unless the tenant has one.
    pub async fn person_key(
        &self,
        sealer: &Sealer,
        fresh: &PersonKey,
    ) -> Result<PersonKey, ControlPlaneError> {
        let client_id = self.client_id();
        let sealed = sealer.seal(key_field(client_id.as_str()), fresh.expose());
        let sealed = sealed.map_err(ControlPlaneError::Seal)?;
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("person_erasure/add_key"))
            .bind(client_id.as_str())
            .bind(sealed)
            .execute(&mut transaction)
            .await?;
        let stored: Vec<u8> = sqlx::query_scalar(sql!("person_erasure/key"))
            .bind(client_id.as_str())
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        open_key(sealer, client_id, &stored)
    }

    /// Begins an erasure, or changes nothing. The tenant has to have a [key](Self::person_key).
    pub async fn begin_person_erasure(
        &self,
        actor: &str,
        erasure: &NewPersonErasure,
        limits: PersonErasureLimits,
    ) -> Result<BegunPersonErasure, ControlPlaneError> {
        let client_id = self.client_id();
        let mut transaction = self.begin().await?;
        self.lock(&mut transaction).await?;
        let known: i64 = sqlx::query_scalar(sql!("person_erasure/count_persons"))
            .bind(client_id.as_str())
            .fetch_one(&mut transaction)
            .await?;
        if known.cast_unsigned() + erasure.persons.len() as u64 > u64::from(limits.persons) {
            return Ok(BegunPersonErasure::TooManyPersons);
        }
        let begun = sqlx::query(sql!("person_erasure/begin"))
            .bind(client_id.as_str())
            .bind(erasure.erasure_id)
            .bind(actor)
            .bind(erasure.asked_at)
            .bind(i64::from(limits.unfinished))
            .execute(&mut transaction)
            .await?;
        if begun.rows_affected() == 0 {
            return Ok(BegunPersonErasure::TooManyUnfinished);
        }
        let NewPersonErasure { erasure_id, persons, .. } = erasure;
        add_persons(&mut transaction, client_id, *erasure_id, persons).await?;
        // How many, not who: the audit log is permanent.
        let entry = AuditEntry {
            action: "person.erase",
            client_id: Some(client_id),
            subject: &subject(erasure.erasure_id),
            detail: json!({ "persons": erasure.persons.len() }),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        transaction.commit().await?;
        Ok(BegunPersonErasure::Begun)
    }

    /// Returns an erasure.
    pub async fn person_erasure(
        &self,
        erasure_id: Uuid,
    ) -> Result<Option<PersonErasure>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<ErasureRow> = sqlx::query_as(sql!("person_erasure/get"))
            .bind(self.client_id().as_str())
            .bind(erasure_id)
            .fetch_all(&mut transaction)
            .await?;
        let found = complete(&mut transaction, rows).await?;
        transaction.commit().await?;
        Ok(found.into_iter().next())
    }

    /// Returns erasures, latest first, at most `limit`; `before` is the last one of the page before.
    pub async fn person_erasures(
        &self,
        before: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<PersonErasure>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<ErasureRow> = sqlx::query_as(sql!("person_erasure/list"))
            .bind(self.client_id().as_str())
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(&mut transaction)
            .await?;
        let found = complete(&mut transaction, rows).await?;
        transaction.commit().await?;
        Ok(found)
    }
}

/// Adds whom an erasure is about.
pub(crate) async fn add_persons(
    transaction: &mut Transaction,
    client_id: &ClientId,
    erasure_id: Uuid,
    persons: &[(PersonKind, PersonHash)],
) -> Result<(), ControlPlaneError> {
    let kinds: Vec<_> = persons.iter().map(|(kind, _)| kind.as_str()).collect();
    let hashes: Vec<_> = persons.iter().map(|(_, hash)| hash.0.to_vec()).collect();
    sqlx::query(sql!("person_erasure/add_persons"))
        .bind(client_id.as_str())
        .bind(erasure_id)
        .bind(kinds)
        .bind(hashes)
        .execute(transaction)
        .await?;
    Ok(())
}

/// Returns the name of an erasure in the audit log.
pub(crate) fn subject(erasure_id: Uuid) -> String {
    format!("person_erasure:{erasure_id}")
}
