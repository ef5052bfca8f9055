use serde_json::Value;
use testkit::Tenant;

/// A tenant's own tables, as an administrator of ClickHouse sees them.
pub(crate) struct Tables {
    database: String,
    cluster: Value,
}

impl Tables {
    pub(crate) fn of(tenant: &Tenant) -> Self {
        let database = format!("tenant_{}", tenant.id.replace('-', "_"));
        Self { database, cluster: testkit::cluster("shared") }
    }

    pub(crate) async fn run(&self, statement: &str) {
        let text = |field: &str| self.cluster[field].as_str().unwrap().to_owned();
        let answer = reqwest::Client::new()
            .post(format!("{}/?database={}", text("url").trim_end_matches('/'), self.database))
            .header("X-ClickHouse-User", text("writer_user"))
            .header("X-ClickHouse-Key", text("writer_password"))
            .body(statement.to_owned())
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}
