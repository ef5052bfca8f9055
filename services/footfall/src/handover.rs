use std::collections::BTreeSet;

use api::onboarding::Made;
use tenancy::ClientId;

use crate::{cli::Handover, exit::Failure, output, secrets_file::SecretsFile};

/// Hands new invitations, keys and the admin's password to the operator: in a file, or printed.
/// They are shown only once and cannot be retrieved later.
pub(crate) struct Credentials {
    file: Option<SecretsFile>,
    /// The names used in this run.
    used: BTreeSet<String>,
    failure: Option<Failure>,
}

impl Credentials {
    /// Writes to the place that the command line names.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn to(handover: Handover) -> Result<Self, Failure> {
        let file = handover.secrets.as_deref().map(SecretsFile::at);
        if let Some(file) = &file {
            // Writing nothing shows now, not too late, whether the file can be written.
            file.put(&[]).map_err(Failure::usage)?;
        }
        Ok(Self { file, used: BTreeSet::new(), failure: None })
    }

    /// Writes new credentials, or prints them if the file cannot be written: they must not be lost.
    pub(crate) fn hand_over(&mut self, made: &Made) {
        let values = self.named(made);
        if let Some(file) = &self.file {
            match file.put(&values) {
                Ok(()) => return,
                Err(error) => self.failure = Some(Failure::other(error)),
            }
        }
        for (name, value) in values {
            output::line(&format!("{name}={value}"));
        }
    }

    /// Returns an error if anything could not be written to the file.
    pub(crate) fn end(self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }

    fn named(&mut self, made: &Made) -> Vec<(String, String)> {
        match made {
            Made::Key { client_id, name, kind, key } => {
                let stem = self.stem(Some(client_id), kind.as_str(), name);
                vec![(format!("{stem}_KEY"), key.reveal())]
            }
            Made::Invitation { client_id, email, role, token, .. } => {
                let stem = self.stem(Some(client_id), role.as_str(), local_part(email));
                let name = format!("{stem}_EMAIL");
                let secret = format!("{stem}_INVITATION");
                vec![(name, email.clone()), (secret, token.reveal())]
            }
            Made::Admin { email, password } => {
                let stem = self.stem(None, "admin", local_part(email));
                let name = format!("{stem}_EMAIL");
                let secret = format!("{stem}_PASSWORD");
                vec![(name, email.clone()), (secret, password.reveal().to_owned())]
            }
        }
    }

    /// Returns `NORTHWIND_COLLECT` for a tenant's first of a kind, `NORTHWIND_<NAME>` for others.
    fn stem(&mut self, client_id: Option<&ClientId>, kind: &str, name: &str) -> String {
        let owner = client_id.map_or("FOOTFALL", ClientId::as_str);
        let of = |what: &str| {
            let plain = |c: char| {
                if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }
            };
            format!("{owner}_{what}").chars().map(plain).collect::<String>()
        };
        let first = of(kind);
        let stem = if self.used.contains(&first) { of(name) } else { first };
        self.used.insert(stem.clone());
        stem
    }
}

fn local_part(email: &str) -> &str {
    email.split('@').next().unwrap_or_default()
}
