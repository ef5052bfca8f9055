use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{Actor, Deed, Kind, Thing};
use crate::{
    Failure,
    stand::{Answer, Shop, Stand, Who, text},
};

/// Operations of a sequence, without those that remove its things in the end.
const OPERATIONS: usize = 20;
/// The most things that a sequence creates: with those of all others at the time they fit on a page.
const MOST_THINGS: usize = 8;
const ACTORS: [Who; 5] = [Who::Owner, Who::Analyst, Who::Advertiser, Who::Read, Who::ReadOne];

/// A sequence of operations, one after the other.
pub(super) struct Sequence<'a> {
    stand: &'a Stand,
    shops: &'a [Shop],
    random: StdRng,
    number: usize,
    things: Vec<Thing>,
    done: Done,
}

/// What came of a sequence.
#[derive(Default)]
pub(super) struct Done {
    pub(super) operations: usize,
    pub(super) seen: usize,
    pub(super) hidden: usize,
    pub(super) findings: Vec<String>,
}

impl<'a> Sequence<'a> {
    pub(super) fn new(stand: &'a Stand, shops: &'a [Shop], seed: u64, number: usize) -> Self {
        let of_number = u64::try_from(number).unwrap_or_default();
        let random = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(of_number));
        Self { stand, shops, random, number, things: Vec::new(), done: Done::default() }
    }

    /// Runs it, and removes what it has created.
    pub(super) async fn run(mut self) -> Result<Done, Failure> {
        for _ in 0..OPERATIONS {
            let shop = self.random.random_range(0..self.shops.len());
            let who = ACTORS.choose(&mut self.random).copied().unwrap_or(Who::Owner);
            let actor = Actor { shop, who };
            let is_full = self.things.len() >= MOST_THINGS;
            match self.random.random_range(0..10) {
                0..3 if !is_full => self.create(actor).await?,
                0..5 => self.list(actor).await?,
                5 => self.act(Deed::Delete, actor).await?,
                6..8 => self.act(Deed::Change, actor).await?,
                _ => self.act(Deed::Show, actor).await?,
            }
        }
        for number in 0..self.things.len() {
            let left = self.things.get(number).filter(|thing| thing.exists);
            if let Some(author) = left.map(|thing| thing.author) {
                self.act_on(number, Deed::Delete, author).await?;
            }
        }
        Ok(self.done)
    }

    async fn create(&mut self, actor: Actor) -> Result<(), Failure> {
        let kind = self.kind();
        // What an advertiser may ask for itself is another test's matter.
        let is_shared =
            self.random.random_bool(0.5) || (kind == Kind::Report && actor.who == Who::Advertiser);
        let names_campaign = kind == Kind::Annotation && self.random.random_bool(0.5);
        let text_of_it = self.text(actor);
        let body = match kind {
            Kind::Annotation => json!({
                "at": "2026-03-01", "text": text_of_it,
                "scope": if is_shared { "tenant" } else { "personal" },
                "campaign_id": names_campaign.then_some("spring"),
            }),
            Kind::Report => report(&text_of_it, is_shared),
        };
        let answer = self.send(Method::POST, path(kind), actor, Some(&body)).await?;
        let expected = actor.creates(kind, is_shared);
        self.check(actor, &answer, expected, &format!("{actor:?} creates {kind:?}, {is_shared}"));
        if answer.status == 201 {
            let id = text(&answer.json(), "/id")?;
            let author = actor;
            let text = text_of_it;
            let exists = true;
            self.things.push(Thing { kind, id, author, is_shared, names_campaign, text, exists });
        }
        Ok(())
    }

    /// Does something with a thing, of whatever tenant; it may be deleted.
    async fn act(&mut self, deed: Deed, actor: Actor) -> Result<(), Failure> {
        if self.things.is_empty() {
            return self.create(actor).await;
        }
        let number = self.random.random_range(0..self.things.len());
        self.act_on(number, deed, actor).await
    }

    async fn act_on(&mut self, number: usize, deed: Deed, actor: Actor) -> Result<(), Failure> {
        let Some(thing) = self.things.get(number).cloned() else { return Ok(()) };
        let path = format!("{}/{}", path(thing.kind), thing.id);
        let text = self.text(actor);
        let answer = match (deed, thing.kind) {
            (Deed::Show, _) => self.send(Method::GET, &path, actor, None).await?,
            (Deed::Delete, _) => self.send(Method::DELETE, &path, actor, None).await?,
            (Deed::Change, Kind::Annotation) => {
                self.send(Method::PATCH, &path, actor, Some(&json!({"text": text}))).await?
            }
            (Deed::Change, Kind::Report) => {
                let is_shared = thing.is_shared || actor.who.is_limited();
                self.send(Method::PUT, &path, actor, Some(&report(&text, is_shared))).await?
            }
        };
        let expected = thing.answers(deed, actor);
        self.check(actor, &answer, expected, &format!("{actor:?}: {deed:?} of {thing:?}"));
        if deed == Deed::Show && answer.is_success() && !answer.text().contains(&thing.text) {
            self.find(format!("{actor:?} sees {} in place of {thing:?}", answer.text()));
        }
        if let Some(written) = self.things.get_mut(number).filter(|_| answer.is_success()) {
            match deed {
                Deed::Show => {}
                Deed::Change => written.text = text,
                Deed::Delete => written.exists = false,
            }
        }
        Ok(())
    }

    /// Lists things, and checks of each thing of this sequence whether it is there.
    async fn list(&mut self, actor: Actor) -> Result<(), Failure> {
        let kind = self.kind();
        let path = format!("{}?limit=500", path(kind));
        let answer = self.send(Method::GET, &path, actor, None).await?;
        self.check(actor, &answer, 200, &format!("{actor:?} lists {kind:?}"));
        let listed = answer.json();
        let items = listed.get("data").and_then(Value::as_array).into_iter().flatten();
        let ids: Vec<_> = items.filter_map(|item| item.get("id").and_then(Value::as_str)).collect();
        let of_kind = self.things.iter().filter(|thing| thing.kind == kind);
        let mut findings = Vec::new();
        for thing in of_kind {
            let (is_listed, may_see) =
                (ids.contains(&thing.id.as_str()), thing.is_visible_to(actor));
            if may_see {
                self.done.seen += 1;
            } else {
                self.done.hidden += 1;
            }
            if is_listed != may_see {
                findings.push(format!("{actor:?}: a list has {thing:?}: {is_listed}"));
            }
        }
        findings.into_iter().for_each(|finding| self.find(finding));
        Ok(())
    }

    fn kind(&mut self) -> Kind {
        if self.random.random_bool(0.5) { Kind::Annotation } else { Kind::Report }
    }

    /// Returns a new text with the word of the actor's tenant.
    fn text(&self, actor: Actor) -> String {
        let word = self.shops.get(actor.shop).map_or("", |shop| shop.words.content.as_str());
        format!("{word} {}", Uuid::now_v7())
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        actor: Actor,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        self.done.operations += 1;
        let shop = self.shops.get(actor.shop).ok_or("no such tenant")?;
        let request = self.stand.request(&method, true, path);
        let request = request.bearer_auth(shop.credential(actor.who));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        Ok(Answer::of(request).await?)
    }

    /// Checks the status of an answer, and that it has no word of another tenant.
    fn check(&mut self, actor: Actor, answer: &Answer, expected: u16, deed: &str) {
        if answer.status != expected {
            let (status, text) = (answer.status, answer.text());
            self.find(format!("{deed}: {status}, not {expected}: {text}"));
        }
        let text = answer.everything();
        let foreign = self.shops.iter().enumerate().filter(|(number, _)| *number != actor.shop);
        let mut words = foreign.flat_map(|(_, shop)| shop.words.contents());
        let found = words.find(|word| text.contains(word.as_str()));
        drop(words);
        if let Some(word) = found {
            self.find(format!("{deed}: has {word}: {text}"));
        }
    }

    fn find(&mut self, finding: String) {
        self.done.findings.push(format!("sequence {}: {finding}", self.number));
    }
}

fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Annotation => "/v1/annotations",
        Kind::Report => "/v1/saved-reports",
    }
}

fn report(name: &str, is_shared: bool) -> Value {
    let visibility = if is_shared { "shared" } else { "private" };
    let request = json!({"metrics": ["events"]});
    json!({"name": name, "visibility": visibility, "kind": "query", "request": request})
}
