use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// A file of `NAME=value` lines that a shell can read: new keys, invitations and passwords for the
/// operator only. Lines are replaced or added, never removed.
pub(crate) struct SecretsFile {
    path: PathBuf,
}

impl SecretsFile {
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Writes the values atomically: a crash leaves the old or the new file.
    pub(crate) fn put(&self, values: &[(String, String)]) -> io::Result<()> {
        let mut lines = self.lines()?;
        for (name, value) in values {
            let line = format!("{name}={}", quoted(value));
            let named =
                |line: &&mut String| line.split_once('=').is_some_and(|(known, _)| known == name);
            match lines.iter_mut().find(named) {
                Some(known) => *known = line,
                None => lines.push(line),
            }
        }
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        for line in lines {
            writeln!(file, "{line}")?;
        }
        file.sync_all()?;
        fs::rename(beside, &self.path)
    }

    fn lines(&self) -> io::Result<Vec<String>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Quotes a value if a shell would not read it literally.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+=,".contains(c);
    if value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn lines_are_replaced_or_added_and_only_the_owner_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.env");
        let file = SecretsFile::at(&path);
        let put = |name: &str, value: &str| file.put(&[(name.into(), value.into())]).unwrap();
        put("ADMIN_PASSWORD", "one");
        put("OTHER", "it's \"two\" words");
        put("ADMIN_PASSWORD", "three");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "ADMIN_PASSWORD=three\nOTHER='it'\\''s \"two\" words'\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
