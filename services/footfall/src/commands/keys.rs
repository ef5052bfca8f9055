use auth::{KeyId, SigningKey, SigningKeyError, SigningKeyStore, SigningKeyUse};
use chrono::{DateTime, SecondsFormat, Utc};

use crate::{
    cli::KeysCommand,
    configuration::Configuration,
    dependencies::Dependencies,
    exit::Failure,
    output::{self, Table},
};

/// Runs `footfall keys …`.
pub(crate) async fn run(configuration: Configuration, command: KeysCommand) -> Result<(), Failure> {
    let dependencies = Dependencies::connect(configuration).await?;
    match command {
        KeysCommand::Status => show_signing_keys(&dependencies).await,
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
