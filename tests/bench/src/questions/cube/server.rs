use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use jsonwebtoken::{EncodingKey, Header};
use reqwest::Url;
use serde_json::json;
use testkit::free_address;
use uuid::Uuid;

use crate::{
    Failure,
    clickhouse::{Account, ClickHouse},
    platform::Denominator,
    shops::shared,
};

/// The program that Node.js runs.
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cube/server.js");

/// A running Cube.
pub(super) struct Cube {
    pub(super) server: Denominator,
    /// What a client shows it; names the tenant.
    pub(super) token: String,
}

impl Cube {
    /// Starts Cube from its packages, and waits until it answers.
    ///
    /// # Errors
    /// The address of ClickHouse is not valid, or Cube does not start.
    pub(super) async fn start(packages: &Path, tenant: &str) -> Result<Self, Failure> {
        let address: SocketAddr = free_address().parse()?;
        let secret = Uuid::now_v7().simple().to_string();
        let settings = settings(packages, &secret)?;
        let arguments = [SERVER, &address.to_string()];
        let server = Denominator::run(Path::new("node"), &arguments, &settings, address).await?;
        let key = EncodingKey::from_secret(secret.as_bytes());
        let token = jsonwebtoken::encode(&Header::default(), &json!({"tenant": tenant}), &key)?;
        Ok(Self { server, token })
    }
}

/// Returns the settings of Cube: everything in its own process, and no reports to its makers.
fn settings(packages: &Path, secret: &str) -> Result<BTreeMap<String, String>, Failure> {
    let clickhouse = ClickHouse::of("shared");
    let Account { url, reader_user, reader_password, .. } = clickhouse.account();
    let url = Url::parse(url)?;
    let port = url.port_or_known_default().ok_or("ClickHouse has no port")?;
    let modules = packages.join("node_modules");
    let settings = [
        ("NODE_ENV", "production".to_owned()),
        ("NODE_PATH", modules.to_string_lossy().into_owned()),
        ("CUBEJS_API_SECRET", secret.to_owned()),
        ("CUBEJS_CACHE_AND_QUEUE_DRIVER", "memory".to_owned()),
        ("CUBEJS_DB_HOST", url.host_str().ok_or("ClickHouse has no host")?.to_owned()),
        ("CUBEJS_DB_NAME", shared()?.database),
        ("CUBEJS_DB_PASS", reader_password.clone()),
        ("CUBEJS_DB_PORT", port.to_string()),
        ("CUBEJS_DB_USER", reader_user.clone()),
        ("CUBEJS_DEV_MODE", "false".to_owned()),
        ("CUBEJS_LOG_LEVEL", "error".to_owned()),
        ("CUBEJS_REFRESH_WORKER", "false".to_owned()),
        ("CUBEJS_TELEMETRY", "false".to_owned()),
    ];
    Ok(settings.map(|(name, value)| (name.to_owned(), value)).into())
}
