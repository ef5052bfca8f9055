use actix_web::{HttpResponse, web::Data};
use auth::ManageClusters;
use web::{Error, Platform};

use super::ClusterView;
use crate::{clusters::Clusters, pagination::Listing, state::Api};

/// Lists every cluster, by name, with its health.
///
/// Each one is asked for its version, as each of its two accounts, while the answer is made; that takes at most
/// two seconds.
#[utoipa::path(
    get,
    path = "/v1/admin/clusters",
    tag = "admin",
    operation_id = "list_clusters",
    responses((status = 200, description = "Every cluster", body = Listing<ClusterView>)),
)]
pub(crate) async fn handle(
    platform: Platform<ManageClusters>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let clusters = Clusters::new(&api, platform.context()).list().await?;
    let data: Vec<_> = clusters.into_iter().map(ClusterView::from).collect();
    Ok(HttpResponse::Ok().json(Listing { data, next_cursor: None }))
}
