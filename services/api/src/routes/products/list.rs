use actix_web::{HttpResponse, web::Data};
use auth::{CampaignScope, ReadProducts};
use chrono::{DateTime, Utc};
use problem::{Code, Problem};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Error, Query, Tenant};

use crate::{
    failure::Failure,
    pagination::{Listing, PageQuery},
    state::Api,
};

/// A product, as events describe it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Product {
    /// The retailer's id.
    id: String,
    /// The latest brand an event named.
    brand: Option<String>,
    /// The latest category an event named.
    category: Option<String>,
    /// When an event first named it.
    first_seen: DateTime<Utc>,
}

impl From<control_plane::Product> for Product {
    fn from(product: control_plane::Product) -> Self {
        let control_plane::Product { product_id: id, brand, category, first_seen } = product;
        Self { id, brand, category, first_seen }
    }
}

/// Lists the products of events, by id. A key that is limited to campaigns may not.
#[utoipa::path(
    get,
    path = "/v1/products",
    tag = "products",
    operation_id = "list_products",
    params(PageQuery),
    responses((status = 200, description = "A page of products", body = Listing<Product>)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadProducts>,
    api: Data<Api>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Error> {
    if *tenant.campaigns() != CampaignScope::All {
        let detail = "Products belong to no campaign, and this key is limited to campaigns.";
        return Err(Problem::new(Code::PermissionDenied, detail).into());
    }
    let page = query.parse()?;
    let stored = api.control_plane.for_tenant(tenant.context());
    let products = stored.products(page.after.as_deref(), page.fetch()).await;
    let products = products.map_err(Failure::from)?.into_iter().map(Product::from).collect();
    Ok(page.answer("/v1/products", products, |product: &Product| product.id.clone()))
}
