//! The folder or bucket of the objects.

use std::{
    error::Error,
    fs::{self, DirBuilder, File, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{
    Certificate, ClientOptions, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutPayload,
    RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, Checksum},
    local::LocalFileSystem,
    path::Path,
};
use settings::InvalidSetting;
use telemetry::StoreCall;

use crate::{ArchiveError, ArchiveSettings, ObjectKey, role::with_role, settings::Target};

/// How long one request to S3 may take: the largest object over a slow connection.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// A folder, or an S3 bucket.
pub(crate) enum Location {
    Folder(PathBuf),
    Bucket { client: Arc<AmazonS3>, prefix: Path },
}

/// The outcome of putting an object.
pub(crate) enum Put {
    Created,
    /// An object of this name existed before and was left unchanged.
    Present,
}

impl Location {
    /// Opens the location of `settings`, without connecting yet.
    pub(crate) fn new(settings: &ArchiveSettings) -> Result<Self, InvalidSetting> {
        settings.validate()?;
        match settings.target()? {
            Target::Folder(folder) => Ok(Self::Folder(folder)),
            Target::Bucket { name, prefix } => {
                let unusable = |key: &str, error: &dyn Error| {
                    InvalidSetting::new(key, format!("cannot be used: {error}"))
                };
                let certificates = settings.tls.client_pem();
                let trusted =
                    certificates.map_err(|error| unusable("archive.tls.ca_file", &error))?.ca;
                let client = bucket(settings, &name, trusted.as_deref())
                    .map_err(|error| unusable("archive.url", &error))?;
                Ok(Self::Bucket { client: Arc::new(client), prefix: Path::from(prefix) })
            }
        }
    }

    /// Puts an object unless one of its name exists. The object survives a power failure after this
    /// returns.
    pub(crate) async fn put(&self, key: &ObjectKey, bytes: Bytes) -> Result<Put, ArchiveError> {
        StoreCall::ArchiveWrite.measure(self.try_put(key, bytes), ArchiveError::failure).await
    }

    async fn try_put(&self, key: &ObjectKey, bytes: Bytes) -> Result<Put, ArchiveError> {
        let put = match self {
            Self::Bucket { client, prefix } => {
                create(&**client, &path_in(prefix, key), bytes).await
            }
            Self::Folder(root) => {
                let store = open_new(root).await?;
                let put = create(&store, &path_in(&Path::default(), key), bytes).await;
                if put.is_ok() {
                    self.settle(&key.to_string()).await?;
                }
                put
            }
        };
        put.map_err(ArchiveError::unavailable("put an object"))
    }

    /// Puts an object in the place of the one of its name, in one step.
    pub(crate) async fn replace(&self, key: &ObjectKey, bytes: Bytes) -> Result<(), ArchiveError> {
        let name = key.to_string();
        let (store, path) = self.at(&name).await?;
        let put = store.put_opts(&path, PutPayload::from(bytes), PutMode::Overwrite.into()).await;
        put.map_err(ArchiveError::unavailable("replace an object"))?;
        self.settle(&name).await
    }

    /// Removes everything below a name, complete or half written. Returns how many files there were.
    pub(crate) async fn remove_below(&self, name: &str) -> Result<u64, ArchiveError> {
        match self {
            Self::Bucket { client, prefix } => {
                let removed = remove_listed(&**client, &below(prefix, name)).await;
                removed.map_err(ArchiveError::unavailable("remove files"))
            }
            Self::Folder(root) => {
                let folder = root.join(name);
                let removed = blocking(move || remove_folder(&folder));
                removed.await?.map_err(ArchiveError::refused("remove files"))
            }
        }
    }

    /// Returns the store, and the path of a name in it.
    pub(crate) async fn at(
        &self,
        name: &str,
    ) -> Result<(Arc<dyn ObjectStore>, Path), ArchiveError> {
        match self {
            Self::Bucket { client, prefix } => Ok((client.clone(), below(prefix, name))),
            Self::Folder(root) => {
                let store = open_new(root).await?;
                Ok((Arc::new(store), below(&Path::default(), name)))
            }
        }
    }

    /// Returns the store, and the path of everything in it.
    pub(crate) async fn root(&self) -> Result<(Arc<dyn ObjectStore>, Path), ArchiveError> {
        match self {
            Self::Bucket { client, prefix } => Ok((client.clone(), prefix.clone())),
            Self::Folder(root) => Ok((Arc::new(open_new(root).await?), Path::default())),
        }
    }

    /// Makes a complete file survive a power failure, if it is in a folder: in a bucket it does.
    pub(crate) async fn settle(&self, name: &str) -> Result<(), ArchiveError> {
        let Self::Folder(root) = self else {
            return Ok(());
        };
        let (root, file) = (root.clone(), root.join(name));
        let made = blocking(move || make_durable(&root.canonicalize()?, &file.canonicalize()?));
        made.await?.map_err(ArchiveError::refused("make a file durable"))
    }

    /// Removes a file, complete or half written, if it exists.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), ArchiveError> {
        match self {
            Self::Bucket { client, prefix } => match client.delete(&below(prefix, name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(ArchiveError::unavailable("remove a file")(error)),
            },
            Self::Folder(root) => {
                let file = root.join(name);
                let removed = blocking(move || remove_with_folder(&file));
                removed.await?.map_err(ArchiveError::refused("remove a file"))
            }
        }
    }

    /// Returns all bytes of an object.
    pub(crate) async fn get(&self, key: &ObjectKey) -> Result<Bytes, ArchiveError> {
        StoreCall::ArchiveRead.measure(self.try_get(key), ArchiveError::failure).await
    }

    async fn try_get(&self, key: &ObjectKey) -> Result<Bytes, ArchiveError> {
        let (store, path) = self.existing(key).await?;
        fetch(&*store, &path).await.map_err(|error| read_error(key, error))
    }

    /// Returns the size of an object.
    pub(crate) async fn size(&self, key: &ObjectKey) -> Result<u64, ArchiveError> {
        StoreCall::ArchiveRead.measure(self.try_size(key), ArchiveError::failure).await
    }

    async fn try_size(&self, key: &ObjectKey) -> Result<u64, ArchiveError> {
        let (store, path) = self.existing(key).await?;
        measure(&*store, &path).await.map_err(|error| read_error(key, error))
    }

    /// Returns the store, and the path of an object in it. Unlike [`at`](Self::at), it creates no folder.
    async fn existing(
        &self,
        key: &ObjectKey,
    ) -> Result<(Arc<dyn ObjectStore>, Path), ArchiveError> {
        match self {
            Self::Bucket { client, prefix } => Ok((client.clone(), path_in(prefix, key))),
            Self::Folder(root) => {
                let store = open(root).await?;
                Ok((Arc::new(store), path_in(&Path::default(), key)))
            }
        }
    }
}

fn bucket(
    settings: &ArchiveSettings,
    name: &str,
    trusted: Option<&[u8]>,
) -> object_store::Result<AmazonS3> {
    let http = settings.endpoint.starts_with("http://");
    let mut options = ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_allow_http(http);
    if let Some(trusted) = trusted {
        options = options.with_no_system_certificates(true);
        for certificate in Certificate::from_pem_bundle(trusted)? {
            options = options.with_root_certificate(certificate);
        }
    }
    // The callers retry by themselves and log it.
    let retry = RetryConfig { max_retries: 1, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_region(&settings.region)
        .with_client_options(options)
        // S3 demands one of each object that Object Lock retains.
        .with_checksum_algorithm(Checksum::SHA256)
        .with_retry(retry);
    if !settings.endpoint.is_empty() {
        builder = builder.with_endpoint(&settings.endpoint);
    }
    if !settings.access_key_id.expose().is_empty() {
        builder = builder
            .with_access_key_id(settings.access_key_id.expose())
            .with_secret_access_key(settings.secret_access_key.expose());
    } else {
        builder = with_role(builder, |name| std::env::var(name).ok());
    }
    builder.build()
}

/// Opens the folder as an object store that flushes what it writes: the bytes before the object has
/// its name, then the name.
async fn open(root: &FilePath) -> Result<LocalFileSystem, ArchiveError> {
    let root = root.to_owned();
    let opened = blocking(move || LocalFileSystem::new_with_prefix(root)).await?;
    let opened = opened.map_err(ArchiveError::unavailable("open the folder of the archive"))?;
    Ok(opened.with_fsync(true))
}

/// The folders below the root: of objects, of report files and of the register of erased persons. Only Footfall's
/// user may enter them.
const PRIVATE_FOLDERS: [&str; 3] = ["raw", "reports", "erasures"];
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// Opens the folder, and creates it if it does not exist yet.
async fn open_new(root: &FilePath) -> Result<LocalFileSystem, ArchiveError> {
    let new = root.to_owned();
    blocking(move || create_private(&new))
        .await?
        .map_err(ArchiveError::refused("create the folder of the archive"))?;
    open(root).await
}

/// Creates the folder and what is private in it. Earlier builds left the latter open to other users of the machine.
fn create_private(root: &FilePath) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(PRIVATE_FOLDER);
    for name in PRIVATE_FOLDERS {
        let folder = root.join(name);
        builder.create(&folder)?;
        make_private(&folder)?;
    }
    Ok(())
}

fn make_private(folder: &FilePath) -> io::Result<()> {
    if fs::metadata(folder)?.permissions().mode() & 0o777 != PRIVATE_FOLDER {
        fs::set_permissions(folder, Permissions::from_mode(PRIVATE_FOLDER))?;
    }
    Ok(())
}

async fn create(store: &dyn ObjectStore, path: &Path, bytes: Bytes) -> object_store::Result<Put> {
    match store.put_opts(path, PutPayload::from(bytes), PutMode::Create.into()).await {
        Ok(_) => Ok(Put::Created),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(Put::Present),
        Err(error) => Err(error),
    }
}

async fn remove_listed(store: &dyn ObjectStore, prefix: &Path) -> object_store::Result<u64> {
    let mut listed = store.list(Some(prefix));
    let mut removed = 0;
    while let Some(found) = listed.try_next().await? {
        match store.delete(&found.location).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => removed += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

async fn fetch(store: &dyn ObjectStore, path: &Path) -> object_store::Result<Bytes> {
    store.get_opts(path, Default::default()).await?.bytes().await
}

async fn measure(store: &dyn ObjectStore, path: &Path) -> object_store::Result<u64> {
    let head = GetOptions { head: true, ..GetOptions::default() };
    Ok(store.get_opts(path, head).await?.meta.size)
}

fn read_error(key: &ObjectKey, error: object_store::Error) -> ArchiveError {
    match error {
        object_store::Error::NotFound { .. } => ArchiveError::Missing(*key),
        error => ArchiveError::unavailable("read an object")(error),
    }
}

fn path_in(prefix: &Path, key: &ObjectKey) -> Path {
    below(prefix, &key.to_string())
}

fn below(prefix: &Path, name: &str) -> Path {
    name.split('/').fold(prefix.clone(), |path, part| path.join(part))
}

/// Makes `file` private, and the names on the path from `root` to it durable, including those of a writer that was
/// killed before it could do so. Removes the half-written files of such a writer beside `file`.
fn make_durable(root: &FilePath, file: &FilePath) -> io::Result<()> {
    fs::set_permissions(file, Permissions::from_mode(PRIVATE_FILE))?;
    for folder in file.ancestors().skip(1).take_while(|folder| folder.starts_with(root)) {
        if folder != root {
            make_private(folder)?;
        }
        File::open(folder)?.sync_all()?;
    }
    remove_unfinished(file)
}

/// Removes the half-written files of killed writers of `file`.
fn remove_unfinished(file: &FilePath) -> io::Result<()> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Ok(());
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let unfinished = format!("{}#", name.to_string_lossy());
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&unfinished) {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file, and its folder with the last file in it.
fn remove_with_folder(file: &FilePath) -> io::Result<()> {
    remove_unfinished(file)?;
    remove_file(file)?;
    match file.parent().map(fs::remove_dir) {
        Some(Err(error))
            if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Removes a folder with everything in it, and returns how many files there were. It asks the file system, not the
/// object store, which does not list the half-written files of killed writers.
fn remove_folder(folder: &FilePath) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            removed += remove_folder(&entry.path())?;
        } else {
            remove_file(&entry.path())?;
            removed += 1;
        }
    }
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(removed),
    }
}

/// Removes a file, unless another process has done so by now.
fn remove_file(file: &FilePath) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ArchiveError> {
    Ok(tokio::task::spawn_blocking(work).await?)
}
