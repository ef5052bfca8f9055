use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{ControlPlaneError, TenantControl};

/// A product of a tenant, as its events describe it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Product {
    /// The retailer's own identifier.
    pub product_id: String,
    /// The latest brand an event named.
    pub brand: Option<String>,
    /// The latest category an event named.
    pub category: Option<String>,
    /// When it first stood in an event.
    pub first_seen: DateTime<Utc>,
}

impl TenantControl {
    /// Products by id, those after `after`, at most `limit`.
    pub async fn products(
        &self,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<Product>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let products = sqlx::query_as(sql!("product/list"))
            .bind(self.client_id().as_str())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(products)
    }

    /// Lists products seen in events, or brings their brand and category up to date.
    pub async fn observe_products(&self, products: &[Product]) -> Result<(), ControlPlaneError> {
        let ids: Vec<_> = products.iter().map(|product| product.product_id.as_str()).collect();
        let brands: Vec<_> = products.iter().map(|product| product.brand.as_deref()).collect();
        let categories: Vec<_> =
            products.iter().map(|product| product.category.as_deref()).collect();
        let seen: Vec<_> = products.iter().map(|product| product.first_seen).collect();
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("product/observe"))
            .bind(self.client_id().as_str())
            .bind(ids)
            .bind(brands)
            .bind(categories)
            .bind(seen)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
