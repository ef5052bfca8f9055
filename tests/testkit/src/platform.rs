use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    Answer, Database, Process, eventually, free_address,
    process::{binary, run, workspace},
    setting::has_tls,
};

const ADMIN: &str = "admin@platform.example";

/// The variable of the address that serves a process's metrics.
const METRICS: &str = "FOOTFALL__METRICS__BIND";

/// How a platform differs from the default.
#[derive(Clone, Debug, Default)]
pub struct Preparation {
    /// The program to run instead of `footfall`, such as the one with failpoints.
    pub program: Option<PathBuf>,
    /// Settings that override or complete the platform's own.
    pub settings: BTreeMap<String, String>,
    /// Replacements of addresses for its processes: a proxy's for a server's.
    pub detours: Vec<(String, String)>,
}

/// A private platform.
pub struct Platform {
    program: PathBuf,
    settings: BTreeMap<String, String>,
    /// Replacements of addresses that were made in the settings.
    detours: Vec<(String, String)>,
    folder: PathBuf,
    client: Client,
    processes: Vec<Process>,
    /// Fields are dropped in order: the database after the processes that use it.
    database: Option<Database>,
}

impl Platform {
    /// Creates a migrated platform; no process runs yet.
    pub async fn prepare() -> Self {
        Self::prepare_as(Preparation::default()).await
    }

    /// Creates a migrated platform whose processes run this build of `footfall`.
    pub async fn prepare_with(program: &Path) -> Self {
        let program = Some(program.to_owned());
        Self::prepare_as(Preparation { program, ..Preparation::default() }).await
    }

    /// Creates a migrated platform that differs from the default.
    pub async fn prepare_as(preparation: Preparation) -> Self {
        let Preparation { program, settings: others, detours } = preparation;
        let is_this_build = program.is_none();
        let program = program.unwrap_or_else(binary);
        // The previous build migrates its own tables.
        let database = match is_this_build {
            true => Database::migrated().await,
            false => Database::create().await,
        };
        let name = database.name();
        let folder = platforms_folder().join(name);
        let mut settings = own_settings(&folder);
        settings.extend([
            ("FOOTFALL__POSTGRES__URL".to_owned(), database.url().to_owned()),
            ("FOOTFALL__KAFKA__EVENTS_TOPIC".to_owned(), format!("{name}.events")),
            ("FOOTFALL__KAFKA__REJECTS_TOPIC".to_owned(), format!("{name}.rejects")),
            ("FOOTFALL__KAFKA__PARKED_TOPIC".to_owned(), format!("{name}.parked")),
            ("FOOTFALL__KAFKA__PARTITIONS".to_owned(), "6".to_owned()),
            ("FOOTFALL__REDIS__NAMESPACE".to_owned(), name.replace('_', "-")),
        ]);
        // The previous build knows no logins of the services.
        for login in ["platform", "tenant", "ledger"].into_iter().filter(|_| is_this_build) {
            let url = database.login_url(login);
            settings.extend(
                url.map(|url| (format!("FOOTFALL__POSTGRES__{}_URL", login.to_uppercase()), url)),
            );
        }
        settings.extend(others);
        for value in settings.values_mut() {
            for (address, detour) in &detours {
                *value = value.replace(address, detour);
            }
        }
        let url = database.url().to_owned();
        let client = client();
        let database = Some(database);
        let processes = Vec::new();
        let platform = Self { program, settings, detours, folder, client, processes, database };
        platform.migrate();
        set_first_generation(&url).await;
        platform
    }

    /// Creates a platform on `servers` that no other platform uses and that may hold data. Nothing is
    /// migrated yet. Its files are in `folder`.
    pub fn on_servers(
        program: Option<PathBuf>,
        servers: BTreeMap<String, String>,
        folder: PathBuf,
    ) -> Self {
        let mut settings = servers;
        // The default number.
        let partitions = settings.entry("FOOTFALL__KAFKA__PARTITIONS".to_owned());
        partitions.or_insert_with(|| "12".to_owned());
        settings.extend(own_settings(&folder));
        let program = program.unwrap_or_else(binary);
        let client = client();
        let processes = Vec::new();
        let detours = Vec::new();
        let database = None;
        Self { program, settings, detours, folder, client, processes, database }
    }

    /// Runs `footfall migrate`, as an operator does to install or upgrade.
    pub fn migrate(&self) {
        let secrets = self.secrets_file();
        let file = secrets.to_str().expect("a readable path");
        self.run(&["migrate", "--admin", ADMIN, "--secrets", file]);
    }

    /// Returns the file that new passwords and keys are written to.
    pub fn secrets_file(&self) -> PathBuf {
        self.folder.join("secrets.env")
    }

    /// Returns a password or key of that file.
    pub fn secret(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.secrets_file()).expect("the file of secrets");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("{name} is not in the file of secrets")).to_owned()
    }

    /// Terminates the running processes, as an operator does, and waits until they have ended.
    pub async fn stop(&mut self) {
        for mut process in self.processes.drain(..) {
            process.terminate();
            process.ended().await;
        }
    }

    /// Creates a platform and starts all services.
    pub async fn start() -> Self {
        let mut platform = Self::prepare().await;
        platform.restart().await;
        platform.wait_until_up_to_date().await;
        platform
    }

    /// Kills the running processes and starts all services with the current settings.
    pub async fn restart(&mut self) {
        self.processes.clear();
        let all = self.spawn(&["all"]);
        self.processes.push(all);
        self.wait_until_ready().await;
    }

    /// Changes a setting for processes that are started from now on.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.settings.insert(variable.to_owned(), value.to_owned());
    }

    /// Changes the program of processes and commands that are started from now on.
    pub fn set_program(&mut self, program: PathBuf) {
        self.program = program;
    }

    /// Waits until `store` and `live` have reported their progress for every partition: until then
    /// numbers have other sources.
    pub async fn wait_until_up_to_date(&self) {
        let partitions = self.settings["FOOTFALL__KAFKA__PARTITIONS"].parse::<i64>();
        let all = 2 * partitions.expect("a number");
        let url = &self.settings["FOOTFALL__POSTGRES__URL"];
        eventually("every partition is up to date", async || {
            (reported_partitions(url).await == all).then_some(())
        })
        .await;
    }

    /// Creates a platform whose processor the test starts and kills itself.
    pub async fn start_without_processor() -> Self {
        Self::start_without_processor_with(&binary()).await
    }

    /// Does the same as [`Platform::start_without_processor`], with this build of `footfall`.
    pub async fn start_without_processor_with(program: &Path) -> Self {
        let mut platform = Self::prepare_with(program).await;
        for service in ["collector", "api"] {
            let process = platform.spawn(&[service]);
            platform.processes.push(process);
        }
        platform.wait_until_ready().await;
        platform
    }

    /// Starts a `footfall` command with this platform's settings.
    pub fn spawn(&self, arguments: &[&str]) -> Process {
        self.spawn_as(arguments[0], arguments, [])
    }

    /// Starts a command with more settings and with `name` as the name of its log. Only a process
    /// with a collector serves metrics, unless `more` sets the address.
    pub fn spawn_as<'a>(
        &self,
        name: &str,
        arguments: &[&str],
        more: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Process {
        let mut settings = self.settings.clone();
        if !matches!(arguments.first(), Some(&"all" | &"collector")) {
            settings.insert(METRICS.to_owned(), String::new());
        }
        settings.extend(more.into_iter().map(|(variable, value)| (variable.to_owned(), value)));
        let log = self.folder.join(format!("{name}.log"));
        Process::start(&self.program, arguments, &settings, &log)
    }

    /// Starts another processor, as a separate member of the consumer groups.
    pub fn spawn_processor(&self, instance: &str) -> Process {
        let named = ("FOOTFALL__PROCESSOR__INSTANCE", instance.to_owned());
        self.spawn_as(&format!("processor-{instance}"), &["processor"], [named])
    }

    /// Runs a `footfall` command to its end; it must succeed. Returns its output.
    pub fn run(&self, arguments: &[&str]) -> String {
        run(&self.program, arguments, &self.settings)
    }

    /// Returns the settings of its processes.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    pub(crate) fn detours(&self) -> &[(String, String)] {
        &self.detours
    }

    /// Returns the direct address of its database, without a detour.
    pub fn database_url(&self) -> &str {
        let direct = self.database.as_ref().map(Database::url);
        direct.unwrap_or(&self.settings["FOOTFALL__POSTGRES__URL"])
    }

    /// Returns the folder of this platform's files.
    pub fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// Returns the address of a route of the API.
    pub fn api(&self, path: &str) -> String {
        format!("{}://{}{path}", scheme(), self.settings["FOOTFALL__API__BIND"])
    }

    /// Returns the address of a route of the collector.
    pub fn collector(&self, path: &str) -> String {
        format!("{}://{}{path}", scheme(), self.settings["FOOTFALL__COLLECTOR__BIND"])
    }

    /// Returns the address of the metrics of the process with the collector.
    pub fn metrics(&self) -> String {
        format!("{}://{}/metrics", scheme(), self.settings[METRICS])
    }

    /// Returns the HTTP client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a GET request to a route of the API.
    pub async fn get(&self, token: &str, path: &str) -> Answer {
        let request = self.client.get(self.api(path)).bearer_auth(token);
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// Posts JSON to a route of the API.
    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        let request = self.client.post(self.api(path)).bearer_auth(token).json(body);
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// Sends events to the collector.
    pub async fn collect(&self, key: &str, events: &Value) -> Answer {
        let request = self.client.post(self.collector("/v1/events")).bearer_auth(key).json(events);
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// Logs in and returns the access token.
    pub async fn login(&self, email: &str, password: &str) -> String {
        let body = json!({"email": email, "password": password});
        let request = self.client.post(self.api("/v1/auth/login")).json(&body);
        let answer = Answer::read(request.send().await.expect("an answer")).await.expect(200);
        answer.json()["access_token"].as_str().expect("an access token").to_owned()
    }

    /// Accepts an invitation and returns the access token.
    pub async fn accept(&self, invitation: &str) -> String {
        let body = json!({"token": invitation, "password": "a password nobody else knows"});
        let request = self.client.post(self.api("/v1/auth/invitations/accept")).json(&body);
        let answer = Answer::read(request.send().await.expect("an answer")).await.expect(200);
        answer.json()["access_token"].as_str().expect("an access token").to_owned()
    }

    /// Returns the login of the platform's admin.
    pub fn admin_credentials(&self) -> Value {
        json!({"email": ADMIN, "password": self.secret("FOOTFALL_ADMIN_PASSWORD")})
    }

    /// Logs in as the platform's admin and returns the access token.
    pub async fn admin(&self) -> String {
        self.login(ADMIN, &self.secret("FOOTFALL_ADMIN_PASSWORD")).await
    }

    /// Waits until collector and api report that they are ready.
    pub async fn wait_until_ready(&mut self) {
        for url in [self.api("/readyz"), self.collector("/readyz")] {
            let client = &self.client;
            let processes = &mut self.processes;
            eventually("the services are ready", async || {
                processes.iter_mut().for_each(Process::must_be_running);
                let answer = client.get(&url).send().await.ok()?;
                answer.status().is_success().then_some(())
            })
            .await;
        }
    }
}

/// Counts the partitions of `store` and `live` that have reported their progress.
async fn reported_partitions(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
    sqlx::query_scalar("SELECT count(as_of) FROM lease WHERE consumer_group IN ('store', 'live')")
        .fetch_one(&mut connection)
        .await
        .expect("the ledger answers")
}

/// Sets a random first generation: platforms_folder share tables, and their log places must differ.
async fn set_first_generation(url: &str) {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
    let random = Uuid::now_v7();
    let before = i32::from(random.as_u128() as u16 / 2);
    sqlx::query("INSERT INTO log_generation (kgen, topic, topic_id, partitions) VALUES (greatest($1, 1), 'earlier', 'earlier', 1)")
        .bind(before)
        .execute(&mut connection)
        .await
        .expect("the ledger accepts a generation");
}

/// Returns the settings that every platform has for itself.
fn own_settings(folder: &Path) -> BTreeMap<String, String> {
    std::fs::create_dir_all(folder).expect("a folder for logs");
    BTreeMap::from([
        ("FOOTFALL__POSTGRES__MAX_CONNECTIONS".to_owned(), "12".to_owned()),
        ("FOOTFALL__DATA_DIR".to_owned(), folder.display().to_string()),
        (METRICS.to_owned(), free_address()),
        ("FOOTFALL__PROCESSOR__ARCHIVE_BATCH_MS".to_owned(), "500".to_owned()),
        ("FOOTFALL__PROCESSOR__INSTANCE".to_owned(), "test".to_owned()),
        ("FOOTFALL__API__BIND".to_owned(), free_address()),
        ("FOOTFALL__COLLECTOR__BIND".to_owned(), free_address()),
        // Tests also run on full disks.
        ("FOOTFALL__SPOOL__MAX_DISK_PERCENT".to_owned(), "100".to_owned()),
    ])
}

/// Returns how its listeners are spoken to.
fn scheme() -> &'static str {
    if has_tls() { "https" } else { "http" }
}

/// Returns the folder of platforms_folder' files: beside the stack's servers, and wiped with them.
fn platforms_folder() -> PathBuf {
    let stack = std::env::var_os("FOOTFALL_STACK_DIR").map(PathBuf::from);
    stack.unwrap_or_else(|| workspace().join(".footfall/stack")).join("platforms")
}

/// Returns a client that opens a new connection rather than use one that the server may be closing: it
/// closes those that are idle for `keep_alive_seconds`, and a request that meets this fails.
fn client() -> Client {
    let client = Client::builder().pool_idle_timeout(Duration::from_secs(2)).build();
    client.expect("a client without certificates")
}
