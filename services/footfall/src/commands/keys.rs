use auth::{
    KeyEncryptionKeyId, KeyId, Sealer, SigningKey, SigningKeyError, SigningKeyStore, SigningKeyUse,
};
use chrono::{DateTime, SecondsFormat, Utc};
use control_plane::{AuditEntry, PlatformControl, RewrappedPiece, SealedColumn, SealedCount};
use processor::{RewrappedRegister, count_register_keys, rewrap_register};
use serde_json::json;

use crate::{
    cli::KeysCommand,
    configuration::Configuration,
    dependencies::Dependencies,
    exit::Failure,
    output::{self, Progress, Table},
};

/// The register of erasures beside the archive, in tables and the audit log.
const REGISTER: &str = "register of erasures";

/// Runs `footfall keys …`.
pub(crate) async fn run(configuration: Configuration, command: KeysCommand) -> Result<(), Failure> {
    let dependencies = Dependencies::connect(configuration).await?;
    match command {
        KeysCommand::Status => {
            show_signing_keys(&dependencies).await?;
            show_sealed(&dependencies).await
        }
        KeysCommand::Rotate => rotate(&dependencies).await,
        KeysCommand::AddSigningKey => add_signing_key(&dependencies).await,
        KeysCommand::RemoveSigningKey { id } => remove_signing_key(&dependencies, &id).await,
    }
}

async fn show_signing_keys(dependencies: &Dependencies) -> Result<(), Failure> {
    let stored = dependencies.control_plane.signing_keys().await.map_err(SigningKeyError::from)?;
    let created: Vec<_> = stored.iter().map(|key| key.created_at).collect();
    let lifetime = dependencies.configuration.tokens.access_lifetime();
    let mut table = Table::new(["signing key", "created", "use"]);
    for (key, used) in stored.iter().zip(SigningKeyUse::of(&created, lifetime, Utc::now())) {
        let used = match used {
            SigningKeyUse::Next(begins) => format!("signs from {}", shown(begins)),
            SigningKeyUse::Signs => "signs".to_owned(),
            SigningKeyUse::Accepted(end) => format!("accepted until {}", shown(end)),
            SigningKeyUse::Expired => "expired: remove it".to_owned(),
        };
        table.row([key.id.as_str().to_owned(), shown(key.created_at), used]);
    }
    output::line(table.to_string().trim_end());
    Ok(())
}

async fn show_sealed(dependencies: &Dependencies) -> Result<(), Failure> {
    let mut table = Table::new(["sealed", "secrets", "key encryption key", "use"]);
    let mut row = |column: &str, secrets: u64, key: Option<KeyEncryptionKeyId>| {
        let (id, used) = shown_key(&dependencies.sealer, key);
        table.row([column.to_owned(), secrets.to_string(), id, used.to_owned()]);
    };
    for SealedCount { column, key, secrets } in dependencies.platform().sealed_counts().await? {
        row(&column, secrets, key);
    }
    for (key, secrets) in count_register_keys(&dependencies.processor()).await? {
        row(REGISTER, secrets, key);
    }
    output::line("");
    output::line(table.to_string().trim_end());
    Ok(())
}

/// Returns a key's id, and what this process can do with it.
fn shown_key(sealer: &Sealer, key: Option<KeyEncryptionKeyId>) -> (String, &'static str) {
    match key {
        None => ("-".to_owned(), "not sealed"),
        Some(id) if id == sealer.current() => (id.to_string(), "current"),
        Some(id) if sealer.has(id) => (id.to_string(), "opens"),
        Some(id) => (id.to_string(), "not in the settings"),
    }
}

async fn rotate(dependencies: &Dependencies) -> Result<(), Failure> {
    let platform = dependencies.platform();
    let progress = Progress::endless();
    let mut table = Table::new(["sealed", "rewrapped", "not opened"]);
    let mut left = 0;
    for column in SealedColumn::ALL {
        let RewrappedPiece { rewrapped, unopened, last: _ } =
            rotate_column(&platform, &dependencies.sealer, column, &progress).await?;
        left += unopened;
        table.row([column.as_str().to_owned(), rewrapped.to_string(), unopened.to_string()]);
    }
    let RewrappedRegister { rewrapped, unopened } = rotate_register(dependencies).await?;
    left += unopened;
    table.row([REGISTER.to_owned(), rewrapped.to_string(), unopened.to_string()]);
    progress.finish();
    output::line(table.to_string().trim_end());
    if left == 0 {
        return Ok(());
    }
    Err(Failure::Rejected(format!(
        "{left} secrets cannot be opened: `footfall keys status` shows whose keys are not in the settings"
    )))
}

/// Rewraps a column piece by piece. Returns the sums of all pieces.
async fn rotate_column(
    platform: &PlatformControl,
    sealer: &Sealer,
    column: SealedColumn,
    progress: &Progress,
) -> Result<RewrappedPiece, Failure> {
    let mut sum = RewrappedPiece::default();
    let mut after = String::new();
    loop {
        let piece = platform.rewrap_secrets(sealer, column, &after).await?;
        sum.rewrapped += piece.rewrapped;
        sum.unopened += piece.unopened;
        let message = format!("{}: {} rewrapped", column.as_str(), sum.rewrapped);
        progress.update(sum.rewrapped, message, None);
        match piece.last {
            Some(last) => after = last,
            None => return Ok(sum),
        }
    }
}

async fn rotate_register(dependencies: &Dependencies) -> Result<RewrappedRegister, Failure> {
    let outcome = rewrap_register(&dependencies.processor()).await?;
    if outcome.rewrapped > 0 {
        let key = dependencies.sealer.current().to_string();
        let entry = AuditEntry {
            action: "keys.rotate",
            client_id: None,
            subject: REGISTER,
            detail: json!({ "key": key, "secrets": outcome.rewrapped }),
        };
        dependencies.platform().audit(&entry).await?;
    }
    Ok(outcome)
}

async fn add_signing_key(dependencies: &Dependencies) -> Result<(), Failure> {
    let key = SigningKey::generate().map_err(Failure::other)?;
    let stored = key.seal(&dependencies.sealer, Utc::now())?;
    dependencies.platform().add_signing_key(&stored).await?;
    output::line(&format!("added the signing key {}", key.id().as_str()));
    Ok(())
}

async fn remove_signing_key(dependencies: &Dependencies, id: &KeyId) -> Result<(), Failure> {
    let id_text = id.as_str();
    if dependencies.platform().remove_signing_key(id).await? {
        output::line(&format!("removed the signing key {id_text}"));
        return Ok(());
    }
    Err(Failure::Rejected(format!("there is no signing key {id_text}, or no other one")))
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
