use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::process::workspace;

/// Certificates in a folder, as `infra/local/certificates.sh` makes them: of an authority, of the servers of this
/// machine, and of a client.
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Makes them.
    pub fn make_in(folder: &Path) -> Self {
        let certificates = Self { folder: folder.to_owned() };
        certificates.replace();
        certificates
    }

    /// Replaces those of servers and clients; the authority stays.
    pub fn replace(&self) {
        let script = workspace().join("infra/local/certificates.sh");
        let made = Command::new(script).arg(&self.folder).status().expect("the script starts");
        assert!(made.success(), "openssl makes certificates");
    }

    /// Returns the path of a file, such as `server.key`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
