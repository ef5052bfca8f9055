//! A platform with tenants that hold words of their own.

mod answer;
mod ids;
mod seed;
mod shop;

use std::{
    collections::BTreeMap,
    env, fs,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::{Platform, Preparation};
use tokio::time::{Instant, sleep};

use crate::{Failure, figures::Outcome, routes::Route};

pub(crate) use answer::Answer;
pub(crate) use ids::Ids;
pub(crate) use shop::{Credential, Life, Shop, Who, Words};

/// The password of every user.
const PASSWORD: &str = "a password nobody else knows";
/// How long a request may take: a report on two busy cores, in a build for tests.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long something may take to reach a state: an offboarded tenant waits twice for a minute, a move for the erasures of
/// persons of its tenant.
const STATE_WITHIN: Duration = Duration::from_secs(600);
const POLL_EVERY: Duration = Duration::from_millis(500);

/// A platform under test.
pub(crate) struct Stand {
    pub(crate) platform: Platform,
    /// The access token of the platform's admin.
    pub(crate) admin: String,
    /// How many addresses users had, another one for each attempt: from one, 20 a minute are admitted.
    addresses: AtomicU32,
    /// How many tenants have a cluster of their own.
    dedicated: AtomicU32,
}

/// Returns the settings of `count` more clusters, each for one tenant: the stack's second server under other names, where
/// each tenant has a database of its own.
pub(crate) fn more_clusters(count: u32) -> Vec<(String, String)> {
    const STACKS: &str = "FOOTFALL__CLUSTERS__DEDICATED__";
    let settings: Vec<_> = env::vars().filter(|(name, _)| name.starts_with(STACKS)).collect();
    let named = |number: u32| {
        let prefix = format!("FOOTFALL__CLUSTERS__DEDICATED{number}__");
        let renamed = settings
            .iter()
            .map(move |(name, value)| (name.replacen(STACKS, &prefix, 1), value.clone()));
        renamed.collect::<Vec<_>>()
    };
    (1..=count).flat_map(named).collect()
}

impl Stand {
    /// Starts a platform with all services in one process, with more settings.
    pub(crate) async fn start(more: &[(&str, &str)]) -> Result<Self, Failure> {
        let own = [
            ("FOOTFALL__API__TRUST_FORWARDED_FOR", "true"),
            // A run takes longer than 15 minutes.
            ("FOOTFALL__TOKENS__ACCESS_SECONDS", "3600"),
        ];
        let settings: BTreeMap<_, _> = own
            .iter()
            .chain(more)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let preparation = Preparation { settings, ..Preparation::default() };
        let mut platform = Platform::prepare_as(preparation).await;
        platform.restart().await;
        platform.wait_until_up_to_date().await;
        let admin = platform.admin().await;
        let (addresses, dedicated) = Default::default();
        Ok(Self { platform, admin, addresses, dedicated })
    }

    /// Returns a cluster for a tenant that shares it with no other: the stack's own, then those of [`more_clusters`].
    fn free_cluster(&self) -> String {
        match self.dedicated.fetch_add(1, Ordering::Relaxed) {
            0 => "dedicated".to_owned(),
            number => format!("dedicated{number}"),
        }
    }

    /// Returns a request to a path of a service.
    pub(crate) fn request(&self, method: &Method, is_api: bool, path: &str) -> RequestBuilder {
        let url = if is_api { self.platform.api(path) } else { self.platform.collector(path) };
        self.platform.client().request(method.clone(), url).timeout(TIMEOUT)
    }

    /// Returns a valid request to a route, with these ids.
    pub(crate) fn valid(&self, route: &Route, ids: &Ids) -> Result<RequestBuilder, Failure> {
        let request = self.request(&route.method, route.is_api, &route.aimed(ids)?);
        Ok(match route.body(ids)? {
            Some(body) => request.json(&body),
            None => request,
        })
    }

    /// Sends JSON to the API, and returns the answer's JSON.
    ///
    /// # Errors
    /// Another status than a success.
    pub(crate) async fn order(
        &self,
        method: Method,
        credential: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, Failure> {
        let request = self.request(&method, true, path).bearer_auth(credential).json(body);
        let answer = Answer::of(request).await?;
        if !answer.is_success() {
            return Err(format!("{method} {path}: {} {}", answer.status, answer.text()).into());
        }
        Ok(answer.json())
    }

    /// Waits until something is in a state: a move, an offboarding or an erasure of persons.
    ///
    /// # Errors
    /// It takes longer than ten minutes, or a move was taken back.
    pub(crate) async fn wait_for_state(
        &self,
        credential: &str,
        path: &str,
        wanted: &str,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + STATE_WITHIN;
        loop {
            let shown = self.platform.get(credential, path).await.json();
            if shown.get("state").and_then(Value::as_str) == Some(wanted) {
                return Ok(());
            }
            let is_taken_back = shown.get("back_reason").is_some_and(Value::is_string);
            if is_taken_back || Instant::now() > deadline {
                return Err(format!("{path} is not {wanted}: {shown}").into());
            }
            sleep(POLL_EVERY).await;
        }
    }

    /// Accepts an invitation, and returns the session: both tokens.
    pub(crate) async fn accept(&self, invitation: &Value) -> Result<Value, Failure> {
        let order = json!({"token": invitation.get("token"), "password": PASSWORD});
        self.authenticate("/v1/auth/invitations/accept", &order).await
    }

    /// Logs the admin in again, and continues the sessions of these tenants' users: their tokens are valid for an hour.
    ///
    /// # Errors
    /// A session has ended.
    pub(crate) async fn renew<'a>(
        &mut self,
        shops: impl Iterator<Item = &'a mut Shop>,
    ) -> Result<(), Failure> {
        let account = self.platform.admin_credentials();
        let session = self.authenticate("/v1/auth/login", &account).await?;
        self.admin = text(&session, "/access_token")?;
        for shop in shops {
            for credential in &mut shop.credentials {
                if credential.who == Who::Admin {
                    credential.text.clone_from(&self.admin);
                } else if let Some(token) = &credential.refresh_token {
                    let order = json!({"refresh_token": token});
                    let session = self.authenticate("/v1/auth/refresh", &order).await?;
                    *credential = Credential::of_session(credential.who, &session)?;
                }
            }
            shop.tenant.owner = shop.credential(Who::Owner).to_owned();
            shop.tenant.advertiser = shop.credential(Who::Advertiser).to_owned();
        }
        Ok(())
    }

    /// Makes a second factor for a user, whom a code of an app would have to confirm.
    pub(crate) async fn enrol(&self, email: &str) -> Result<(), Failure> {
        let account = json!({"email": email, "password": PASSWORD});
        self.authenticate("/v1/auth/second-factor", &account).await?;
        Ok(())
    }

    /// Sends JSON to a route that needs no credential, from another address each time.
    async fn authenticate(&self, path: &str, order: &Value) -> Result<Value, Failure> {
        let request = self.request(&Method::POST, true, path).json(order);
        let answer = Answer::of(request.header("X-Forwarded-For", self.another_address())).await?;
        if !answer.is_success() {
            return Err(format!("{path}: {} {}", answer.status, answer.text()).into());
        }
        Ok(answer.json())
    }

    fn another_address(&self) -> String {
        let [_, second, third, fourth] =
            self.addresses.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        format!("10.{second}.{third}.{fourth}")
    }

    /// Invites an analyst as an owner, and accepts. Returns the user's id and the session.
    pub(crate) async fn invite(&self, owner: &str, name: &str) -> Result<(String, Value), Failure> {
        let order = json!({"email": format!("{name}@invited.example"), "role": "analyst"});
        let invited = self.order(Method::POST, owner, "/v1/users", &order).await?;
        let session = self.accept(invited.get("invitation").unwrap_or(&Value::Null)).await?;
        Ok((text(&invited, "/id")?, session))
    }

    /// Checks what must hold at the end of every piece: the process is alive and ready and never panicked, and neither
    /// its log nor its metrics have one of `words`.
    pub(crate) async fn check(
        &mut self,
        words: &[String],
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        // Fails with the end of the log if the process has ended.
        self.platform.wait_until_ready().await;
        let log = fs::read(self.platform.folder().join("all.log"))?;
        let log = String::from_utf8_lossy(&log);
        outcome.count("log lines", log.lines().count());
        for line in log.lines() {
            let word = words.iter().find(|word| line.contains(*word));
            outcome.check(word.is_none(), || format!("the log has a tenant's word: {line}"));
            outcome.check(!line.contains("panicked at"), || line.to_owned());
        }
        let request = self.platform.client().get(self.platform.metrics());
        let metrics = Answer::of(request).await?.text();
        outcome.count("metric lines", metrics.lines().count());
        for line in metrics.lines() {
            let word = words.iter().find(|word| line.contains(*word));
            outcome.check(word.is_none(), || format!("a metric has a tenant's word: {line}"));
        }
        Ok(())
    }
}

/// Returns a text of an answer.
///
/// # Errors
/// The answer has no text there.
pub(crate) fn text(answer: &Value, pointer: &str) -> Result<String, Failure> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("no {pointer} in {answer}"))?.to_owned())
}
