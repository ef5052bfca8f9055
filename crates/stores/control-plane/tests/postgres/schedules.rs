use auth::{Authority, CampaignScope, Principal, Role, Subject};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc, Weekday};
use control_plane::{
    Cadence, NewReportJob, Quota, RelativeRange, ReportJobKind, ReportJobReader, ReportKind,
    ReportSchedule, ReportVisibility, SavedReport, ScheduleSource, ScheduledRun, TenantControl,
};
use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Platform, id};

const QUOTA: Quota = Quota { of_tenant: 3, of_user: 2 };
/// The most jobs in the queue.
const MOST: u32 = 2;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn weekly(user: Uuid, source: ScheduleSource) -> ReportSchedule {
    let created_at = at("2026-03-01T12:00:00Z");
    ReportSchedule {
        schedule_id: Uuid::now_v7(),
        name: "Sales".into(),
        source,
        range: Some(RelativeRange::LastWeek),
        cadence: Cadence {
            weekday: Some(Weekday::Sun),
            at: NaiveTime::from_hms_opt(7, 30, 0).unwrap(),
        },
        asked_by: Principal {
            subject: Subject::User(user),
            client_id: Some("acme".parse().unwrap()),
            authority: Authority::Role(Role::Analyst),
            scope: CampaignScope::All,
            tenant_version: None,
            subject_version: Some(1),
            session_id: None,
            expires_at: None,
        },
        created_by: user,
        created_at,
        updated_at: created_at,
        next_run_at: at("2026-03-08T06:30:00Z"),
        last_run_at: None,
    }
}

pub(crate) fn own_request() -> ScheduleSource {
    let kind = ReportJobKind::Report(ReportKind::Query);
    ScheduleSource::Request { kind, request: json!({"metrics": ["sales"]}) }
}

pub(crate) async fn created(
    tenant: &TenantControl,
    schedule: &ReportSchedule,
) -> Option<ReportSchedule> {
    tenant.create_schedule("user:1", schedule, QUOTA).await.unwrap()
}

#[tokio::test]
async fn a_schedule_is_stored_as_it_is_and_replaced_by_its_author_alone() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let schedule = weekly(bob, own_request());
    assert_eq!(created(&acme, &schedule).await, Some(schedule.clone()));
    let id = schedule.schedule_id;
    let changed = ReportSchedule {
        range: None,
        cadence: Cadence { weekday: None, ..schedule.cadence },
        next_run_at: at("2026-03-02T06:30:00Z"),
        ..schedule.clone()
    };
    let by_another = ReportSchedule { created_by: ann, ..changed.clone() };
    assert_eq!(acme.replace_schedule("user:1", &by_another).await.unwrap(), None);
    let replaced = acme.replace_schedule("user:1", &changed).await.unwrap();
    assert_eq!(replaced, Some(changed.clone()));
    assert_eq!(acme.schedule(Some(bob), id).await.unwrap(), Some(changed.clone()));
    assert_eq!(acme.schedule(Some(ann), id).await.unwrap(), None);
    assert_eq!(acme.schedules(None, None, 5).await.unwrap(), [changed]);
    let globex = platform.tenant("globex").await;
    assert_eq!(globex.schedule(None, id).await.unwrap(), None);
    assert!(!globex.delete_schedule("user:1", None, id).await.unwrap());
    assert!(!acme.delete_schedule("user:1", Some(ann), id).await.unwrap());
    assert!(acme.delete_schedule("user:1", None, id).await.unwrap());
}

#[tokio::test]
async fn a_user_has_a_quota_and_a_disabled_one_no_schedules() {
    let platform = Platform::new().await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    for _ in 0..2 {
        created(&acme, &weekly(bob, own_request())).await.unwrap();
    }
    assert_eq!(created(&acme, &weekly(bob, own_request())).await, None);
    acme.disable_user("user:1", bob).await.unwrap();
    assert!(acme.schedules(None, None, 5).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_due_run_gets_one_job_from_however_many_processes() {
    let platform = Platform::new().await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let schedule = created(&acme, &weekly(bob, own_request())).await.unwrap();
    let queue = platform.control_plane.report_queue();
    let due_at = schedule.next_run_at;
    assert!(queue.due_schedules(due_at - TimeDelta::seconds(1), MOST).await.unwrap().is_empty());
    let due = queue.due_schedules(due_at, MOST).await.unwrap().remove(0);
    assert_eq!(due.schedule, schedule);
    let (kind, request) = due.request.clone().unwrap();
    let next_run_at = due_at + TimeDelta::weeks(1);
    let runs = join_all((0..4).map(|_| async {
        let job = Some((Uuid::now_v7(), kind, &request));
        queue.run_schedule(&due, &ScheduledRun { due_at, next_run_at, job }, MOST).await.unwrap()
    }));
    assert_eq!(runs.await.iter().filter(|did| **did).count(), 1);
    let jobs = acme.report_jobs(ReportJobReader::OfTenant, None, 5).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].scheduled, Some((schedule.schedule_id, due_at)));
    assert_eq!((jobs[0].created_at, &jobs[0].asked_by), (due_at, &schedule.asked_by));
    let advanced = acme.schedule(None, schedule.schedule_id).await.unwrap().unwrap();
    assert_eq!((advanced.next_run_at, advanced.last_run_at), (next_run_at, Some(due_at)));

    // Also if its author sets it back to that run.
    acme.replace_schedule("user:1", &schedule).await.unwrap().unwrap();
    let again = queue.due_schedules(due_at, MOST).await.unwrap().remove(0);
    let job = Some((Uuid::now_v7(), kind, &request));
    queue.run_schedule(&again, &ScheduledRun { due_at, next_run_at, job }, MOST).await.unwrap();
    assert_eq!(acme.report_jobs(ReportJobReader::OfTenant, None, 5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_saved_report_is_that_of_the_run_while_its_author_sees_it() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let now = at("2026-03-01T12:00:00Z");
    let report = SavedReport {
        report_id: Uuid::now_v7(),
        name: "Sales".into(),
        description: None,
        visibility: ReportVisibility::Shared,
        kind: ReportKind::Query,
        request: json!({"metrics": ["sales"]}),
        created_by: Some(ann),
        created_at: now,
        updated_at: now,
    };
    let quota = Quota { of_tenant: 10, of_user: 10 };
    acme.create_saved_report("user:1", &report, quota).await.unwrap().unwrap();
    let saved = weekly(bob, ScheduleSource::Saved(report.report_id));
    created(&acme, &saved).await.unwrap();
    let queue = platform.control_plane.report_queue();
    let request = async || {
        let due = queue.due_schedules(saved.next_run_at, MOST).await.unwrap();
        due.into_iter().next().unwrap().request
    };
    let kind = ReportJobKind::Report(ReportKind::Query);
    assert_eq!(request().await, Some((kind, report.request.clone())));
    let private = SavedReport { visibility: ReportVisibility::Private, ..report };
    let writer = control_plane::ReportWriter { user: ann, manages_shared: true };
    acme.replace_saved_report("user:1", writer, &private).await.unwrap().unwrap();
    assert_eq!(request().await, None);
    acme.delete_saved_report("user:1", writer, private.report_id).await.unwrap().unwrap();
    assert!(acme.schedules(None, None, 5).await.unwrap().is_empty(), "it goes with the report");
}

#[tokio::test]
async fn the_schedules_of_a_suspended_tenant_wait() {
    let platform = Platform::new().await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let due_at = created(&acme, &weekly(bob, own_request())).await.unwrap().next_run_at;
    let queue = platform.control_plane.report_queue();
    assert!(platform.admin().suspend_tenant(&id("acme"), "unpaid").await.unwrap());
    assert!(queue.due_schedules(due_at, MOST).await.unwrap().is_empty());
    assert!(platform.admin().resume_tenant(&id("acme")).await.unwrap());
    assert_eq!(queue.due_schedules(due_at, MOST).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_run_waits_while_the_queue_of_its_tenant_is_full() {
    let platform = Platform::new().await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let schedule = created(&acme, &weekly(bob, own_request())).await.unwrap();
    let queue = platform.control_plane.report_queue();
    let (due_at, next_run_at) = (schedule.next_run_at, schedule.next_run_at + TimeDelta::weeks(1));
    let due = queue.due_schedules(due_at, MOST).await.unwrap().remove(0);
    let (kind, request) = due.request.clone().unwrap();
    for _ in 0..MOST {
        let job = NewReportJob {
            job_id: Uuid::now_v7(),
            kind,
            request: &request,
            asked_by: &schedule.asked_by,
            created_at: due_at,
        };
        acme.create_report_job(&job, MOST).await.unwrap().unwrap();
    }
    assert!(
        queue.due_schedules(due_at, MOST).await.unwrap().is_empty(),
        "no other schedule waits for it"
    );
    let run = async || {
        let job = Some((Uuid::now_v7(), kind, &request));
        queue.run_schedule(&due, &ScheduledRun { due_at, next_run_at, job }, MOST).await.unwrap()
    };
    assert!(!run().await);
    let waiting = acme.schedule(None, schedule.schedule_id).await.unwrap();
    assert_eq!(waiting, Some(schedule), "the run is not lost");
    let jobs = acme.report_jobs(ReportJobReader::OfTenant, None, 5).await.unwrap();
    assert!(acme.cancel_report_job(ReportJobReader::OfTenant, jobs[0].job_id).await.unwrap());
    assert!(run().await);
}

#[tokio::test]
async fn a_run_has_the_version_of_its_author_while_the_rights_are_those_of_the_schedule() {
    let platform = Platform::new().await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let schedule = created(&acme, &weekly(bob, own_request())).await.unwrap();
    let queue = platform.control_plane.report_queue();
    let raw = platform.database.raw().await;
    for (week, role, version) in [(0, "analyst", 4), (1, "owner", 1), (2, "analyst", 4)] {
        // As after another password, or another role.
        let mut transaction = raw.begin().await.unwrap();
        sqlx::query("SELECT set_config('footfall.platform', 'on', true)")
            .execute(&mut *transaction)
            .await
            .unwrap();
        for statement in [
            "UPDATE app_user SET role = $2 WHERE user_id = $1",
            "UPDATE app_user SET token_version = 4 WHERE user_id = $1 AND role = $2",
        ] {
            let changed = sqlx::query(statement).bind(bob).bind(role).execute(&mut *transaction);
            assert_eq!(changed.await.unwrap().rows_affected(), 1);
        }
        transaction.commit().await.unwrap();
        let due_at = schedule.next_run_at + TimeDelta::weeks(week);
        let due = queue.due_schedules(due_at, 5).await.unwrap().remove(0);
        let (kind, request) = due.request.clone().unwrap();
        let job = Some((Uuid::now_v7(), kind, &request));
        let next_run_at = due_at + TimeDelta::weeks(1);
        let run = ScheduledRun { due_at, next_run_at, job };
        assert!(queue.run_schedule(&due, &run, 5).await.unwrap());
        let jobs = acme.report_jobs(ReportJobReader::OfTenant, None, 1).await.unwrap();
        assert_eq!(jobs[0].asked_by.subject_version, Some(version), "{role}");
        assert_eq!(jobs[0].asked_by.authority, Authority::Role(Role::Analyst));
    }
}
