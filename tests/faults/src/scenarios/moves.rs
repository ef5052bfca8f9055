//! Moves: a tenant is moved up and down under load, and the processor aborts at a step of each move.

use std::{
    collections::BTreeMap,
    os::unix::process::ExitStatusExt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use failpoints::Step;
use reqwest::Client;
use serde_json::{Value, json};
use testkit::{Preparation, Tenant};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{Outcome, Piece};
use crate::{Failure, load::Traffic, stand::Stand};

/// The steps at which the processor aborts: those of a move that is not taken back.
pub(super) const STEPS: [Step; 8] = [
    Step::MovePrepare,
    Step::MoveCut,
    Step::MoveCopy,
    Step::MoveCatchUp,
    Step::MoveVerify,
    Step::MoveFlip,
    Step::MoveVerifyAgain,
    Step::MoveClean,
];

/// The number of the tenant that is moved among those of the stand: the one that has a server of its own.
const MOVED: usize = 2;
/// Down to the shared tables, then up to its own server again.
const PLACES: [(&str, &str); 2] = [("shared", "shared"), ("dedicated", "dedicated")];
/// How long a move may take to reach a step, or its end.
const MOVE_TIMEOUT: Duration = Duration::from_secs(180);
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// For so long both sides stay complete after the flip, in seconds.
const GRACE: &str = "2";
/// An admin's access token is valid for longer.
const LOGIN_EVERY: Duration = Duration::from_secs(600);
const ABORTED: i32 = 6;

pub(super) async fn run(step: Step, piece: &Piece) -> Result<Outcome, Failure> {
    let grace = ("FOOTFALL__PROCESSOR__MOVE_GRACE_SECONDS".to_owned(), GRACE.to_owned());
    let settings = BTreeMap::from([grace]);
    let mut stand = Stand::prepare(Preparation { settings, ..Preparation::default() }).await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    let checker = Checker::start(&stand)?;
    let mut admin = stand.platform.admin().await;
    let mut logged_in = Instant::now();
    for (number, (isolation, cluster)) in (0..piece.tries).zip(PLACES.into_iter().cycle()) {
        if logged_in.elapsed() > LOGIN_EVERY {
            admin = stand.platform.admin().await;
            logged_in = Instant::now();
        }
        stand.kill("processor")?;
        let failpoint = ("FOOTFALL_FAILPOINTS", format!("{}=abort@1", step.as_str()));
        stand.start_processor("processor", [failpoint]);
        let path = format!("/v1/admin/tenants/{}/move", moved(&stand)?.id);
        let order = json!({"isolation": isolation, "cluster": cluster});
        let begun = stand.platform.post(&admin, &path, &order).await;
        if begun.status != 202 {
            return Err(format!("move {number} was refused: {}", begun.text).into());
        }
        wait_for_abort(&mut stand, step).await?;
        stand.start_processor("processor", []);
        wait_until_moved(&mut stand, &admin, &path).await?;
    }
    load.stop().await?;
    let asked = checker.stop().await?;
    let verdict = stand.verdict().await?;
    let figures = BTreeMap::from([("answers during the moves".to_owned(), asked as f64)]);
    Ok(Outcome { figures, ..verdict.into() })
}

fn moved(stand: &Stand) -> Result<&Tenant, Failure> {
    Ok(stand.tenants.get(MOVED).ok_or("there is no such tenant")?)
}

async fn wait_for_abort(stand: &mut Stand, step: Step) -> Result<(), Failure> {
    let deadline = Instant::now() + MOVE_TIMEOUT;
    loop {
        let processor = stand.member("processor")?;
        if let Some(status) = processor.exited() {
            if status.signal() == Some(ABORTED) {
                return Ok(());
            }
            return Err(format!("it ended ({status}):\n{}", processor.last_lines()).into());
        }
        if Instant::now() > deadline {
            return Err(
                format!("the move did not reach {} in {MOVE_TIMEOUT:?}", step.as_str()).into()
            );
        }
        sleep(POLL_INTERVAL).await;
    }
}

async fn wait_until_moved(stand: &mut Stand, admin: &str, path: &str) -> Result<(), Failure> {
    let deadline = Instant::now() + MOVE_TIMEOUT;
    loop {
        let shown = stand.platform.get(admin, path).await.json();
        match shown.pointer("/state").and_then(Value::as_str) {
            Some("moved") => return Ok(()),
            Some("moving") => {}
            _ => return Err(format!("the move was taken back: {shown}").into()),
        }
        stand.check_all_running()?;
        if Instant::now() > deadline {
            return Err(format!("the move did not end in {MOVE_TIMEOUT:?}: {shown}").into());
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Asks ClickHouse, through the API, what it has of the moved tenant, all the time. Events are only added: an answer
/// with fewer than one before is wrong.
struct Checker {
    stop: Arc<AtomicBool>,
    task: JoinSet<Result<u64, Failure>>,
}

impl Checker {
    fn start(stand: &Stand) -> Result<Self, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let client = stand.platform.client().clone();
        let url = stand.platform.api("/v1/query");
        let key = moved(stand)?.read_key.clone();
        let mut task = JoinSet::new();
        task.spawn(ask(client, url, key, Arc::clone(&stop)));
        Ok(Self { stop, task })
    }

    /// Returns how often it asked.
    async fn stop(mut self) -> Result<u64, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.join_next().await.ok_or("nobody asked")??
    }
}

async fn ask(
    client: Client,
    url: String,
    key: String,
    stop: Arc<AtomicBool>,
) -> Result<u64, Failure> {
    let mut asked = 0;
    let mut before = 0;
    while !stop.load(Ordering::Relaxed) {
        sleep(POLL_INTERVAL).await;
        let today = Utc::now().date_naive();
        // Of a range that is not over, ClickHouse is asked each time.
        let body = json!({
            "metrics": ["events"], "dimensions": ["campaign"],
            "time": {"from": today - TimeDelta::days(10), "to": today + TimeDelta::days(2)},
        });
        let Ok(answer) = client.post(&url).bearer_auth(&key).json(&body).send().await else {
            continue;
        };
        // The tenant may run as many reports as it is allowed to.
        if !answer.status().is_success() {
            continue;
        }
        let answer: Value = answer.json().await?;
        let Some(events) = answer.pointer("/totals/values/events").and_then(Value::as_u64) else {
            return Err(format!("an answer without a total: {answer}").into());
        };
        if events < before {
            return Err(format!("an answer of {events} events after one of {before}").into());
        }
        before = events;
        asked += 1;
    }
    Ok(asked)
}
