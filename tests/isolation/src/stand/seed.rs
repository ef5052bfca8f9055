//! Onboards a tenant, gives it one of each thing, and sends its events.

use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Tenant, Tier, eventually};

use super::{Credential, Ids, Life, Shop, Stand, Who, Words, text};
use crate::{
    Failure,
    routes::{BRAND, DIMENSION, everything},
};

impl Stand {
    /// Onboards a tenant without events and other things.
    pub(crate) async fn onboard(&self, tier: Tier, random: &mut StdRng) -> Result<Shop, Failure> {
        self.onboard_as(tier, Words::of(random)).await
    }

    /// Onboards a tenant with events, and with one of each thing that a tenant has.
    pub(crate) async fn seeded(&self, tier: Tier, words: Words) -> Result<Shop, Failure> {
        let mut shop = self.onboard_as(tier, words).await?;
        self.send_events(&shop).await?;
        shop.ids = self.things(&shop).await?;
        shop.deleted = self.deleted_things(&shop).await?;
        Ok(shop)
    }

    /// Onboards a tenant with these words, without events and other things.
    pub(crate) async fn onboard_as(&self, tier: Tier, words: Words) -> Result<Shop, Failure> {
        let (isolation, cluster) = match tier {
            Tier::Shared => ("shared", "shared".to_owned()),
            Tier::Schema => ("schema", "shared".to_owned()),
            Tier::Dedicated => ("dedicated", self.free_cluster()),
        };
        let Words { content, address, rival_content, rival_address } = &words;
        let id = format!("t-{address}");
        let file = json!({
            "id": id, "name": format!("Shop {content}"), "isolation": isolation,
            "cluster": cluster, "time_zone": "Europe/Berlin", "currency": "EUR",
            // No request is to be refused for a limit: foreign and absent would differ.
            "limits": {
                "events_per_second": 1_000_000, "concurrent_queries": 1_000, "live_streams": 10_000,
                "partition_spread": 2, "quotas": {"requests_per_second": 1_000_000},
            },
            "advertisers": [
                {"id": BRAND, "name": format!("Brand {content}")},
                {"id": "rival", "name": format!("Rival {rival_content}")},
            ],
            "campaigns": [
                {"id": "spring", "name": "Spring", "advertiser": BRAND},
                {"id": address, "name": format!("Own {content}")},
                {"id": rival_address, "name": format!("Of a rival {rival_content}"), "advertiser": "rival"},
            ],
            "users": [
                {"email": format!("owner@{content}.example"), "role": "owner"},
                {"email": format!("analyst@{content}.example"), "role": "analyst"},
                {"email": format!("brand@{content}.example"), "role": "advertiser", "advertiser": BRAND},
            ],
            "keys": [
                {"name": format!("Site {content}"), "kind": "collect"},
                {"name": format!("History {content}"), "kind": "import"},
            ],
        });
        let made = self.order(Method::POST, &self.admin, "/v1/admin/tenants", &file).await?;
        let owner = self.first_login(&made, Who::Owner, "owner").await?;
        let analyst = self.first_login(&made, Who::Analyst, "analyst").await?;
        let advertiser = self.first_login(&made, Who::Advertiser, "advertiser").await?;
        let read = json!({"name": format!("Reports {content}"), "kind": "read"});
        let read = self.order(Method::POST, &owner.text, "/v1/api-keys", &read).await?;
        let one =
            json!({"name": format!("One {content}"), "kind": "read", "campaigns": ["spring"]});
        let one = self.order(Method::POST, &owner.text, "/v1/api-keys", &one).await?;
        let tenant = Tenant {
            id,
            owner: owner.text.clone(),
            advertiser: advertiser.text.clone(),
            collect_key: text(find(&made, "keys", "kind", "collect")?, "/key")?,
            import_key: text(find(&made, "keys", "kind", "import")?, "/key")?,
            read_key: text(&read, "/key")?,
        };
        let others = [
            (Who::Read, tenant.read_key.clone()),
            (Who::ReadOne, text(&one, "/key")?),
            (Who::Collect, tenant.collect_key.clone()),
            (Who::Import, tenant.import_key.clone()),
            (Who::Admin, self.admin.clone()),
            (Who::Nobody, String::new()),
        ];
        let others = others.map(|(who, text)| Credential { who, text, refresh_token: None });
        let credentials = [owner, analyst, advertiser].into_iter().chain(others).collect();
        let (ids, deleted) = (Ids::absent(), Ids::absent());
        Ok(Shop { tier, life: Life::Stays, words, tenant, credentials, ids, deleted })
    }

    async fn first_login(&self, made: &Value, who: Who, role: &str) -> Result<Credential, Failure> {
        let user = find(made, "users", "role", role)?;
        let invitation = user.get("invitation").ok_or("a user without an invitation")?;
        Credential::of_session(who, &self.accept(invitation).await?)
    }

    async fn send_events(&self, shop: &Shop) -> Result<(), Failure> {
        let Words { content, address, rival_content, rival_address } = &shop.words;
        let events = json!([
            {"type": "ad_impression", "campaign_id": address, "visitor_id": address, "ad_id": content},
            {"type": "purchase", "campaign_id": address, "order_id": content, "visitor_id": address,
             "revenue": 77, "items": [{"product_id": content, "brand": content}]},
            {"type": "ad_impression", "campaign_id": "spring"},
            {"type": "ad_impression", "campaign_id": rival_address, "ad_id": rival_content},
            // Refused, because it names no campaign.
            {"type": "ad_impression", "visitor_id": content},
        ]);
        self.platform.collect(&shop.tenant.collect_key, &events).await.expect(202);
        self.platform.wait_for_count(&shop.tenant, address, "orders", 1).await;
        // Reports read another store than the counters of campaigns.
        let [from, to] = everything();
        let question = json!({"metrics": ["events"], "time": {"from": from, "to": to}});
        eventually("four events are stored", async || {
            let answer = self.platform.post(&shop.tenant.owner, "/v1/query", &question).await;
            (answer.json().pointer("/totals/values/events") == Some(&json!(4))).then_some(())
        })
        .await;
        Ok(())
    }

    async fn create(&self, shop: &Shop, path: &str, order: &Value) -> Result<String, Failure> {
        text(&self.order(Method::POST, &shop.tenant.owner, path, order).await?, "/id")
    }

    async fn first(&self, shop: &Shop, path: &str) -> Result<String, Failure> {
        let listed = self.platform.get(&shop.tenant.owner, path).await;
        text(&listed.json(), "/data/0/id")
    }

    async fn things(&self, shop: &Shop) -> Result<Ids, Failure> {
        let content = &shop.words.content;
        let order = json!({"email": format!("invited@{content}.example"), "role": "analyst"});
        let invited = self.create(shop, "/v1/users", &order).await?;
        let key = shop.tenant.collect_key.split('_').nth(2).ok_or("a key without an id")?;
        let [from, to] = everything();
        let order = json!({"kind": "events", "request": {"time": {"from": from, "to": to}}});
        let job = self.create(shop, "/v1/reports", &order).await?;
        let order = json!({"pointer": format!("/properties/{content}")});
        let path = format!("/v1/dimensions/{DIMENSION}");
        self.order(Method::PUT, &shop.tenant.owner, &path, &order).await?;
        let order = json!({"visitors": [format!("erased-{content}")]});
        let erasure = self.create(shop, "/v1/privacy/erase", &order).await?;
        let kept = self.kept(shop, content).await?;
        let ids = Ids {
            tenant: shop.tenant.id.clone(),
            campaign: shop.words.address.clone(),
            key: key.to_owned(),
            user: self.first(shop, "/v1/users").await?,
            invited,
            session: self.first(shop, "/v1/me/sessions").await?,
            reject: eventually("the reject is listed", async || {
                self.first(shop, "/v1/rejects").await.ok()
            })
            .await,
            job,
            erasure,
            ..kept
        };
        let path = format!("/v1/reports/{}", ids.job);
        eventually("the job is done", async || {
            let job = self.platform.get(&shop.tenant.owner, &path).await.json();
            (job.get("state").and_then(Value::as_str) == Some("done")).then_some(())
        })
        .await;
        Ok(ids)
    }

    /// Creates what users keep beside the numbers. The other ids are absent.
    async fn kept(&self, shop: &Shop, name: &str) -> Result<Ids, Failure> {
        let mark = json!({"at": "2026-03-01", "text": name, "scope": "tenant"});
        let report = json!({
            "name": name, "visibility": "shared", "kind": "query", "request": {"metrics": ["events"]},
        });
        let cohort = json!({
            "name": name, "definition": {"events": ["ad_impression"], "time": {"last_days": 365}},
        });
        let schedule = json!({
            "name": name, "kind": "query", "request": {"metrics": ["events"]}, "every": "day",
            "at": "03:17",
        });
        Ok(Ids {
            annotation: self.create(shop, "/v1/annotations", &mark).await?,
            report: self.create(shop, "/v1/saved-reports", &report).await?,
            cohort: self.create(shop, "/v1/cohorts", &cohort).await?,
            schedule: self.create(shop, "/v1/schedules", &schedule).await?,
            ..Ids::absent()
        })
    }

    async fn deleted_things(&self, shop: &Shop) -> Result<Ids, Failure> {
        let kept = self.kept(shop, &format!("deleted {}", shop.words.content)).await?;
        for path in [
            format!("/v1/annotations/{}", kept.annotation),
            format!("/v1/saved-reports/{}", kept.report),
            format!("/v1/cohorts/{}", kept.cohort),
            format!("/v1/schedules/{}", kept.schedule),
        ] {
            self.order(Method::DELETE, &shop.tenant.owner, &path, &Value::Null).await?;
        }
        Ok(kept)
    }
}

/// Returns the entry of a list whose field has a value.
fn find<'a>(made: &'a Value, list: &str, field: &str, value: &str) -> Result<&'a Value, Failure> {
    let mut entries = made.get(list).and_then(Value::as_array).into_iter().flatten();
    let is_wanted = |entry: &&Value| entry.get(field).and_then(Value::as_str) == Some(value);
    Ok(entries.find(is_wanted).ok_or_else(|| format!("no {field} {value} in {made}"))?)
}
