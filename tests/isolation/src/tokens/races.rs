use futures::future::{join_all, try_join_all};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    stand::{Answer, Shop, Stand, text},
};

/// The races of a full run, and of the smallest slice.
const RACES: usize = 1_000;
const LEAST: usize = 25;
/// The races of one session, of which a thief takes part in the last one.
const OF_A_SESSION: usize = 25;
/// The clients that refresh with the same token at the same time.
const CLIENTS: usize = 4;

/// Lets several clients refresh one session at the same time, again and again. After each race one refresh token is left.
/// In the last race of a session somebody also sends a token whose successor is spent: after it none is left.
pub(super) async fn run(
    stand: &Stand,
    shop: &Shop,
    options: &Options,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let sessions = options.share(RACES, LEAST).div_ceil(OF_A_SESSION);
    for number in 0..sessions {
        let (_, session) = stand.invite(&shop.tenant.owner, &format!("race-{number}")).await?;
        let mut spent = text(&session, "/refresh_token")?;
        let mut present = refreshed(stand, &spent).await?;
        for _ in 1..OF_A_SESSION {
            let answers = try_join_all((0..CLIENTS).map(|_| refresh(stand, &present))).await?;
            outcome.count("races", 1);
            let tokens = successors(&answers);
            outcome.check(tokens.len() == CLIENTS, || {
                format!("a race refused {} of {CLIENTS}", CLIENTS - tokens.len())
            });
            let mut distinct = tokens;
            distinct.dedup();
            outcome.check(distinct.len() == 1, || {
                format!("a race left {} living tokens", distinct.len())
            });
            let Some(next) = distinct.pop() else { break };
            spent = std::mem::replace(&mut present, next);
        }
        let access = answered(&refresh(stand, &present).await?, "/access_token")?;
        let living = living_sessions(stand, &access).await?;
        outcome.check(living == 1, || format!("{living} sessions live after races of one"));
        theft(stand, outcome, &spent, &present).await?;
    }
    Ok(())
}

/// Races clients with a thief, who has the token before theirs. Every token of the session is refused afterwards.
async fn theft(
    stand: &Stand,
    outcome: &mut Outcome,
    spent: &str,
    present: &str,
) -> Result<(), Failure> {
    let tokens = [present, spent, present, present];
    let answers = try_join_all(tokens.map(|token| refresh(stand, token))).await?;
    outcome.count("races", 1);
    outcome.count("races with a thief", 1);
    let mut all = successors(&answers);
    all.extend([spent.to_owned(), present.to_owned()]);
    let left = join_all(all.iter().map(|token| refresh(stand, token))).await;
    for answer in left {
        let status = answer?.status;
        outcome.check(status == 401, || format!("a token of a stolen session answers {status}"));
    }
    Ok(())
}

async fn refresh(stand: &Stand, token: &str) -> Result<Answer, Failure> {
    let order = json!({"refresh_token": token});
    let request = stand.request(&Method::POST, true, "/v1/auth/refresh").json(&order);
    Ok(Answer::of(request).await?)
}

async fn refreshed(stand: &Stand, token: &str) -> Result<String, Failure> {
    answered(&refresh(stand, token).await?, "/refresh_token")
}

fn answered(answer: &Answer, pointer: &str) -> Result<String, Failure> {
    if answer.status != 200 {
        return Err(format!("a refresh is refused: {}", answer.text()).into());
    }
    text(&answer.json(), pointer)
}

/// Returns the refresh tokens of the answers that have one.
fn successors(answers: &[Answer]) -> Vec<String> {
    answers.iter().filter_map(|answer| text(&answer.json(), "/refresh_token").ok()).collect()
}

/// Returns how many sessions of a user have not ended.
async fn living_sessions(stand: &Stand, access: &str) -> Result<usize, Failure> {
    let listed = stand.platform.get(access, "/v1/me/sessions").await.json();
    let sessions = listed.get("data").and_then(Value::as_array).ok_or("no list of sessions")?;
    Ok(sessions.iter().filter(|one| one.get("reused_at").is_none_or(Value::is_null)).count())
}
