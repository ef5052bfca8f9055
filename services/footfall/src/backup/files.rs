use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Manifest, manifest::ManifestError};

const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;
const MANIFEST: &str = "manifest.json";
const MANIFEST_HASH: &str = "manifest.json.sha256";
/// The files of archives, named by their hashes: all backups share them.
const FILES: &str = "files";
const CHUNK: usize = 64 * 1024;

/// The folder of a backup, within the folder of all backups.
pub(crate) struct BackupFolder {
    root: PathBuf,
    name: String,
}

/// A file, so that a changed one is noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileHash {
    pub(crate) bytes: u64,
    /// In hexadecimal.
    pub(crate) sha256: String,
}

/// A new file of a backup, which is hashed as it is written.
pub(crate) struct NewFile {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl NewFile {
    fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path)?;
        Ok(Self { file: BufWriter::new(file), hash: Sha256::new(), bytes: 0 })
    }

    /// Makes the file durable, and returns its hash.
    pub(crate) fn end(mut self) -> io::Result<FileHash> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok(FileHash { bytes: self.bytes, sha256: hex(&self.hash.finalize()) })
    }
}

impl Write for NewFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hash.update(buffer.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl FileHash {
    /// Returns that of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, sha256: hex(&Sha256::digest(bytes)) }
    }
}

impl BackupFolder {
    /// Names the folder of a new backup.
    pub(crate) fn new(root: &Path, name: &str) -> Self {
        Self { root: root.to_owned(), name: name.to_owned() }
    }

    /// Creates the folder, which must not exist.
    pub(crate) fn create(&self) -> io::Result<()> {
        DirBuilder::new().mode(PRIVATE_FOLDER).recursive(true).create(&self.root)?;
        DirBuilder::new().mode(PRIVATE_FOLDER).create(self.path())
    }

    /// Names the folder of a backup. `None` if the path does not end with a name.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_owned();
        let root = path.parent()?;
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        Some(Self { root: root.to_owned(), name })
    }

    /// Names the folder of another backup beside this one.
    pub(crate) fn beside(&self, name: &str) -> Self {
        Self { root: self.root.clone(), name: name.to_owned() }
    }

    /// Names the folder of the latest backup beside this one that did end.
    pub(crate) fn latest(&self) -> io::Result<Option<Self>> {
        let entries = match fs::read_dir(&self.root) {
            // It is created with the first backup.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries?,
        };
        let mut latest: Option<String> = None;
        for entry in entries {
            let name = entry?.file_name().into_string();
            let Ok(name) = name else { continue };
            if self.beside(&name).path().join(MANIFEST).exists() {
                latest = latest.max(Some(name));
            }
        }
        Ok(latest.map(|name| self.beside(&name)))
    }

    /// Returns the name of the backup.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> PathBuf {
        self.root.join(&self.name)
    }

    /// Creates a file, which must not exist.
    pub(crate) fn new_file(&self, name: &str) -> io::Result<NewFile> {
        NewFile::create(&self.path().join(name))
    }

    /// Opens a file.
    ///
    /// # Errors
    /// It has another hash, with the kind [`io::ErrorKind::InvalidData`].
    pub(crate) fn reader(&self, file: &str, hash: &FileHash) -> io::Result<File> {
        let path = self.path().join(file);
        check(&path, hash)?;
        File::open(path)
    }

    /// Keeps the bytes of a file of the archive, unless an earlier backup did.
    pub(crate) fn keep(&self, bytes: &[u8], hash: &FileHash) -> io::Result<()> {
        let path = self.kept(hash);
        if path.exists() {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            DirBuilder::new().mode(PRIVATE_FOLDER).recursive(true).create(folder)?;
        }
        // It gets its name when it is complete.
        let part = path.with_extension(&self.name);
        let mut file = NewFile::create(&part)?;
        file.write_all(bytes)?;
        file.end()?;
        fs::rename(part, path)
    }

    /// Returns the bytes of a kept file.
    ///
    /// # Errors
    /// As [`BackupFolder::reader`].
    pub(crate) fn read_kept(&self, hash: &FileHash) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.kept(hash))?;
        if FileHash::of(&bytes) == *hash { Ok(bytes) } else { Err(changed(&self.kept(hash))) }
    }

    /// Whether a kept file is there, in its size.
    pub(crate) fn has_kept(&self, hash: &FileHash) -> bool {
        fs::metadata(self.kept(hash)).is_ok_and(|file| file.len() == hash.bytes)
    }

    fn kept(&self, hash: &FileHash) -> PathBuf {
        let folder = hash.sha256.get(..2).unwrap_or("00");
        self.root.join(FILES).join(folder).join(&hash.sha256)
    }

    /// Writes the manifest: the backup is complete then.
    pub(crate) fn end(&self, manifest: &Manifest) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(manifest)?;
        // As `sha256sum` writes it.
        let hash = format!("{}  {MANIFEST}\n", FileHash::of(&text).sha256);
        for (name, bytes) in [(MANIFEST_HASH, hash.as_bytes()), (MANIFEST, &text)] {
            let mut file = self.new_file(name)?;
            file.write_all(bytes)?;
            file.end()?;
        }
        File::open(self.path())?.sync_all()
    }

    /// Reads the manifest.
    ///
    /// # Errors
    /// It is missing, damaged, or of a newer version.
    pub(crate) fn manifest(&self) -> Result<Manifest, ManifestError> {
        let read = |name: &str| {
            fs::read(self.path().join(name)).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => ManifestError::Incomplete(self.name.clone()),
                _ => ManifestError::Unreadable(error),
            })
        };
        let text = read(MANIFEST)?;
        let hash = read(MANIFEST_HASH)?;
        let manifest = Manifest::parse(&text, &hash)?;
        if manifest.name == self.name {
            return Ok(manifest);
        }
        Err(ManifestError::Damaged(format!("it is that of {}", manifest.name)))
    }
}

fn hash_of(path: &Path) -> io::Result<FileHash> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok(FileHash { bytes, sha256: hex(&hash.finalize()) });
        }
        hash.update(chunk.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

fn check(path: &Path, hash: &FileHash) -> io::Result<()> {
    if hash_of(path)? == *hash { Ok(()) } else { Err(changed(path)) }
}

fn changed(path: &Path) -> io::Error {
    let reason = format!("{} is damaged: it differs from its hash", path.display());
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_changed_is_not_restored() {
        let root = tempfile::tempdir().unwrap();
        let folder = BackupFolder::new(root.path(), "one");
        folder.create().unwrap();
        let mut file = folder.new_file("tenant.copy").unwrap();
        file.write_all(b"acme\n").unwrap();
        let hash = file.end().unwrap();
        assert_eq!(hash, FileHash::of(b"acme\n"));
        assert!(folder.reader("tenant.copy", &hash).is_ok());
        fs::write(root.path().join("one/tenant.copy"), "acmf\n").unwrap();
        let error = folder.reader("tenant.copy", &hash).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);

        folder.keep(b"object", &FileHash::of(b"object")).unwrap();
        let other = folder.beside("two");
        other.keep(b"object", &FileHash::of(b"object")).unwrap();
        assert!(other.has_kept(&FileHash::of(b"object")));
        assert_eq!(other.read_kept(&FileHash::of(b"object")).unwrap(), b"object");
        fs::write(other.kept(&FileHash::of(b"object")), "objecT").unwrap();
        assert!(other.read_kept(&FileHash::of(b"object")).is_err());
    }

    #[test]
    fn the_latest_backup_is_the_last_one_that_did_end() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("backups");
        let next = BackupFolder::new(&root, "20261204T020000Z-0");
        assert!(next.latest().unwrap().is_none(), "there is no folder yet");
        for (name, has_ended) in [
            ("20261203T020000Z-3", false),
            ("20261201T020000Z-2", true),
            ("20261202T020000Z-1", true),
            (FILES, false),
        ] {
            let folder = next.beside(name);
            folder.create().unwrap();
            if has_ended {
                folder.new_file(MANIFEST).unwrap().end().unwrap();
            }
        }
        assert_eq!(next.latest().unwrap().unwrap().name(), "20261202T020000Z-1");
    }

    #[test]
    fn a_backup_is_not_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let folder = BackupFolder::new(root.path(), "one");
        folder.create().unwrap();
        assert!(folder.create().is_err());
    }
}
