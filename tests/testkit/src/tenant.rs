use std::time::SystemTime;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Platform, eventually};

/// The tier of a test tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Shared tables.
    Shared,
    /// Its own database.
    Schema,
    /// Its own server.
    Dedicated,
}

impl Tier {
    /// Every tier.
    pub const ALL: [Self; 3] = [Self::Shared, Self::Schema, Self::Dedicated];

    fn isolation(self) -> (&'static str, &'static str) {
        match self {
            Self::Shared => ("shared", "shared"),
            Self::Schema => ("schema", "shared"),
            Self::Dedicated => ("dedicated", "dedicated"),
        }
    }
}

/// A tenant, onboarded through the API, with its credentials.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// The access token of its owner.
    pub owner: String,
    /// The access token of an advertiser that has only the campaign `spring`.
    pub advertiser: String,
    /// An API key that sends events.
    pub collect_key: String,
    /// An API key that sends history.
    pub import_key: String,
    /// An API key that reads reports.
    pub read_key: String,
}

impl Platform {
    /// Onboards a tenant with the campaigns `spring` (of the advertiser `brand`) and `autumn`
    /// (without an advertiser).
    pub async fn onboard(&self, tier: Tier) -> Tenant {
        self.onboard_limited(tier, json!({})).await
    }

    /// Does the same as [`Platform::onboard`], with these limits.
    pub async fn onboard_limited(&self, tier: Tier, limits: Value) -> Tenant {
        self.onboard_by(&self.admin().await, tier, limits).await
    }

    /// Does the same with the admin's access token: an admin may log in five times a minute.
    pub async fn onboard_by(&self, admin: &str, tier: Tier, limits: Value) -> Tenant {
        let (isolation, cluster) = tier.isolation();
        let id = format!("t-{}", Uuid::now_v7().as_u128() as u64);
        let file = json!({
            "id": id, "name": format!("Shop {id}"), "isolation": isolation, "cluster": cluster,
            "time_zone": "Europe/Berlin", "currency": "EUR", "limits": limits,
            "advertisers": [{"id": "brand", "name": "Brand"}],
            "campaigns": [
                {"id": "spring", "name": "Spring", "advertiser": "brand"},
                {"id": "autumn", "name": "Autumn"},
            ],
            "users": [
                {"email": format!("owner@{id}.example"), "role": "owner"},
                {"email": format!("brand@{id}.example"), "role": "advertiser", "advertiser": "brand"},
            ],
            "keys": [
                {"name": "site", "kind": "collect"},
                {"name": "history", "kind": "import"},
            ],
        });
        let made = self.post(admin, "/v1/admin/tenants", &file).await.expect(201).json();
        let owner = self.first_login(&made, "owner").await;
        let reports = json!({"name": "reports", "kind": "read"});
        let reports = self.post(&owner, "/v1/api-keys", &reports).await.expect(201).json();
        Tenant {
            advertiser: self.first_login(&made, "advertiser").await,
            collect_key: key(&made, "collect"),
            import_key: key(&made, "import"),
            read_key: reports["key"].as_str().expect("a key").to_owned(),
            owner,
            id,
        }
    }

    async fn first_login(&self, made: &Value, role: &str) -> String {
        let invitation = &find(&made["users"], "role", role)["invitation"];
        self.accept(invitation["token"].as_str().expect("a token")).await
    }

    /// Waits until this campaign's metric is `expected` over last year, this one and the next two: five years are
    /// the longest range of a report.
    pub async fn wait_for_count(
        &self,
        tenant: &Tenant,
        campaign: &str,
        metric: &str,
        expected: u64,
    ) {
        let year = present_year();
        let [from, to] = [year - 1, year + 3].map(|year| format!("{year}-01-01T00:00:00Z"));
        self.wait_for_count_in(tenant, campaign, metric, expected, &from, &to).await;
    }

    /// Waits until this campaign's metric is `expected` between two times.
    pub async fn wait_for_count_in(
        &self,
        tenant: &Tenant,
        campaign: &str,
        metric: &str,
        expected: u64,
        from: &str,
        to: &str,
    ) {
        let path = format!(
            "/v1/campaigns/{campaign}/metrics?granularity=total&metrics={metric}&from={from}&to={to}"
        );
        let mut last = Value::Null;
        eventually(&format!("{metric} of {campaign} is {expected}"), async || {
            last = self.get(&tenant.owner, &path).await.json();
            (last["totals"][metric] == expected).then_some(())
        })
        .await;
    }
}

/// Returns the present year; on its first or last day perhaps the other one.
fn present_year() -> u64 {
    const SECONDS: u64 = 31_556_952;
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().expect("a clock that is right");
    1970 + since_1970.as_secs() / SECONDS
}

fn key(made: &Value, kind: &str) -> String {
    find(&made["keys"], "kind", kind)["key"].as_str().expect("a key").to_owned()
}

fn find<'a>(list: &'a Value, field: &str, value: &str) -> &'a Value {
    let mut found = list.as_array().expect("a list").iter();
    found.find(|entry| entry[field] == value).expect("a matching entry")
}
