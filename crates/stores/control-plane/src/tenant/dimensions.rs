use metrics::{DeclaredDimension, DeclaredName, DeclaredNameError};
use serde_json::json;
use sqlx::FromRow;
use tenancy::ClientId;

use super::lock;
use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

#[derive(FromRow)]
struct DimensionRow {
    name: String,
    pointer: String,
    kind: String,
}

impl DimensionRow {
    /// Returns the dimension; `None` if a later release has given its name to something else.
    fn read(self) -> Result<Option<DeclaredDimension>, ControlPlaneError> {
        let name: DeclaredName = match self.name.parse() {
            Ok(name) => name,
            Err(error @ DeclaredNameError::Form) => {
                return Err(ControlPlaneError::corrupt("name of a dimension")(error));
            }
            Err(_) => return Ok(None),
        };
        let pointer = self.pointer.parse();
        let kind = self.kind.parse();
        Ok(Some(DeclaredDimension {
            name,
            pointer: pointer.map_err(ControlPlaneError::corrupt("pointer of a dimension"))?,
            kind: kind.map_err(ControlPlaneError::corrupt("type of a dimension"))?,
        }))
    }
}

impl TenantControl {
    /// Returns the dimensions that the tenant has declared, by name.
    pub async fn declared_dimensions(&self) -> Result<Vec<DeclaredDimension>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let dimensions = list(&mut transaction, self.client_id()).await?;
        transaction.commit().await?;
        Ok(dimensions)
    }

    /// Declares a dimension, or replaces the one of this name. Returns whether it did: not if the tenant
    /// has `most` others.
    pub async fn declare_dimension(
        &self,
        actor: &str,
        dimension: &DeclaredDimension,
        most: u32,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let declared = put(&mut transaction, actor, self.client_id(), dimension, most).await?;
        transaction.commit().await?;
        Ok(declared)
    }

    /// Deletes the declaration of this name. Returns whether there was one.
    pub async fn delete_dimension(
        &self,
        actor: &str,
        name: &str,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let deleted = sqlx::query(sql!("declared_dimension/delete"))
            .bind(self.client_id().as_str())
            .bind(name)
            .execute(&mut transaction)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        let entry = AuditEntry {
            action: "dimension.delete",
            client_id: Some(self.client_id()),
            subject: name,
            detail: json!({}),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

pub(crate) async fn list(
    transaction: &mut Transaction,
    client_id: &ClientId,
) -> Result<Vec<DeclaredDimension>, ControlPlaneError> {
    let rows: Vec<DimensionRow> = sqlx::query_as(sql!("declared_dimension/list"))
        .bind(client_id.as_str())
        .fetch_all(transaction)
        .await?;
    rows.into_iter().filter_map(|row| row.read().transpose()).collect()
}

/// Declares a dimension unless the tenant has `most` others. Returns whether it did.
pub(crate) async fn put(
    transaction: &mut Transaction,
    actor: &str,
    client_id: &ClientId,
    dimension: &DeclaredDimension,
    most: u32,
) -> Result<bool, ControlPlaneError> {
    let DeclaredDimension { name, pointer, kind } = dimension;
    lock(transaction, client_id).await?;
    let put = sqlx::query(sql!("declared_dimension/put"))
        .bind(client_id.as_str())
        .bind(name.as_str())
        .bind(pointer.as_str())
        .bind(kind.as_str())
        .bind(i64::from(most))
        .execute(&mut *transaction)
        .await?;
    if put.rows_affected() == 0 {
        return Ok(false);
    }
    let entry = AuditEntry {
        action: "dimension.put",
        client_id: Some(client_id),
        subject: name.as_str(),
        detail: json!({ "pointer": pointer.as_str(), "type": kind.as_str() }),
    };
    audit::append(transaction, actor, &entry).await?;
    Ok(true)
}
