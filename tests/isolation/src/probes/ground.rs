use futures::future::try_join_all;
use rand::{SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Tier, eventually};

use super::leaks::Leaks;
use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    routes::{Route, everything},
    stand::{Answer, Life, Shop, Stand, Who, Words, more_clusters},
};

/// The lists of everything of a tenant that a route could change. Erasures are left out: they go on by themselves.
const LISTS: [&str; 14] = [
    "campaigns",
    "advertisers",
    "api-keys",
    "users",
    "rejects",
    "parked",
    "annotations",
    "saved-reports",
    "cohorts",
    "reports",
    "schedules",
    "dimensions",
    "me/sessions",
    "security",
];

/// The reason that an admin states.
const REASON: &str = "A proof";
/// Dedicated tenants of a full run, beside the first one.
const MORE_DEDICATED: u32 = 4;

/// The tenants of the probes.
pub(super) struct Ground {
    pub(super) stand: Stand,
    /// The tenants whose credentials are used; the last one is moved meanwhile.
    pub(super) attackers: Vec<Shop>,
    /// The tenants whose ids are used: of each tier, and of each life.
    pub(super) victims: Vec<Shop>,
}

impl Ground {
    /// Starts a platform and seeds its tenants. A full run has every life in every tier; a slice has each once, beside a
    /// victim of each tier to which nothing happens.
    pub(super) async fn prepare(options: &Options) -> Result<Self, Failure> {
        let is_full = options.size == 100;
        let clusters = more_clusters(if is_full { MORE_DEDICATED } else { 0 });
        // Longer than any report takes here.
        let grace = ("FOOTFALL__PROCESSOR__MOVE_GRACE_SECONDS", "20");
        let settings = clusters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let settings: Vec<_> = settings.chain([grace]).collect();
        let stand = Stand::start(&settings).await?;
        let (attackers, victims) = if is_full { everybody() } else { some() };
        let mut random = StdRng::seed_from_u64(options.seed);
        let parts = attackers.iter().chain(&victims);
        let seeding: Vec<_> =
            parts.map(|(tier, _)| stand.seeded(*tier, Words::of(&mut random))).collect();
        let mut attackers_and_victims = try_join_all(seeding).await?;
        let lives = attackers.iter().chain(&victims).map(|(_, life)| *life);
        for (shop, life) in attackers_and_victims.iter_mut().zip(lives) {
            shop.life = life;
        }
        let seeded_victims = attackers_and_victims.split_off(attackers.len());
        let ground = Self { stand, attackers: attackers_and_victims, victims: seeded_victims };
        for shop in ground.shops() {
            match shop.life {
                Life::Stays => {}
                Life::Moves => ground.begin_move(shop).await?,
                Life::Suspended => ground.suspend(shop).await?,
                Life::Offboarded => ground.offboard(shop).await?,
            }
        }
        Ok(ground)
    }

    async fn begin_move(&self, shop: &Shop) -> Result<(), Failure> {
        let isolation = if shop.tier == Tier::Shared { "schema" } else { "shared" };
        let order = json!({"isolation": isolation, "cluster": "shared"});
        self.command(Method::POST, shop, "/move", &order).await
    }

    async fn suspend(&self, shop: &Shop) -> Result<(), Failure> {
        self.command(Method::POST, shop, "/suspend", &json!({"reason": REASON})).await?;
        eventually("the tenant is suspended", async || {
            let answer = self.stand.platform.get(shop.credential(Who::Read), "/v1/campaigns").await;
            (answer.status == 403).then_some(())
        })
        .await;
        Ok(())
    }

    async fn offboard(&self, shop: &Shop) -> Result<(), Failure> {
        let order = json!({"reason": REASON, "grace_days": 0});
        self.command(Method::DELETE, shop, "", &order).await?;
        eventually("the tenant sends no events", async || {
            let events = json!([{"type": "page_view"}]);
            let answer = self.stand.platform.collect(shop.credential(Who::Collect), &events).await;
            [401, 403].contains(&answer.status.as_u16()).then_some(())
        })
        .await;
        Ok(())
    }

    async fn command(
        &self,
        method: Method,
        shop: &Shop,
        rest: &str,
        order: &Value,
    ) -> Result<(), Failure> {
        let path = format!("/v1/admin/tenants/{}{rest}", shop.tenant.id);
        self.stand.order(method, &self.stand.admin, &path, order).await?;
        Ok(())
    }

    fn living(&self, life: Life) -> impl Iterator<Item = &Shop> {
        self.shops().filter(move |shop| shop.life == life)
    }

    /// Renews the tokens of the admin, and of the tenants that are neither suspended nor offboarded.
    pub(super) async fn renew(&mut self) -> Result<(), Failure> {
        let shops = self.attackers.iter_mut().chain(&mut self.victims);
        let living = shops.filter(|shop| matches!(shop.life, Life::Stays | Life::Moves));
        self.stand.renew(living).await
    }

    /// Waits until every move has ended, and every offboarded tenant is erased.
    ///
    /// # Errors
    /// A move was taken back, or something takes too long.
    pub(super) async fn wait_until_moved_and_erased(&self) -> Result<(), Failure> {
        for (life, what, wanted) in
            [(Life::Moves, "move", "moved"), (Life::Offboarded, "offboarding", "erased")]
        {
            for shop in self.living(life) {
                let path = format!("/v1/admin/tenants/{}/{what}", shop.tenant.id);
                self.stand.wait_for_state(&self.stand.admin, &path, wanted).await?;
            }
        }
        Ok(())
    }

    /// Counts the moves, and checks that none was taken back.
    pub(super) async fn check_moves(&self, outcome: &mut Outcome) {
        for shop in self.living(Life::Moves) {
            let path = format!("/v1/admin/tenants/{}/move", shop.tenant.id);
            let shown = self.stand.platform.get(&self.stand.admin, &path).await.json();
            let is_moved = shown.get("state").and_then(Value::as_str) == Some("moved");
            outcome.count("moves begun", 1);
            outcome.count("moves ended", usize::from(is_moved));
            let is_taken_back = shown.get("back_reason").is_some_and(Value::is_string);
            outcome.check(!is_taken_back, || format!("a move was taken back: {shown}"));
        }
    }

    /// Returns every tenant.
    pub(super) fn shops(&self) -> impl Iterator<Item = &Shop> {
        self.attackers.iter().chain(&self.victims)
    }

    /// Returns the words that no log line and no metric has.
    pub(super) fn unlogged(&self) -> Vec<String> {
        self.shops().flat_map(|shop| shop.words.unlogged()).collect()
    }

    /// Returns the words that an answer to a credential of `shop` must not have.
    pub(super) fn leaks(&self, shop: &Shop, who: Who) -> Leaks {
        let others = self.shops().filter(|other| other.tenant.id != shop.tenant.id);
        Leaks::of(shop, who, others)
    }

    /// Returns what each victim that may read has, as text: its lists, and how many events it has. A move changes
    /// neither.
    pub(super) async fn belongings(&self) -> Result<Vec<String>, Failure> {
        let mut all = Vec::new();
        let read = |shop: &&Shop| matches!(shop.life, Life::Stays | Life::Moves);
        for shop in self.victims.iter().filter(read) {
            let whose = format!("{:?} that {:?}", shop.tier, shop.life);
            for list in LISTS {
                let path = format!("/v1/{list}");
                let listed = self.stand.platform.get(&shop.tenant.owner, &path).await;
                if listed.status != 200 {
                    return Err(format!("{path}: {}", listed.text).into());
                }
                all.push(format!("{list} of {whose}: {}", without_use(listed.json())));
            }
            let [from, to] = everything();
            let question = json!({"metrics": ["events"], "time": {"from": from, "to": to}});
            let path = "/v1/query";
            let answer =
                self.stand.order(Method::POST, &shop.tenant.owner, path, &question).await?;
            let events = answer.pointer("/totals/values/events").unwrap_or(&Value::Null);
            all.push(format!("events of {whose}: {events}"));
        }
        Ok(all)
    }

    /// Checks that no credential of a suspended or of an erased tenant gets an answer of a guarded route.
    pub(super) async fn check_closed(
        &self,
        life: Life,
        routes: &[Route],
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let own = |who: Who| !matches!(who, Who::Admin | Who::Nobody);
        for shop in self.living(life) {
            for route in routes.iter().filter(|route| route.is_guarded) {
                for credential in shop.credentials.iter().filter(|credential| own(credential.who)) {
                    let request = self.stand.valid(route, &shop.ids)?.bearer_auth(&credential.text);
                    let answer = Answer::of(request).await?;
                    outcome.count("requests", 1);
                    outcome.count("requests of suspended and erased tenants", 1);
                    outcome.check([401, 403].contains(&answer.status), || {
                        let Route { method, path, .. } = route;
                        let status = answer.status;
                        format!("{method} {path} answers {status} to {credential:?}, {life:?}")
                    });
                }
            }
        }
        Ok(())
    }

    /// Checks that answers to tenants had their own words: else a search for those of others would prove nothing.
    pub(super) fn check_own_words(&self, outcome: &mut Outcome) {
        let seen = outcome.figure("answers with own words");
        outcome.check(seen > 0, || "no answer had a word of its own tenant".to_owned());
    }
}

/// A tier, and what happens to the tenant.
type Part = (Tier, Life);

/// Returns the attackers and the victims of a full run.
fn everybody() -> (Vec<Part>, Vec<Part>) {
    let of_each_tier = |life| Tier::ALL.map(move |tier| (tier, life));
    let attackers = of_each_tier(Life::Stays).into_iter().chain([(Tier::Shared, Life::Moves)]);
    let lives = [Life::Stays, Life::Moves, Life::Suspended, Life::Offboarded];
    (attackers.collect(), lives.into_iter().flat_map(of_each_tier).collect())
}

/// Returns those of a slice.
fn some() -> (Vec<Part>, Vec<Part>) {
    let attackers = vec![(Tier::Shared, Life::Stays), (Tier::Schema, Life::Moves)];
    let mut victims = Tier::ALL.map(|tier| (tier, Life::Stays)).to_vec();
    victims.extend([
        (Tier::Shared, Life::Moves),
        (Tier::Schema, Life::Suspended),
        (Tier::Shared, Life::Offboarded),
    ]);
    (attackers, victims)
}

/// Returns a list without what the tenant's own use of it changes.
fn without_use(mut listed: Value) -> Value {
    let items = listed.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten();
    for item in items.filter_map(Value::as_object_mut) {
        item.remove("last_used_at");
        if item.contains_key("ends_at") {
            // A session, which a refresh continues.
            item.remove("expires_at");
        }
    }
    listed
}
