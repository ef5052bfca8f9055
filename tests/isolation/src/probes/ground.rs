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
    stand::{Answer, Shop, Stand, Who, Words},
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

/// The tenants of the probes.
pub(super) struct Ground {
    pub(super) stand: Stand,
    /// The tenants whose credentials are used.
    pub(super) attackers: Vec<Shop>,
    /// One tenant of each tier, and last one that is suspended.
    pub(super) victims: Vec<Shop>,
}

impl Ground {
    /// Starts a platform and seeds its tenants. A slice has one attacker, a full run one of each tier.
    pub(super) async fn prepare(options: &Options) -> Result<Self, Failure> {
        let stand = Stand::start(&[]).await?;
        let mut random = StdRng::seed_from_u64(options.seed);
        let attackers = if options.size == 100 { Tier::ALL.len() } else { 1 };
        let tiers = Tier::ALL.into_iter().cycle().take(attackers).chain(Tier::ALL);
        let tiers = tiers.chain([Tier::Schema]);
        let seeding: Vec<_> =
            tiers.map(|tier| stand.seeded(tier, Words::of(&mut random))).collect();
        let mut attackers_and_victims = try_join_all(seeding).await?;
        let victims = attackers_and_victims.split_off(attackers);
        let ground = Self { stand, attackers: attackers_and_victims, victims };
        ground.suspend().await?;
        Ok(ground)
    }

    fn suspended(&self) -> Result<&Shop, Failure> {
        Ok(self.victims.last().ok_or("no tenant is suspended")?)
    }

    async fn suspend(&self) -> Result<(), Failure> {
        let shop = self.suspended()?;
        let path = format!("/v1/admin/tenants/{}/suspend", shop.tenant.id);
        let order = json!({"reason": "A proof"});
        self.stand.order(Method::POST, &self.stand.admin, &path, &order).await?;
        eventually("the tenant is suspended", async || {
            let answer = self.stand.platform.get(shop.credential(Who::Read), "/v1/campaigns").await;
            (answer.status == 403).then_some(())
        })
        .await;
        Ok(())
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

    /// Returns what each tenant that is not suspended has, as text: its lists, and how many events it has.
    pub(super) async fn belongings(&self) -> Result<Vec<String>, Failure> {
        let mut all = Vec::new();
        let (_, victims) = self.victims.split_last().ok_or("no victims")?;
        for shop in victims {
            for list in LISTS {
                let path = format!("/v1/{list}");
                let listed = self.stand.platform.get(&shop.tenant.owner, &path).await;
                if listed.status != 200 {
                    return Err(format!("{path}: {}", listed.text).into());
                }
                all.push(format!("{list} of {:?}: {}", shop.tier, without_use(listed.json())));
            }
            let [from, to] = everything();
            let question = json!({"metrics": ["events"], "time": {"from": from, "to": to}});
            let path = "/v1/query";
            let answer =
                self.stand.order(Method::POST, &shop.tenant.owner, path, &question).await?;
            let events = answer.pointer("/totals/values/events").unwrap_or(&Value::Null);
            all.push(format!("events of {:?}: {events}", shop.tier));
        }
        Ok(all)
    }

    /// Checks that no credential of the suspended tenant gets an answer of a guarded route.
    pub(super) async fn check_suspended(
        &self,
        routes: &[Route],
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let shop = self.suspended()?;
        let own = |who: Who| !matches!(who, Who::Admin | Who::Nobody);
        for route in routes.iter().filter(|route| route.is_guarded) {
            for credential in shop.credentials.iter().filter(|credential| own(credential.who)) {
                let request = self.stand.valid(route, &shop.ids)?.bearer_auth(&credential.text);
                let answer = Answer::of(request).await?;
                outcome.count("requests", 1);
                outcome.count("requests of a suspended tenant", 1);
                outcome.check([401, 403].contains(&answer.status), || {
                    let Route { method, path, .. } = route;
                    let status = answer.status;
                    format!("{method} {path} answers {status} to a suspended {credential:?}")
                });
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

/// Returns a list without what the tenant's own use of it changes.
fn without_use(mut listed: Value) -> Value {
    let items = listed.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten();
    for item in items.filter_map(Value::as_object_mut) {
        item.remove("last_used_at");
    }
    listed
}
