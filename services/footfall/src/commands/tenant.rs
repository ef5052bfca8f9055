use std::path::Path;

use api::onboarding::{Onboarding, Plan, Progress as Event, read_folder};

use super::{
    tenant_move::{self, Order},
    tenant_state,
};
use crate::{
    cli::{Handover, TenantCommand},
    configuration::Configuration,
    dependencies::{Dependencies, operator},
    exit::Failure,
    handover::Credentials,
    output::{self, Progress},
};

/// Runs `footfall tenant …`.
pub(crate) async fn run(
    configuration: Configuration,
    command: TenantCommand,
) -> Result<(), Failure> {
    match command {
        TenantCommand::Plan { path } => apply(configuration, &path, None).await,
        TenantCommand::Apply { path, handover } => {
            apply(configuration, &path, Some(handover)).await
        }
        TenantCommand::Suspend { tenant, reason } => {
            tenant_state::suspend(configuration, &tenant, &reason).await
        }
        TenantCommand::Offboard { tenant, reason, grace_days } => {
            tenant_state::offboard(configuration, &tenant, &reason, grace_days).await
        }
        TenantCommand::Move { tenant, to, cluster, back_out, watch } => {
            let order = match (to, back_out) {
                (Some(to), _) => Order::Begin(to.into(), cluster),
                (None, Some(reason)) => Order::BackOut(reason),
                (None, None) => Order::Show,
            };
            tenant_move::run(configuration, &tenant, order, watch).await
        }
        TenantCommand::Resume { tenant } => tenant_state::resume(configuration, &tenant).await,
    }
}

/// Plans the tenants of a folder or a file, and applies them if new credentials have a place.
async fn apply(
    configuration: Configuration,
    path: &Path,
    handover: Option<Handover>,
) -> Result<(), Failure> {
    let (onboarding, plan) = plan(configuration, path).await?;
    if plan.is_empty() {
        output::line("no changes");
        return Ok(());
    }
    output::line(plan.to_string().trim_end());
    let Some(handover) = handover else {
        return Ok(());
    };

    let mut credentials = Credentials::to(handover)?;
    let progress = Progress::of_steps(plan.steps().len() as u64);
    let mut doing: Option<String> = None;
    let mut observe = |event: Event<'_>| match event {
        Event::Doing(step) => {
            if let Some(done) = doing.replace(step.to_string()) {
                progress.end_step(&done);
            }
            progress.begin_step(&step.to_string());
        }
        Event::Made(made) => credentials.hand_over(made),
    };
    let applied = onboarding.apply(&plan, &mut observe).await?;
    if let Some(done) = doing {
        progress.end_step(&done);
    }
    progress.finish();
    output::line(&format!("{} changes applied", applied.steps));
    credentials.end()
}

async fn plan(configuration: Configuration, path: &Path) -> Result<(Onboarding, Plan), Failure> {
    if !path.exists() {
        return Err(Failure::Usage(format!("{} is neither a file nor a folder", path.display())));
    }
    let folder = read_folder(path).map_err(|error| Failure::Rejected(error.to_string()))?;
    let dependencies = Dependencies::connect(configuration).await?;
    dependencies.read_clusters().await?;
    let onboarding =
        Onboarding::new(dependencies.control_plane, dependencies.warehouse, &operator());
    let plan = onboarding.plan_folder(&folder).await?;
    Ok((onboarding, plan))
}
