use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{ControlPlaneError, TenantControl};

/// A product of a tenant, as its events describe it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Product {
    /// The retailer's identifier.
    pub product_id: String,
    /// The brand in the latest event that has one.
    pub brand: Option<String>,
    /// The category in the latest event that has one.
    pub category: Option<String>,
    /// When an event first contained it.
    pub first_seen: DateTime<Utc>,
}

impl TenantControl {
    /// Returns products after the id `after`, by id, at most `limit`.
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

    /// Creates products that occur in events, or updates their brand and category.
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
