use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageClusters;
use tenancy::ClusterName;
use web::{Error, Platform};

use super::ClusterView;
use crate::{clusters::Clusters, schemas, state::Api};

/// Lets a drained cluster take new tenants again.
///
/// A repeated request changes nothing.
#[utoipa::path(
    post,
    path = "/v1/admin/clusters/{name}/resume",
    tag = "admin",
    operation_id = "resume_cluster",
    params(("name" = schemas::Slug, Path, description = "The cluster")),
    responses(
        (status = 200, description = "The cluster", body = ClusterView),
        (status = 404, description = "The cluster does not exist"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageClusters>,
    api: Data<Api>,
    name: Path<ClusterName>,
) -> Result<HttpResponse, Error> {
    let cluster = Clusters::new(&api, platform.context()).resume(&name).await?;
    Ok(HttpResponse::Ok().json(ClusterView::from(cluster)))
}
