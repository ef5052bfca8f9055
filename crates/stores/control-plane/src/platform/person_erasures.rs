use std::time::Duration;

use auth::Sealer;
use chrono::{DateTime, Utc};
use privacy::PersonKey;
use serde_json::{Value, json};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    AuditEntry, ControlPlaneError, EraseReceipt, PersonEraseStep, PersonErasure, PlatformControl,
    audit,
    person_erasure::{ErasureRow, complete, open_key},
    tenant::person_erasures::{add_persons, subject},
};

/// How many unfinished erasures are processed together.
const AT_ONCE: i64 = 1_000;

impl PlatformControl {
    /// Returns the key with which ids of a tenant's persons are hashed, if it has one.
    pub async fn person_key(
        &self,
        sealer: &Sealer,
        client_id: &ClientId,
    ) -> Result<Option<PersonKey>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let sealed: Option<Vec<u8>> = sqlx::query_scalar(sql!("person_erasure/key"))
            .bind(client_id.as_str())
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        sealed.map(|sealed| open_key(sealer, client_id, &sealed)).transpose()
    }

    /// Returns erasures of persons that are not finished and were first seen so long ago, the oldest first. Those
    /// that no process has seen are seen now.
    pub async fn unfinished_person_erasures(
        &self,
        seen_for: Duration,
    ) -> Result<Vec<PersonErasure>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("person_erasure/see")).execute(&mut transaction).await?;
        let rows: Vec<ErasureRow> = sqlx::query_as(sql!("person_erasure/to_do"))
            .bind(AT_ONCE)
            .bind(seen_for.as_secs_f64())
            .fetch_all(&mut transaction)
            .await?;
        let found = complete(&mut transaction, rows).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Returns how long ago the oldest erasure of persons that is not finished was asked for, or begun again; zero if all
    /// are.
    pub async fn oldest_person_erasure(&self) -> Result<Duration, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let seconds: Option<f64> =
            sqlx::query_scalar(sql!("person_erasure/oldest")).fetch_one(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Duration::try_from_secs_f64(seconds.unwrap_or_default()).unwrap_or_default())
    }

    /// Returns all erasures of persons of a tenant, in their order.
    pub async fn person_erasures(
        &self,
        client_id: &ClientId,
    ) -> Result<Vec<PersonErasure>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<ErasureRow> = sqlx::query_as(sql!("person_erasure/of_tenant"))
            .bind(client_id.as_str())
            .fetch_all(&mut transaction)
            .await?;
        let found = complete(&mut transaction, rows).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Whether an erasure of persons has begun to delete rows of the tenant, and has not finished.
    pub async fn is_deleting_persons(
        &self,
        client_id: &ClientId,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let is_deleting = sqlx::query_scalar(sql!("person_erasure/is_deleting"))
            .bind(client_id.as_str())
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(is_deleting)
    }

    /// Records that a step begins, with what was found in its store; a step that was begun before keeps that.
    pub async fn begin_person_erase_step(
        &self,
        erasure: &PersonErasure,
        step: PersonEraseStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        self.write_person_step(sql!("person_erasure/begin_step"), erasure, step, counts).await
    }

    /// Records how far a step is.
    pub async fn note_person_erase_step(
        &self,
        erasure: &PersonErasure,
        step: PersonEraseStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        self.write_person_step(sql!("person_erasure/note"), erasure, step, counts).await
    }

    /// Records that a step has finished.
    pub async fn finish_person_erase_step(
        &self,
        erasure: &PersonErasure,
        step: PersonEraseStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        self.write_person_step(sql!("person_erasure/finish_step"), erasure, step, counts).await
    }

    async fn write_person_step(
        &self,
        sql: &'static str,
        erasure: &PersonErasure,
        step: PersonEraseStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql)
            .bind(erasure.client_id.as_str())
            .bind(erasure.erasure_id)
            .bind(step.as_str())
            .bind(counts)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Stores the receipt, once. Its hash is in the audit log, too.
    pub async fn finish_person_erasure(
        &self,
        erasure: &PersonErasure,
        receipt: &EraseReceipt,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let finished = sqlx::query(sql!("person_erasure/finish"))
            .bind(erasure.client_id.as_str())
            .bind(erasure.erasure_id)
            .bind(&receipt.text)
            .bind(&receipt.sha256[..])
            .bind(receipt.erased_at)
            .execute(&mut transaction)
            .await?;
        if finished.rows_affected() == 1 {
            let entry = AuditEntry {
                action: "person.erased",
                client_id: Some(&erasure.client_id),
                subject: &subject(erasure.erasure_id),
                detail: json!({ "receipt_sha256": hex::encode(receipt.sha256) }),
            };
            audit::append(&mut transaction, self.actor(), &entry).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Returns the sealed key with which ids of a tenant's persons are hashed, for a register outside of the control
    /// plane.
    pub async fn sealed_person_key(
        &self,
        client_id: &ClientId,
    ) -> Result<Option<Vec<u8>>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let sealed = sqlx::query_scalar(sql!("person_erasure/key"))
            .bind(client_id.as_str())
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(sealed)
    }

    /// Restores an erasure that the control plane does not know any more, and begins it again. Changes nothing and
    /// returns `false` if it knows it, or if the tenant does not exist.
    ///
    /// # Errors
    /// [`ControlPlaneError::Corrupt`]: the sealed key cannot be opened, or the tenant has another key by now, under
    /// which the hashes mean nobody.
    pub async fn restore_person_erasure(
        &self,
        sealer: &Sealer,
        sealed_key: &[u8],
        erasure: &PersonErasure,
    ) -> Result<bool, ControlPlaneError> {
        let PersonErasure { client_id, erasure_id, asked_by, asked_at, persons, .. } = erasure;
        let key = open_key(sealer, client_id, sealed_key)?;
        let mut transaction = self.begin().await?;
        // An erasure gets its number from the key's row.
        sqlx::query(sql!("person_erasure/restore_key"))
            .bind(client_id.as_str())
            .bind(sealed_key)
            .execute(&mut transaction)
            .await?;
        let restored = sqlx::query(sql!("person_erasure/restore"))
            .bind(client_id.as_str())
            .bind(erasure_id)
            .bind(asked_by)
            .bind(asked_at)
            .execute(&mut transaction)
            .await?;
        if restored.rows_affected() == 0 {
            return Ok(false);
        }
        let stored: Vec<u8> = sqlx::query_scalar(sql!("person_erasure/key"))
            .bind(client_id.as_str())
            .fetch_one(&mut transaction)
            .await?;
        if open_key(sealer, client_id, &stored)?.expose() != key.expose() {
            return Err(ControlPlaneError::corrupt("key of persons")("the tenant has another key"));
        }
        add_persons(&mut transaction, client_id, *erasure_id, persons).await?;
        let entry = AuditEntry {
            action: "person.erase_restored",
            client_id: Some(client_id),
            subject: &subject(*erasure_id),
            detail: json!({ "persons": persons.len() }),
        };
        audit::append(&mut transaction, self.actor(), &entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Begins all finished erasures of persons of a tenant again, after a store was restored from a copy. Returns
    /// which ones.
    pub async fn repeat_person_erasures(
        &self,
        client_id: &ClientId,
    ) -> Result<Vec<Uuid>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let repeated: Vec<Uuid> = sqlx::query_scalar(sql!("person_erasure/repeat"))
            .bind(client_id.as_str())
            .fetch_all(&mut transaction)
            .await?;
        for erasure_id in &repeated {
            let entry = AuditEntry {
                action: "person.erase_again",
                client_id: Some(client_id),
                subject: &subject(*erasure_id),
                detail: json!({}),
            };
            audit::append(&mut transaction, self.actor(), &entry).await?;
        }
        transaction.commit().await?;
        Ok(repeated)
    }

    /// Makes the files of report jobs expire that began before `time`: they may hold rows of a person who is erased
    /// since. Returns of how many of these jobs a file may still exist, or be written.
    pub async fn expire_report_files(
        &self,
        client_id: &ClientId,
        time: DateTime<Utc>,
    ) -> Result<(u64, u64), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let expired = sqlx::query(sql!("person_erasure/expire_report_files"))
            .bind(client_id.as_str())
            .bind(time)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        let left = self.report_files_before(client_id, time).await?;
        Ok((expired.rows_affected(), left))
    }

    /// Counts the report jobs that began before `time` and of which a file may exist, or be written.
    pub async fn report_files_before(
        &self,
        client_id: &ClientId,
        time: DateTime<Utc>,
    ) -> Result<u64, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let count: i64 = sqlx::query_scalar(sql!("person_erasure/report_files"))
            .bind(client_id.as_str())
            .bind(time)
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(count.cast_unsigned())
    }
}
