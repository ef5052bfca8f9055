use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use aggregates::Aggregates;
use api::{
    ApiSettings, Dependencies,
    onboarding::{Made, Onboarding, TenantFile, ensure_admin, read_folder},
};
use archive::Archive;
use auth::{Sealer, SigningKeys, TokenSigner, TokenVerifier};
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{Account, Cluster, ControlPlane, SealedDataKeys};
use lifecycle::Lifecycle;
use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use settings::Secret;
use stream::{KafkaSettings, LogReader, Producer};
use tempfile::TempDir;
use tenancy::{TenantContext, TenantRouter};
use testkit::Database;
use uuid::Uuid;
use warehouse::{ClusterSettings, Warehouse};
use web::{TokenSettings, WebState};

use crate::wire::Wire;

/// Within this time a change counts in every process. Five seconds are promised, and tested where answers are
/// kept, in the control plane; here a whole api shares the machine with other tests. A process that does not
/// learn of a change uses what it knows for a minute.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// The password that every invited user chooses.
pub(crate) const PASSWORD: &str = "a password nobody else knows";

/// An api with the tenants `acme` and `globex`. Their databases are dropped with it.
pub(crate) struct Stand {
    address: SocketAddr,
    client: Client,
    made: Vec<Made>,
    /// The addresses of the users who have accepted their invitation.
    accepted: Mutex<HashSet<String>>,
    suffix: String,
    onboarding: Onboarding,
    lifecycle: Lifecycle,
    postgres: Wire,
    signer: TokenSigner,
    verifier: TokenVerifier,
    pub(crate) kafka: KafkaSettings,
    pub(crate) control_plane: ControlPlane,
    pub(crate) warehouse: Warehouse,
    /// The folder of the object store.
    pub(crate) files: TempDir,
    pub(crate) database: Database,
}

/// The response to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Stand {
    pub(crate) async fn new() -> Self {
        let id = Uuid::now_v7().simple().to_string();
        let database = Database::migrated().await;
        let suffix: String = id.chars().rev().take(12).collect();
        let (control_plane, postgres) = control_plane(&database).await;
        let sealer = Sealer::new([7; 32]);
        let warehouse = warehouse(&control_plane, &sealer).await;
        #[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
        let operator = TenantRouter::platform("cli");
        let mut made = Vec::new();
        made.extend(ensure_admin(&control_plane, &operator, "admin@test.example").await.unwrap());
        let onboarding = Onboarding::new(control_plane.clone(), warehouse.clone(), &operator);
        for name in ["acme", "globex"] {
            made.extend(onboarding.create(&tenant(name, &suffix)).await.unwrap().made);
        }
        let tokens = TokenSettings {
            issuer: "https://footfall.test".into(),
            audience: "footfall".into(),
            access_seconds: 900,
            refresh_days: 30,
            session_days: 90,
        };
        let kafka: KafkaSettings = testkit::log(2);
        let files = tempfile::tempdir().unwrap();
        let keys = SealedDataKeys::new(control_plane.for_platform(&operator), sealer.clone());
        let archive = Archive::new(&testkit::archive_in(files.path()), Arc::new(keys)).unwrap();
        let lifetime = tokens.access_lifetime();
        let keys = SigningKeys::load(&control_plane, &sealer, lifetime, Utc::now());
        let keys = keys.await.unwrap();
        let verifier = tokens.verifier(&keys.accepted).unwrap();
        let signer = tokens.signer(&keys.signing).unwrap();
        let shared = Arc::new(control_plane.clone());
        let router = TenantRouter::new(shared.clone());
        let dependencies = Dependencies {
            web: WebState::new(shared.clone(), shared, verifier.clone()),
            aggregates: Aggregates::connect(&testkit::redis()).unwrap(),
            signer: signer.clone(),
            sealer: sealer.clone(),
            tokens,
            events_topic: kafka.events_topic.clone(),
            control_plane: control_plane.clone(),
            warehouse: warehouse.clone(),
            report_files: archive.report_files(),
            producer: Producer::new(&kafka).unwrap(),
            parked: LogReader::of_parked(&kafka, router).unwrap(),
        };
        let settings = ApiSettings {
            bind: "127.0.0.1:0".into(),
            trust_forwarded_for: true,
            connections_per_address: 0,
            keep_alive_seconds: 75,
            collector_url: "http://127.0.0.1:8081".into(),
            cached_answers: 100,
            tls: Default::default(),
        };
        let lifecycle = Lifecycle::new();
        dependencies.control_plane.listen(&lifecycle);
        let address = api::run(&settings, dependencies, &lifecycle).unwrap();
        let client = Client::new();
        Self {
            address,
            client,
            made,
            accepted: Mutex::default(),
            suffix,
            onboarding,
            lifecycle,
            postgres,
            signer,
            verifier,
            kafka,
            control_plane,
            warehouse,
            files,
            database,
        }
    }

    /// Makes PostgreSQL unreachable.
    pub(crate) fn cut_postgres(&self) {
        self.postgres.cut();
    }

    /// Uses the stored signing keys as they are used at `now`, as the process does every few seconds.
    pub(crate) async fn use_signing_keys(&self, now: DateTime<Utc>) {
        let sealer = Sealer::new([7; 32]);
        let lifetime = TimeDelta::minutes(15);
        let keys = SigningKeys::load(&self.control_plane, &sealer, lifetime, now).await.unwrap();
        self.verifier.accept(&keys.accepted).unwrap();
        self.signer.sign_with(&keys.signing).unwrap();
    }

    /// Applies a tenant's file, with these fields in addition.
    pub(crate) async fn apply(&self, name: &str, fields: Value) {
        let mut file = document(name, &self.suffix);
        file.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{}.toml", self.id(name)));
        std::fs::write(path, toml::to_string(&file).unwrap()).unwrap();
        let plan = self.onboarding.plan_folder(&read_folder(folder.path()).unwrap()).await.unwrap();
        self.onboarding.apply(&plan, &mut |_| {}).await.unwrap();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the id of this test's `acme` or `globex`.
    pub(crate) fn id(&self, tenant: &str) -> String {
        format!("{tenant}-{}", self.suffix)
    }

    /// Returns the context of a tenant.
    #[expect(clippy::disallowed_methods, reason = "a test acts as the log's consumer")]
    pub(crate) async fn context(&self, tenant: &str) -> TenantContext {
        let router = TenantRouter::new(Arc::new(self.control_plane.clone()));
        router.resolve_record(&self.id(tenant).parse().unwrap()).await.unwrap()
    }

    /// Returns the address of a tenant's user with a role.
    pub(crate) fn email(&self, tenant: &str, role: &str) -> String {
        format!("{role}@{}.example", self.id(tenant))
    }

    /// Returns the password of a user. Accepts the invitation first, if needed.
    pub(crate) async fn password(&self, wanted: &str) -> String {
        let made = self.made.iter().find_map(|made| match made {
            Made::Invitation { email, token, .. } if email == wanted => Some(Err(token.reveal())),
            Made::Admin { email, password } if email == wanted => Some(Ok(password.reveal())),
            _ => None,
        });
        match made.unwrap() {
            Ok(password) => password.to_owned(),
            Err(token) => {
                if self.accepted.lock().unwrap().insert(wanted.to_owned()) {
                    self.accept(&token).await;
                }
                PASSWORD.to_owned()
            }
        }
    }

    /// Accepts an invitation. Returns the session.
    pub(crate) async fn accept(&self, token: &str) -> Value {
        let acceptance = json!({"token": token, "password": PASSWORD});
        let answer = self.post("/v1/auth/invitations/accept", None, acceptance).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Returns a tenant's key of a kind.
    pub(crate) fn key(&self, tenant: &str, wanted: &str) -> String {
        let tenant = self.id(tenant);
        let found = self.made.iter().find_map(|made| match made {
            Made::Key { client_id, kind, key, .. }
                if client_id.as_str() == tenant && kind.as_str() == wanted =>
            {
                Some(key.reveal())
            }
            _ => None,
        });
        found.unwrap()
    }

    /// Logs in. Returns the session.
    pub(crate) async fn session(&self, email: &str) -> Value {
        let login = json!({"email": email, "password": self.password(email).await});
        let answer = self.post("/v1/auth/login", None, login).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Returns an access token of a tenant's user.
    pub(crate) async fn token(&self, tenant: &str, role: &str) -> String {
        self.access_token(&self.email(tenant, role)).await
    }

    pub(crate) async fn access_token(&self, email: &str) -> String {
        self.session(email).await["access_token"].as_str().unwrap().to_owned()
    }

    /// Renders an answer for a snapshot.
    pub(crate) fn shown(&self, answer: &Answer) -> String {
        answer.shown(&self.suffix)
    }

    pub(crate) async fn get(&self, path: &str, credential: &str) -> Answer {
        answer(self.request(Method::GET, path, Some(credential))).await
    }

    /// Asks until the answer has this status, which it must have soon.
    pub(crate) async fn until(&self, path: &str, credential: &str, status: u16) -> Answer {
        let began = Instant::now();
        loop {
            let answer = self.get(path, credential).await;
            if answer.status == status {
                return answer;
            }
            assert!(began.elapsed() < SOON, "{path} still answers {}", answer.status);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks until a credential is refused, which it must be soon.
    pub(crate) async fn until_refused(&self, credential: &str) {
        self.until("/v1/campaigns", credential, 401).await;
    }

    pub(crate) async fn post(&self, path: &str, credential: Option<&str>, body: Value) -> Answer {
        answer(self.request(Method::POST, path, credential).json(&body)).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        credential: &str,
        body: Value,
    ) -> Answer {
        answer(self.request(method, path, Some(credential)).json(&body)).await
    }

    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        credential: Option<&str>,
    ) -> RequestBuilder {
        let request = self.client.request(method, self.url(path));
        match credential {
            Some(credential) => request.bearer_auth(credential),
            None => request,
        }
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status();
    let headers = response.headers().clone();
    let body = response.bytes().await.unwrap();
    Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
}

fn tenant(name: &str, suffix: &str) -> TenantFile {
    serde_json::from_value(document(name, suffix)).unwrap()
}

fn document(name: &str, suffix: &str) -> Value {
    let id = format!("{name}-{suffix}");
    json!({
        "id": id,
        "name": name,
        "isolation": "schema",
        "cluster": "shared",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "advertisers": [{"id": "nova", "name": "Nova"}, {"id": "orbit", "name": "Orbit"}],
        "campaigns": [
            {"id": "autumn", "name": "Autumn"},
            {"id": "spring", "name": "Spring", "advertiser": "nova"},
            {"id": "winter", "name": "Winter", "advertiser": "orbit"},
        ],
        "users": [
            {"email": format!("owner@{id}.example"), "role": "owner"},
            {"email": format!("analyst@{id}.example"), "role": "analyst"},
            {"email": format!("advertiser@{id}.example"), "role": "advertiser", "advertiser": "nova"},
        ],
        "keys": [
            {"name": "shop", "kind": "collect"},
            {"name": "reports", "kind": "read"},
        ],
    })
}

async fn control_plane(database: &Database) -> (ControlPlane, Wire) {
    let (scheme_and_account, rest) = database.url().rsplit_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let wire = Wire::to(server);
    let url = format!("{scheme_and_account}@{}/{name}", wire.address());
    let control_plane = ControlPlane::connect(&testkit::postgres_at(&url, 6)).await.unwrap();
    control_plane.migrate().await.unwrap();
    (control_plane, wire)
}

async fn warehouse(control_plane: &ControlPlane, sealer: &Sealer) -> Warehouse {
    let settings: ClusterSettings = testkit::cluster("shared");
    let account = |user: &str, password: &Secret| Account {
        user: user.to_owned(),
        password: password.clone(),
    };
    let cluster = Cluster {
        name: "shared".parse().unwrap(),
        url: settings.url.clone(),
        writer: account(&settings.writer_user, &settings.writer_password),
        reader: account(&settings.reader_user, &settings.reader_password),
    };
    #[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
    let platform = control_plane.for_platform(&TenantRouter::platform("cli"));
    platform.register_cluster(sealer, &cluster).await.unwrap();
    Warehouse::new([(cluster.name, settings)])
}

async fn drop_tenant(id: &str) {
    let statement = format!("DROP DATABASE IF EXISTS tenant_{} SYNC", id.replace('-', "_"));
    let ClusterSettings { url, writer_user, writer_password, .. } = testkit::cluster("shared");
    let request = Client::new().post(url).body(statement);
    let request = request.basic_auth(writer_user, Some(writer_password.expose()));
    let response = request.send().await.unwrap();
    response.error_for_status().unwrap();
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.lifecycle.token().cancel();
        let tenants = ["acme", "globex", "initech"].map(|tenant| self.id(tenant));
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                for tenant in tenants {
                    drop_tenant(&tenant).await;
                }
            });
        });
        dropped.join().unwrap();
    }
}
