use metrics::Membership;

use crate::{
    Local, TenantWarehouse, WarehouseError,
    statement::{Parameters, Statement, members},
};

impl TenantWarehouse {
    /// Counts the members of a kept cohort.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn cohort_size(&self, membership: &Membership) -> Result<u64, WarehouseError> {
        let mut parameters = Parameters::default();
        let sql = members(membership, &mut parameters);
        Local { zone: membership.zone, home: self.currency() }.set(&mut parameters);
        let counted: Vec<u64> =
            self.fetch_statement(&Statement { sql, parameters }.counted()).await?;
        Ok(counted.into_iter().sum())
    }
}
