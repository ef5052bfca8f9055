use std::collections::BTreeSet;

use sqlx::{FromRow, types::Json};
use tenancy::{ClientId, Destination};

use super::{
    DoneSpan, Ledger,
    columns::{bigint, integer},
};
use crate::{ControlPlaneError, Group};

/// The rows of one tenant in a span, of the batches that had the same destinations for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSpan {
    /// The number of the span among those that were asked for, from 0 on.
    pub span: usize,
    /// The tenant.
    pub client_id: ClientId,
    /// The tables that the batches were planned for: each has every row.
    pub destinations: BTreeSet<Destination>,
    /// The rows of the batches that record how many they have.
    pub rows: u64,
    /// Whether all of them record it.
    pub counted: bool,
}

#[derive(FromRow)]
struct Row {
    number: i64,
    client_id: String,
    destinations: Json<BTreeSet<Destination>>,
    rows: i64,
    counted: bool,
}

impl Ledger {
    /// Returns the rows that the batches of these spans have of some tenants.
    pub async fn tenant_spans(
        &self,
        group: Group,
        spans: &[DoneSpan],
        tenants: impl IntoIterator<Item = &ClientId>,
    ) -> Result<Vec<TenantSpan>, ControlPlaneError> {
        let tenants: Vec<_> = tenants.into_iter().map(ClientId::as_str).collect();
        if tenants.is_empty() || spans.is_empty() {
            return Ok(Vec::new());
        }
        let ranges = spans.iter().map(|span| span.range);
        let generations: Vec<_> = ranges.clone().map(|range| integer(range.generation)).collect();
        let partitions: Vec<_> = ranges.clone().map(|range| integer(range.partition)).collect();
        let firsts: Vec<_> = ranges.clone().map(|range| bigint(range.first)).collect();
        let lasts: Vec<_> = ranges.map(|range| bigint(range.last)).collect();
        let rows: Vec<Row> = sqlx::query_as(sql!("ledger/tenant_spans"))
            .bind(group.as_str())
            .bind(generations)
            .bind(partitions)
            .bind(firsts)
            .bind(lasts)
            .bind(tenants)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(TenantSpan::try_from).collect()
    }
}

impl TryFrom<Row> for TenantSpan {
    type Error = ControlPlaneError;

    fn try_from(row: Row) -> Result<Self, ControlPlaneError> {
        Ok(Self {
            span: usize::try_from(row.number - 1).map_err(ControlPlaneError::corrupt("span"))?,
            client_id: row.client_id.parse().map_err(ControlPlaneError::corrupt("client id"))?,
            destinations: row.destinations.0,
            rows: row.rows.cast_unsigned(),
            counted: row.counted,
        })
    }
}
