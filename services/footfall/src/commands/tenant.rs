use std::path::Path;

use api::onboarding::{Onboarding, Plan, Progress as Event, read_folder};

use crate::{
    cli::TenantCommand,
    configuration::Configuration,
    dependencies::{Dependencies, operator},
    exit::Failure,
    handover::Credentials,
    output::{self, Progress},
};

/// Plans, or plans and applies, the tenants of a folder or a file.
pub(crate) async fn run(
    configuration: Configuration,
    command: TenantCommand,
) -> Result<(), Failure> {
    let (path, handover) = match command {
        TenantCommand::Plan { path } => (path, None),
        TenantCommand::Apply { path, handover } => (path, Some(handover)),
    };
    let (onboarding, plan) = plan(configuration, &path).await?;
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
