use std::{collections::BTreeSet, iter};

use api::onboarding::ensure_admin;
use control_plane::{Account, AuditEntry, Cluster};
use serde_json::json;
use tenancy::{ClientId, ClusterName, Destination, Isolation, Placement, TenantRecord};

use crate::{
    cli::Handover,
    configuration::Configuration,
    dependencies::{Dependencies, operator},
    exit::Failure,
    handover::Credentials,
    output::Progress,
};

/// The cluster whose shared tables are created before the first tenant needs them.
const SHARED_CLUSTER: &str = "shared";

/// Brings topics and tables of Kafka, PostgreSQL and ClickHouse to this version of the program.
pub(crate) async fn run(
    configuration: Configuration,
    admin: &str,
    handover: Handover,
) -> Result<(), Failure> {
    let mut credentials = Credentials::to(handover)?;
    let progress = Progress::of_steps(4);

    progress.begin_step("Kafka: topics");
    let topics = stream::ensure_topics(&configuration.kafka).await?;
    progress.end_step(&match topics.created.as_slice() {
        [] => "Kafka: topics exist".to_owned(),
        created => format!("Kafka: created {}", created.join(" and ")),
    });

    progress.begin_step("PostgreSQL: tables");
    let dependencies = Dependencies::connect(configuration).await?;
    dependencies.control_plane.migrate().await?;
    progress.end_step("PostgreSQL: tables are up to date");

    progress.begin_step("PostgreSQL: clusters");
    let (known, changed) = register_clusters(&dependencies).await?;
    progress
        .end_step(&format!("PostgreSQL: {known} clusters registered, {changed} new or changed"));

    let destinations = destinations(&dependencies).await?;
    progress.expect_more(destinations.len() as u64);
    for destination in &destinations {
        let place = format!("ClickHouse: {} on {}", destination.database, destination.cluster);
        progress.begin_step(&place);
        let applied = migrate_tables(&dependencies, destination).await?;
        progress.end_step(&match applied {
            0 => format!("{place} is up to date"),
            applied => format!("{place}: {applied} migrations applied"),
        });
    }

    progress.begin_step("the first admin");
    let made = ensure_admin(&dependencies.control_plane, &operator(), admin).await?;
    progress.end_step(&match &made {
        Some(_) => format!("created admin {admin}"),
        None => format!("admin {admin} exists"),
    });
    progress.finish();
    if let Some(made) = &made {
        credentials.hand_over(made);
    }
    credentials.end()
}

/// Registers the clusters of the settings; returns how many exist and how many changed.
pub(super) async fn register_clusters(
    dependencies: &Dependencies,
) -> Result<(usize, usize), Failure> {
    let platform = dependencies.platform();
    let mut changed = 0;
    for (name, settings) in &dependencies.configuration.clusters {
        let account = |user: &str, password: &settings::Secret| Account {
            user: user.to_owned(),
            password: password.clone(),
        };
        let cluster = Cluster {
            name: name.clone(),
            url: settings.url.clone(),
            writer: account(&settings.writer_user, &settings.writer_password),
            reader: account(&settings.reader_user, &settings.reader_password),
        };
        let is_change = platform.register_cluster(&dependencies.sealer, &cluster).await?;
        changed += usize::from(is_change);
    }
    Ok((dependencies.read_clusters().await?.len(), changed))
}

/// Returns the tables of every tenant, and the shared tables.
async fn destinations(dependencies: &Dependencies) -> Result<BTreeSet<Destination>, Failure> {
    let tenants = dependencies.platform().tenants().await?;
    let mut destinations: BTreeSet<Destination> =
        tenants.iter().flat_map(|tenant| destinations_of(&tenant.record)).collect();
    let shared: ClusterName = SHARED_CLUSTER.parse().map_err(Failure::other)?;
    if dependencies.configuration.clusters.contains_key(&shared) {
        // The shared tables do not depend on the tenant.
        let any_tenant: ClientId = "anybody".parse().map_err(Failure::other)?;
        let shared = Placement { isolation: Isolation::Shared, cluster: shared, route_version: 1 };
        destinations.insert(shared.destination(&any_tenant));
    }
    Ok(destinations)
}

/// Returns the tables of a tenant; two while it is moved.
fn destinations_of(tenant: &TenantRecord) -> impl Iterator<Item = Destination> {
    let placements = iter::once(&tenant.placement).chain(&tenant.mirror);
    placements.map(|placement| placement.destination(&tenant.client_id))
}

async fn migrate_tables(
    dependencies: &Dependencies,
    destination: &Destination,
) -> Result<usize, Failure> {
    let applied = dependencies.warehouse.migrate(destination).await?;
    if !applied.is_empty() {
        let subject = format!("{}/{}", destination.cluster, destination.database);
        let entry = AuditEntry {
            action: "warehouse.migrate",
            client_id: None,
            subject: &subject,
            detail: json!({ "applied": applied }),
        };
        dependencies.platform().audit(&entry).await?;
    }
    Ok(applied.len())
}
