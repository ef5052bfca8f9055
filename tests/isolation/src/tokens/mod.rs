//! Bad credentials at every guarded route, and refreshes of one session at the same time.

mod forge;
mod kinds;
mod races;

use futures::{StreamExt, stream};
use rand::{SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Tier, eventually};

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    routes::{Route, routes},
    stand::{Answer, Ids, Shop, Stand, Who, text},
};

use forge::Forge;
use kinds::{Kind, Spent, kinds};

/// Requests at the same time.
const AT_ONCE: usize = 8;
/// The fewest kinds of bad credential.
const KINDS: usize = 48;

/// Sends every kind of bad credential to every guarded route, then races refreshes.
///
/// # Errors
/// The platform does not answer, or a good token is refused.
pub(crate) async fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut stand = Stand::start(&[]).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let shop = stand.onboard(Tier::Shared, &mut random).await?;
    let other = stand.onboard(Tier::Schema, &mut random).await?;
    let forge = Forge::of(&stand, &shop).await?;
    check_good(&stand, &forge).await?;
    let spent = spend(&stand, &shop).await?;
    let kinds = kinds(&forge, &shop, &other, &spent)?;
    let mut outcome = Outcome::default();
    outcome.count("kinds of bad credential", kinds.len());
    outcome.check(kinds.len() >= KINDS, || format!("fewer than {KINDS} kinds"));
    let guarded: Vec<_> = routes()?.into_iter().filter(|route| route.is_guarded).collect();
    outcome.count("guarded routes", guarded.len());
    let pairs = guarded.iter().flat_map(|route| kinds.iter().map(move |kind| (route, kind)));
    let mut trying = stream::iter(pairs)
        .map(|(route, kind)| refused(&stand, route, kind))
        .buffer_unordered(AT_ONCE);
    while let Some(finding) = trying.next().await {
        outcome.count("refusals", 1);
        if let Some(finding) = finding? {
            outcome.find(finding);
        }
    }
    drop(trying);
    races::run(&stand, &shop, options, &mut outcome).await?;
    let words = [shop.words.contents(), other.words.contents()].concat();
    stand.check(&words, &mut outcome).await?;
    Ok(outcome)
}

/// Checks that a token which the forge signs unchanged is accepted: else it would prove nothing that others are refused.
async fn check_good(stand: &Stand, forge: &Forge) -> Result<(), Failure> {
    let request = stand.request(&Method::GET, true, "/v1/me").bearer_auth(forge.good());
    let answer = Answer::of(request).await?;
    if answer.status == 200 {
        return Ok(());
    }
    Err(format!("a good token is refused: {} {}", answer.status, answer.text()).into())
}

/// Returns what is wrong with the answer to a bad credential, if anything is.
async fn refused(stand: &Stand, route: &Route, kind: &Kind) -> Result<Option<String>, Failure> {
    let mut request = stand.valid(route, &Ids::absent())?;
    for value in &kind.headers {
        request = request.header("Authorization", value);
    }
    let answer = Answer::of(request).await?;
    // The right of a role is checked before a revocation is looked up.
    let is_refused = answer.status == 401 || (kind.is_revoked && answer.status == 403);
    let Route { method, path, .. } = route;
    Ok((!is_refused).then(|| {
        let Kind { name, .. } = kind;
        format!("{method} {path} with {name} answers {}: {}", answer.status, answer.text())
    }))
}

/// Makes credentials that were good, and ends them.
async fn spend(stand: &Stand, shop: &Shop) -> Result<Spent, Failure> {
    let owner = &shop.tenant.owner;
    let mut tokens = Vec::new();
    let mut last = Value::Null;
    for name in ["out", "disabled"] {
        let (user, session) = stand.invite(owner, name).await?;
        if name == "disabled" {
            let path = format!("/v1/users/{user}");
            stand.order(Method::DELETE, owner, &path, &Value::Null).await?;
        } else {
            let order = json!({"refresh_token": session.get("refresh_token")});
            stand.order(Method::POST, owner, "/v1/auth/logout", &order).await?;
        }
        tokens.push(text(&session, "/access_token")?);
        last = session;
    }
    let order = json!({"name": "revoked", "kind": "read"});
    let key = stand.order(Method::POST, owner, "/v1/api-keys", &order).await?;
    let revoked = text(&key, "/key")?;
    let path = format!("/v1/api-keys/{}", text(&key, "/id")?);
    stand.order(Method::DELETE, owner, &path, &Value::Null).await?;
    let order = json!({"email": "never@came.example", "role": "analyst"});
    let invited = stand.order(Method::POST, owner, "/v1/users", &order).await?;
    for credential in tokens.iter().chain([&revoked]) {
        eventually("a revoked credential is refused", async || {
            let answer = stand.platform.get(credential, "/v1/campaigns").await;
            (answer.status == 401).then_some(())
        })
        .await;
    }
    Ok(Spent {
        tokens,
        key: revoked,
        refresh_token: text(&last, "/refresh_token")?,
        invitation: text(&invited, "/invitation/token")?,
        read_key: shop.credential(Who::Read).to_owned(),
    })
}
