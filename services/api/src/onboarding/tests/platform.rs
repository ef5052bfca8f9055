//! A PostgreSQL database and ClickHouse tenants for one test. Both are dropped at its end.

use std::{fs, thread};

use control_plane::{Account, Cluster, ControlPlane, PlatformControl};
use tempfile::TempDir;
use tenancy::{ClientId, PlatformContext, TenantRouter};
use testkit::Database;
use uuid::Uuid;
use warehouse::{ClusterSettings, Warehouse};

use super::super::{Applied, Folder, Onboarding, OnboardingError, Plan, read_folder};

const CLUSTERS: [&str; 2] = ["shared", "dedicated"];

pub(super) struct Platform {
    /// Distinguishes the tenants of this test from those of other tests on the same server.
    suffix: String,
    folder: TempDir,
    pub(super) control_plane: ControlPlane,
    database: Database,
}

impl Platform {
    pub(super) async fn new() -> Self {
        let database = Database::migrated().await;
        let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
        control_plane.migrate().await.unwrap();
        let suffix = Uuid::now_v7().simple().to_string().chars().rev().take(12).collect();
        let folder = tempfile::tempdir().unwrap();
        let platform = Self { suffix, folder, control_plane, database };
        for name in CLUSTERS {
            let sealer = auth::Sealer::new([7; 32]);
            platform.admin().register_cluster(&sealer, &cluster(name)).await.unwrap();
        }
        platform
    }

    /// Leaves a tenant as a run that stopped before activating it.
    pub(super) async fn forget_activation(&self, name: &str) {
        let raw = sqlx::PgPool::connect(self.database.url()).await.unwrap();
        let mut transaction = raw.begin().await.unwrap();
        let platform = sqlx::query("SET LOCAL footfall.platform = 'on'");
        platform.execute(&mut *transaction).await.unwrap();
        let forget = "UPDATE tenant SET state = 'provisioning' WHERE client_id = $1";
        let forget = sqlx::query(forget).bind(self.id(name).to_string());
        forget.execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }

    #[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
    pub(super) fn context(&self) -> PlatformContext {
        TenantRouter::platform("cli")
    }

    pub(super) fn admin(&self) -> PlatformControl {
        self.control_plane.for_platform(&self.context())
    }

    /// Onboarding as the running service does it.
    pub(super) fn onboarding(&self) -> Onboarding {
        self.onboarding_with(warehouse())
    }

    pub(super) fn onboarding_with(&self, warehouse: Warehouse) -> Onboarding {
        Onboarding::new(self.control_plane.clone(), warehouse, &self.context())
    }

    /// Returns the id of this test's `name`.
    pub(super) fn id(&self, name: &str) -> ClientId {
        format!("{name}-{}", self.suffix).parse().unwrap()
    }

    /// Returns a tenant's file with a key, an owner and a campaign of an advertiser.
    pub(super) fn file(&self, name: &str, isolation: &str, cluster: &str) -> String {
        let id = self.id(name);
        format!(
            r#"id = "{id}"
name = "{name}"
isolation = "{isolation}"
cluster = "{cluster}"
time_zone = "Europe/Warsaw"
currency = "EUR"

[[advertisers]]
id = "nova"
name = "Nova"

[[campaigns]]
id = "spring"
name = "Spring"
advertiser = "nova"

[[users]]
email = "Owner@{id}.example"
role = "owner"

[[keys]]
name = "shop"
kind = "collect"
"#
        )
    }

    /// Returns a folder with exactly these files.
    pub(super) fn folder(&self, files: &[String]) -> Folder {
        for old in fs::read_dir(self.folder.path()).unwrap() {
            fs::remove_file(old.unwrap().path()).unwrap();
        }
        for (index, text) in files.iter().enumerate() {
            fs::write(self.folder.path().join(format!("{index}.toml")), text).unwrap();
        }
        read_folder(self.folder.path()).unwrap()
    }

    pub(super) async fn plan(&self, files: &[String]) -> Result<Plan, OnboardingError> {
        self.onboarding().plan_folder(&self.folder(files)).await
    }

    pub(super) async fn apply(&self, files: &[String]) -> Applied {
        let plan = self.plan(files).await.unwrap();
        self.onboarding().apply(&plan, &mut |_| {}).await.unwrap()
    }
}

pub(super) fn warehouse() -> Warehouse {
    Warehouse::new(CLUSTERS.map(|name| (name.parse().unwrap(), testkit::cluster(name))))
}

fn cluster(name: &str) -> Cluster {
    let settings: ClusterSettings = testkit::cluster(name);
    Cluster {
        name: name.parse().unwrap(),
        url: settings.url,
        writer: Account { user: settings.writer_user, password: settings.writer_password },
        reader: Account { user: settings.reader_user, password: settings.reader_password },
    }
}

async fn drop_tenants(suffix: &str) {
    let client = reqwest::Client::new();
    for cluster in CLUSTERS.map(cluster) {
        let post = async |statement: String| {
            let request = client
                .post(&cluster.url)
                .basic_auth(&cluster.writer.user, Some(cluster.writer.password.expose()));
            request.body(statement).send().await.unwrap().text().await.unwrap()
        };
        let databases = format!("SELECT name FROM system.databases WHERE name LIKE '%{suffix}'");
        for database in post(databases).await.lines() {
            post(format!("DROP DATABASE {database} SYNC")).await;
        }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let suffix = self.suffix.clone();
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(drop_tenants(&suffix));
        });
        dropped.join().unwrap();
    }
}
