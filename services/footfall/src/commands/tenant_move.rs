use std::time::Duration;

use control_plane::{BackOut, BegunMove, MoveRefusal, PlatformControl, TenantMove};
use tenancy::{ClientId, ClusterName, Isolation, MoveState, MoveStep, MoveWay, Placement};
use tokio::time::sleep;

use crate::{
    configuration::Configuration,
    dependencies::Dependencies,
    exit::Failure,
    output::{self, Progress},
};

/// How often the progress is read.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What to do with a tenant's move.
pub(super) enum Order {
    /// To begin one, to the present cluster unless another one is named.
    Begin(Isolation, Option<ClusterName>),
    /// To take it back, for this reason.
    BackOut(String),
    /// Only to show it.
    Show,
}

/// Begins, takes back or shows a tenant's move, and waits for its end.
pub(super) async fn run(
    configuration: Configuration,
    tenant: &ClientId,
    order: Order,
    watch: bool,
) -> Result<(), Failure> {
    let platform = Dependencies::connect(configuration).await?.platform();
    match order {
        Order::Begin(isolation, cluster) => begin(&platform, tenant, isolation, cluster).await?,
        Order::BackOut(reason) => back_out(&platform, tenant, &reason).await?,
        Order::Show => {}
    }
    let never = || Failure::Rejected(format!("{tenant} was never moved"));
    let shown = platform.latest_move(tenant).await?.ok_or_else(never)?;
    let last = if watch { self::watch(&platform, shown).await? } else { shown };
    output::line(&line(&last));
    Ok(())
}

async fn begin(
    platform: &PlatformControl,
    tenant: &ClientId,
    isolation: Isolation,
    cluster: Option<ClusterName>,
) -> Result<(), Failure> {
    let unknown = || Failure::Rejected(format!("{tenant} does not exist"));
    let cluster = match cluster {
        Some(cluster) => cluster,
        None => platform.tenant(tenant).await?.ok_or_else(unknown)?.record.placement.cluster,
    };
    match platform.begin_move(tenant, isolation, &cluster).await? {
        BegunMove::Begun(_) => Ok(()),
        BegunMove::Refused(refusal) => Err(Failure::Rejected(reason(tenant, &cluster, &refusal))),
    }
}

fn reason(tenant: &ClientId, cluster: &ClusterName, refusal: &MoveRefusal) -> String {
    match refusal {
        MoveRefusal::UnknownTenant | MoveRefusal::NotActive | MoveRefusal::UnderWay => {
            format!("{tenant} is not moved: {refusal}")
        }
        MoveRefusal::SamePlace
        | MoveRefusal::UnknownCluster
        | MoveRefusal::Drained
        | MoveRefusal::Taken(_) => {
            format!("{tenant} is not moved: the cluster {cluster} {refusal}")
        }
    }
}

async fn back_out(
    platform: &PlatformControl,
    tenant: &ClientId,
    reason: &str,
) -> Result<(), Failure> {
    match platform.back_out_move(tenant, reason).await? {
        BackOut::Begun => Ok(()),
        BackOut::NotUnderWay => Err(Failure::Rejected(format!("{tenant} is not being moved"))),
        BackOut::TooLate => {
            let late = "rows of the source are being removed; move the tenant back afterwards";
            Err(Failure::Rejected(late.to_owned()))
        }
    }
}

/// Shows the progress until the move has ended.
async fn watch(platform: &PlatformControl, mut shown: TenantMove) -> Result<TenantMove, Failure> {
    let progress = Progress::of_steps(0);
    let mut ended = 0;
    while shown.ended_at.is_none() {
        let finished = finished(&shown);
        progress.expect(total(&shown));
        for step in finished.iter().skip(ended) {
            progress.end_step(step.as_str());
        }
        ended = ended.max(finished.len());
        if let Some(step) = shown.course().next() {
            progress.update(ended as u64, message(&shown, step), None);
        }
        sleep(LOOK_EVERY).await;
        let latest = platform.latest_move(&shown.client_id).await?;
        shown = latest.unwrap_or(shown);
    }
    for step in finished(&shown).iter().skip(ended) {
        progress.end_step(step.as_str());
    }
    progress.finish();
    Ok(shown)
}

/// Returns the steps that have finished, in the order in which they did.
fn finished(shown: &TenantMove) -> Vec<MoveStep> {
    let mut finished: Vec<_> =
        shown.steps.iter().filter_map(|begun| Some((begun.finished_at?, begun.step))).collect();
    finished.sort_unstable();
    finished.into_iter().map(|(_, step)| step).collect()
}

fn total(shown: &TenantMove) -> u64 {
    let done_before = match shown.way {
        MoveWay::Forward => 0,
        MoveWay::Back => {
            finished(shown).iter().filter(|step| MoveStep::FORWARD.contains(step)).count()
        }
    };
    (done_before + shown.way.steps().len()) as u64
}

/// Returns the step under way, and how far it is.
fn message(shown: &TenantMove, step: MoveStep) -> String {
    let counts = shown.step(step).map(|begun| &begun.counts);
    let count = |name| counts.and_then(|counts| counts.get(name)?.as_u64());
    match (count("compared_rows"), count("total_rows"), count("copied_rows")) {
        (Some(compared), Some(total), Some(copied)) => {
            format!("{}: {compared} of {total} rows, {copied} copied", step.as_str())
        }
        _ => step.as_str().to_owned(),
    }
}

fn line(shown: &TenantMove) -> String {
    let TenantMove { client_id, from, to, .. } = shown;
    let (from, to) = (place(from), place(to));
    let course = shown.course();
    let step = course.next().map_or("", MoveStep::as_str);
    match shown.state() {
        MoveState::Moving => format!("{client_id} is being moved from {from} to {to}: {step}"),
        MoveState::BackingOut => {
            format!("the move of {client_id} to {to} is being taken back: {step}")
        }
        MoveState::Moved => format!("{client_id} is moved from {from} to {to}"),
        MoveState::BackedOut => {
            let reason = shown.back_reason.as_deref().unwrap_or_default();
            format!("the move of {client_id} to {to} was taken back: {reason}")
        }
    }
}

fn place(placement: &Placement) -> String {
    format!("{} on {}", placement.isolation.as_str(), placement.cluster)
}
