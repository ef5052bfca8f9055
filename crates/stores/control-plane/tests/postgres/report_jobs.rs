use std::time::Duration;

use auth::{Authority, CampaignScope, Principal, Role, Subject};
use chrono::{TimeDelta, Utc};
use control_plane::{
    Backlog, ClaimRules, Claimed, JobFailure, MadeReport, NewReportJob, ReportClaim, ReportFile,
    ReportJob, ReportJobKind, ReportJobReader, ReportJobState, ReportKind, ReportQueue,
    TenantControl,
};
use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Platform, id};

const LONG: Duration = Duration::from_secs(60);
const RULES: ClaimRules = ClaimRules { most_running: 2, most_attempts: 3, lasts: LONG };
/// A claim that has ended when the next process looks.
const DEAD: ClaimRules = ClaimRules { lasts: Duration::ZERO, ..RULES };

pub(crate) fn analyst(tenant: &str, scope: CampaignScope) -> Principal {
    Principal {
        subject: Subject::User(Uuid::from_u128(7)),
        client_id: Some(tenant.parse().unwrap()),
        authority: Authority::Role(Role::Analyst),
        scope,
        tenant_version: None,
        subject_version: Some(3),
        session_id: None,
        expires_at: None,
    }
}

pub(crate) async fn queued(control: &TenantControl, asked_by: &Principal) -> Option<ReportJob> {
    let request = json!({"metrics": ["sales"]});
    let job = NewReportJob {
        job_id: Uuid::now_v7(),
        kind: ReportJobKind::Report(ReportKind::Query),
        request: &request,
        asked_by,
        created_at: Utc::now(),
    };
    control.create_report_job(&job, 3).await.unwrap()
}

fn failure() -> JobFailure {
    JobFailure { code: "internal".into(), detail: "died".into() }
}

async fn claimed(queue: &ReportQueue, rules: ClaimRules) -> Option<ReportClaim> {
    queue.claim(rules, &failure()).await.unwrap().claim
}

fn made() -> MadeReport {
    let now = "2026-03-02T10:00:00Z".parse().unwrap();
    MadeReport {
        rows: Some(2),
        bytes: 9,
        file: ReportFile {
            name: "query.csv".into(),
            media_type: "text/csv".into(),
            sha256: [7; 32],
            as_of: None,
            from: now,
            to: now,
            time_zone: "Europe/Berlin".into(),
        },
    }
}

#[tokio::test]
async fn a_job_keeps_the_rights_of_who_asked() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let campaigns = CampaignScope::Campaigns(vec!["spring".parse().unwrap()]);
    let nova = CampaignScope::Advertiser("nova".parse().unwrap());
    for scope in [CampaignScope::All, campaigns, nova] {
        let asked_by = analyst("acme", scope);
        let job = queued(&acme, &asked_by).await.unwrap();
        assert_eq!((job.state, &job.asked_by), (ReportJobState::Queued, &asked_by));
    }
    assert_eq!(queued(&acme, &analyst("acme", CampaignScope::All)).await, None, "one too many");
}

#[tokio::test]
async fn the_tenant_with_the_fewest_running_jobs_is_first_and_none_has_more_than_allowed() {
    let platform = Platform::new().await;
    let queue = platform.control_plane.report_queue();
    for (tenant, jobs) in [("acme", 3), ("globex", 1)] {
        let control = platform.tenant(tenant).await;
        for _ in 0..jobs {
            queued(&control, &analyst(tenant, CampaignScope::All)).await.unwrap();
        }
    }
    let claims = [(); 4].map(|()| claimed(&queue, RULES));
    let mut tenants: Vec<_> = join_all(claims)
        .await
        .into_iter()
        .flatten()
        .map(|claim| claim.client_id.as_str().to_owned())
        .collect();
    tenants.sort_unstable();
    assert_eq!(tenants, ["acme", "acme", "globex"]);
}

#[tokio::test]
async fn the_claim_of_a_dead_process_is_taken_over_and_writes_nothing_more() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let queue = platform.control_plane.report_queue();
    let id = queued(&acme, &analyst("acme", CampaignScope::All)).await.unwrap().job_id;
    let dead = claimed(&queue, DEAD).await.unwrap();
    let living = claimed(&queue, RULES).await.unwrap();
    assert_eq!((dead.job.attempts, living.job.attempts), (1, 2));
    assert_eq!(living.job.failed_attempts, 1);
    assert!(!queue.extend(&dead, LONG, Some(1), 1).await.unwrap());
    assert!(!queue.finish(&dead, &made(), LONG).await.unwrap());
    assert!(!queue.fail(&dead, &failure()).await.unwrap());
    assert!(queue.extend(&living, LONG, Some(1), 4).await.unwrap());
    let running = acme.report_job(ReportJobReader::OfTenant, id).await.unwrap().unwrap();
    assert_eq!((running.state, running.rows, running.bytes), (ReportJobState::Running, Some(1), 4));
    assert!(queue.finish(&living, &made(), LONG).await.unwrap());
    let done = acme.report_job(ReportJobReader::OfTenant, id).await.unwrap().unwrap();
    assert_eq!((done.state, done.rows, done.bytes), (ReportJobState::Done, Some(2), 9));
    assert_eq!(done.file, Some(made().file));
    assert_eq!(claimed(&queue, RULES).await, None);
}

#[tokio::test]
async fn the_jobs_of_a_suspended_tenant_wait_and_it_costs_them_no_attempt() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let queue = platform.control_plane.report_queue();
    for _ in 0..2 {
        queued(&acme, &analyst("acme", CampaignScope::All)).await.unwrap();
    }
    let stopped = claimed(&queue, RULES).await.unwrap();
    assert!(platform.admin().suspend_tenant(&id("acme"), "unpaid").await.unwrap());
    assert!(!queue.extend(&stopped, LONG, None, 0).await.unwrap());
    assert!(!queue.finish(&stopped, &made(), LONG).await.unwrap());
    assert_eq!(claimed(&queue, RULES).await, None);
    assert!(platform.admin().resume_tenant(&id("acme")).await.unwrap());
    let again = claimed(&queue, RULES).await.unwrap();
    assert_eq!(again.job.job_id, stopped.job.job_id);
    assert_eq!((again.job.attempts, again.job.failed_attempts), (2, 0));
    assert!(claimed(&queue, RULES).await.is_some());
}

#[tokio::test]
async fn a_claim_that_has_ended_is_not_extended() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let queue = platform.control_plane.report_queue();
    for _ in 0..3 {
        queued(&acme, &analyst("acme", CampaignScope::All)).await.unwrap();
    }
    // Its process was frozen. Meanwhile others claim as many jobs as a tenant may run.
    let frozen = claimed(&queue, DEAD).await.unwrap();
    assert!(!queue.extend(&frozen, LONG, None, 0).await.unwrap());
    let [again, other] = [claimed(&queue, RULES).await, claimed(&queue, RULES).await];
    assert_eq!(again.unwrap().job.job_id, frozen.job.job_id);
    assert!(queue.extend(&other.unwrap(), LONG, None, 0).await.unwrap());
    assert_eq!(claimed(&queue, RULES).await, None, "two run");
}

#[tokio::test]
async fn requests_at_once_do_not_exceed_the_queue() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let asked_by = analyst("acme", CampaignScope::All);
    let accepted = join_all((0..8).map(|_| queued(&acme, &asked_by))).await;
    assert_eq!(accepted.into_iter().flatten().count(), 3);
}

#[tokio::test]
async fn a_job_of_an_api_whose_clock_is_ahead_is_claimed_at_once() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let asked_by = analyst("acme", CampaignScope::All);
    let job = NewReportJob {
        job_id: Uuid::now_v7(),
        kind: ReportJobKind::Report(ReportKind::Windows),
        request: &json!({}),
        asked_by: &asked_by,
        created_at: Utc::now() + TimeDelta::hours(1),
    };
    acme.create_report_job(&job, 3).await.unwrap().unwrap();
    let claim = claimed(&platform.control_plane.report_queue(), RULES).await.unwrap();
    assert_eq!(claim.job.job_id, job.job_id);
}

#[tokio::test]
async fn the_backlog_counts_a_job_whose_process_died_as_waiting() {
    let platform = Platform::new().await;
    let queue = platform.control_plane.report_queue();
    let backlog = async || {
        let Backlog { queued, running, oldest } = queue.backlog().await.unwrap();
        (queued, running, oldest > Duration::ZERO)
    };
    assert_eq!(backlog().await, (0, 0, false));
    for tenant in ["acme", "globex"] {
        let control = platform.tenant(tenant).await;
        queued(&control, &analyst(tenant, CampaignScope::All)).await.unwrap();
    }
    assert_eq!(backlog().await, (2, 0, true));
    let claim = claimed(&queue, RULES).await.unwrap();
    assert_eq!(backlog().await, (1, 1, true));
    claimed(&queue, DEAD).await.unwrap();
    assert_eq!(backlog().await, (1, 1, true));
    assert!(queue.fail(&claim, &failure()).await.unwrap());
    assert_eq!(backlog().await, (1, 0, true));
}

#[tokio::test]
async fn a_job_whose_processes_die_three_times_fails_plainly() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let queue = platform.control_plane.report_queue();
    let id = queued(&acme, &analyst("acme", CampaignScope::All)).await.unwrap().job_id;
    for attempt in 1..=3 {
        assert_eq!(claimed(&queue, DEAD).await.unwrap().job.attempts, attempt);
    }
    let last = queue.claim(DEAD, &failure()).await.unwrap();
    assert_eq!(last, Claimed { claim: None, given_up: 1 });
    let failed = acme.report_job(ReportJobReader::OfTenant, id).await.unwrap().unwrap();
    assert_eq!((failed.state, failed.failure), (ReportJobState::Failed, Some(failure())));
}

#[tokio::test]
async fn a_process_that_stops_costs_no_attempt_and_a_failure_waits() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let queue = platform.control_plane.report_queue();
    queued(&acme, &analyst("acme", CampaignScope::All)).await.unwrap();
    let stopped = claimed(&queue, RULES).await.unwrap();
    assert!(queue.extend(&stopped, LONG, Some(1), 4).await.unwrap());
    queue.release(&stopped, false, Duration::ZERO).await.unwrap();
    let id = stopped.job.job_id;
    let waiting = acme.report_job(ReportJobReader::OfTenant, id).await.unwrap().unwrap();
    assert_eq!((waiting.rows, waiting.bytes), (None, 0), "nothing of it is written");
    let again = claimed(&queue, RULES).await.unwrap();
    assert_eq!((again.job.attempts, again.job.failed_attempts), (2, 0));
    queue.release(&again, true, LONG).await.unwrap();
    assert_eq!(claimed(&queue, RULES).await, None);
}

#[tokio::test]
async fn a_cancelled_job_is_lost_to_its_process_and_a_done_one_gives_up_its_file() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let queue = platform.control_plane.report_queue();
    let all = ReportJobReader::OfTenant;
    let id = queued(&acme, &analyst("acme", CampaignScope::All)).await.unwrap().job_id;
    let claim = claimed(&queue, RULES).await.unwrap();
    assert!(acme.cancel_report_job(all, id).await.unwrap());
    assert!(!queue.finish(&claim, &made(), LONG).await.unwrap());
    let early = queue.to_remove(LONG).await.unwrap();
    assert!(early.is_empty(), "the process may still write: {early:?}");
    let remains = queue.to_remove(Duration::ZERO).await.unwrap();
    assert_eq!(remains.iter().map(|job| (job.job_id, job.attempts)).collect::<Vec<_>>(), [(id, 1)]);
    queue.removed(&remains[0]).await.unwrap();
    assert!(queue.to_remove(Duration::ZERO).await.unwrap().is_empty());
    queue.prune(Duration::ZERO).await.unwrap();
    assert_eq!(acme.report_job(all, id).await.unwrap(), None);

    let id = queued(&acme, &analyst("acme", CampaignScope::All)).await.unwrap().job_id;
    let claim = claimed(&queue, RULES).await.unwrap();
    assert!(queue.finish(&claim, &made(), LONG).await.unwrap());
    assert!(queue.to_remove(Duration::ZERO).await.unwrap().is_empty());
    assert!(!acme.cancel_report_job(all, id).await.unwrap(), "it is done");
    let expired = acme.report_job(all, id).await.unwrap().unwrap();
    assert_eq!(expired.state, ReportJobState::Expired);
    assert_eq!(queue.to_remove(Duration::ZERO).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_reader_sees_the_own_jobs_of_the_own_limit() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let nova = CampaignScope::Advertiser("nova".parse().unwrap());
    let orbit = CampaignScope::Advertiser("orbit".parse().unwrap());
    let asked_by = analyst("acme", nova.clone());
    let id = queued(&acme, &asked_by).await.unwrap().job_id;
    let stranger = Subject::User(Uuid::from_u128(8));
    for (reader, sees) in [
        (ReportJobReader::OfTenant, true),
        (ReportJobReader::Own(&asked_by.subject, &nova), true),
        (ReportJobReader::Own(&asked_by.subject, &CampaignScope::All), true),
        (ReportJobReader::Own(&asked_by.subject, &orbit), false),
        (ReportJobReader::Own(&stranger, &CampaignScope::All), false),
    ] {
        assert_eq!(acme.report_job(reader, id).await.unwrap().is_some(), sees, "{reader:?}");
        assert_eq!(acme.report_jobs(reader, None, 5).await.unwrap().len(), usize::from(sees));
    }
    let globex = platform.tenant("globex").await;
    assert_eq!(globex.report_job(ReportJobReader::OfTenant, id).await.unwrap(), None);
    assert!(!globex.cancel_report_job(ReportJobReader::OfTenant, id).await.unwrap());
    let job = acme.report_job(ReportJobReader::OfTenant, id).await.unwrap().unwrap();
    assert_eq!(job.state, ReportJobState::Queued);
}
