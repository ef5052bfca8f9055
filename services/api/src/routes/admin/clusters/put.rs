use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageClusters;
use control_plane::{Account, Cluster};
use problem::{Code, Problem};
use serde::Deserialize;
use settings::Secret;
use tenancy::ClusterName;
use utoipa::ToSchema;
use web::{Body, Error, Platform};

use super::ClusterView;
use crate::{clusters::Clusters, schemas, state::Api};

/// The longest address, name or password, in characters.
const TEXT_MAX: usize = 200;

/// The address of a ClickHouse server or cluster, and its two accounts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterOrder {
    /// Its HTTP interface, without a user, a password, a query or a fragment: 1 to 200 printable characters of ASCII.
    #[schema(max_length = 200, example = "http://clickhouse:8123")]
    url: String,
    /// The account that inserts, migrates and reads back.
    #[schema(min_length = 1, max_length = 200, example = "footfall_writer")]
    writer_user: String,
    /// Its password, in printable characters of ASCII.
    #[schema(value_type = String, max_length = 200)]
    writer_password: Secret,
    /// The account that reads reports, under row policies: another one.
    #[schema(min_length = 1, max_length = 200, example = "footfall_reader")]
    reader_user: String,
    /// Its password, in printable characters of ASCII.
    #[schema(value_type = String, max_length = 200)]
    reader_password: Secret,
}

/// Registers a cluster, or changes its address and accounts.
///
/// It has to answer both accounts, or nothing changes. The address of a registered cluster must lead to the same
/// data. This process knows the cluster at once, all others within ten seconds.
#[utoipa::path(
    put,
    path = "/v1/admin/clusters/{name}",
    tag = "admin",
    operation_id = "put_cluster",
    params(("name" = schemas::Slug, Path, description = "The cluster")),
    request_body = ClusterOrder,
    responses(
        (status = 200, description = "The registered cluster", body = ClusterView),
        (status = 422, description = "A field is not valid, or the server refuses it; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageClusters>,
    api: Data<Api>,
    name: Path<String>,
    Body(order): Body<ClusterOrder>,
) -> Result<HttpResponse, Error> {
    let name = name.parse::<ClusterName>();
    let name = name.map_err(|error| Problem::field("{name}", error.to_string()))?;
    let cluster = order.cluster(name)?;
    let registered = Clusters::new(&api, platform.context()).register(&cluster).await?;
    Ok(HttpResponse::Ok().json(ClusterView::from(registered)))
}

impl ClusterOrder {
    /// Returns the cluster.
    ///
    /// # Errors
    /// Every wrong field.
    fn cluster(self, name: ClusterName) -> Result<Cluster, Problem> {
        let Self { url, writer_user, writer_password, reader_user, reader_password } = self;
        let text = |text: &str| text.len() <= TEXT_MAX && is_printable(text);
        let faults = [
            ("/url", text(&url) && warehouse::is_address(&url), warehouse::ADDRESS),
            ("/writer_user", !writer_user.is_empty() && text(&writer_user), NAME),
            ("/writer_password", text(writer_password.expose()), PASSWORD),
            ("/reader_user", !reader_user.is_empty() && text(&reader_user), NAME),
            ("/reader_password", text(reader_password.expose()), PASSWORD),
            ("/reader_user", reader_user != writer_user, "must not be the writer's account"),
        ];
        let wrong: Vec<_> = faults.into_iter().filter(|(_, right, _)| !right).collect();
        if wrong.is_empty() {
            let writer = Account { user: writer_user, password: writer_password };
            let reader = Account { user: reader_user, password: reader_password };
            return Ok(Cluster { name, url, writer, reader });
        }
        let problem = Problem::new(Code::InvalidField, "Fields of the cluster are not valid.");
        Err(wrong
            .iter()
            .fold(problem, |problem, (pointer, _, reason)| problem.with_error(*pointer, *reason)))
    }
}

/// What the name of an account must be: it becomes a header of HTTP.
const NAME: &str = "must be 1 to 200 printable characters of ASCII";
/// What a password must be, for the same reason.
const PASSWORD: &str = "must be at most 200 printable characters of ASCII";

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}
