//! The folder or bucket of the objects.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use object_store::{
    ClientOptions, GetOptions, ObjectStore, PutMode, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    local::LocalFileSystem,
    path::Path,
};
use settings::InvalidSetting;

use crate::{ArchiveError, ArchiveSettings, ObjectKey, settings::Target};

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
                let client = bucket(settings, &name).map_err(|error| {
                    InvalidSetting::new("archive.url", format!("cannot be used: {error}"))
                })?;
                Ok(Self::Bucket { client: Arc::new(client), prefix: Path::from(prefix) })
            }
        }
    }

    /// Puts an object unless one of its name exists. The object survives a power failure after this
    /// returns.
    pub(crate) async fn put(&self, key: &ObjectKey, bytes: Bytes) -> Result<Put, ArchiveError> {
        let put = match self {
            Self::Bucket { client, prefix } => {
                create(&**client, &path_in(prefix, key), bytes).await
            }
            Self::Folder(root) => {
                let (root, new) = (root.clone(), root.clone());
                blocking(move || fs::create_dir_all(new))
                    .await?
                    .map_err(ArchiveError::refused("create the folder of the archive"))?;
                let store = open(&root).await?;
                let path = path_in(&Path::default(), key);
                let put = create(&store, &path, bytes).await;
                let file = store.path_to_filesystem(&path);
                let file = file.map_err(ArchiveError::unavailable("name an object"))?;
                if put.is_ok() {
                    blocking(move || make_durable(&root, &file))
                        .await?
                        .map_err(ArchiveError::refused("make an object durable"))?;
                }
                put
            }
        };
        put.map_err(ArchiveError::unavailable("put an object"))
    }

    /// Returns all bytes of an object.
    pub(crate) async fn get(&self, key: &ObjectKey) -> Result<Bytes, ArchiveError> {
        let got = match self {
            Self::Bucket { client, prefix } => fetch(&**client, &path_in(prefix, key)).await,
            Self::Folder(root) => fetch(&open(root).await?, &path_in(&Path::default(), key)).await,
        };
        got.map_err(|error| read_error(key, error))
    }

    /// Returns the size of an object.
    pub(crate) async fn size(&self, key: &ObjectKey) -> Result<u64, ArchiveError> {
        let got = match self {
            Self::Bucket { client, prefix } => measure(&**client, &path_in(prefix, key)).await,
            Self::Folder(root) => {
                measure(&open(root).await?, &path_in(&Path::default(), key)).await
            }
        };
        got.map_err(|error| read_error(key, error))
    }
}

fn bucket(settings: &ArchiveSettings, name: &str) -> object_store::Result<AmazonS3> {
    let http = settings.endpoint.starts_with("http://");
    let options = ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_allow_http(http);
    // The callers retry by themselves and log it.
    let retry = RetryConfig { max_retries: 1, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_region(&settings.region)
        .with_client_options(options)
        .with_retry(retry);
    if !settings.endpoint.is_empty() {
        builder = builder.with_endpoint(&settings.endpoint);
    }
    if !settings.access_key_id.expose().is_empty() {
        builder = builder
            .with_access_key_id(settings.access_key_id.expose())
            .with_secret_access_key(settings.secret_access_key.expose());
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

async fn create(store: &dyn ObjectStore, path: &Path, bytes: Bytes) -> object_store::Result<Put> {
    match store.put_opts(path, PutPayload::from(bytes), PutMode::Create.into()).await {
        Ok(_) => Ok(Put::Created),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(Put::Present),
        Err(error) => Err(error),
    }
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
    key.to_string().split('/').fold(prefix.clone(), |path, part| path.join(part))
}

/// Makes the names on the path from `root` to `file` durable, including those of a writer that was
/// killed before it could do so. Removes the half-written files of such a writer beside `file`.
fn make_durable(root: &FilePath, file: &FilePath) -> io::Result<()> {
    let root = root.canonicalize()?;
    for folder in file.ancestors().skip(1).take_while(|folder| folder.starts_with(&root)) {
        File::open(folder)?.sync_all()?;
    }
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Ok(());
    };
    let unfinished = format!("{}#", name.to_string_lossy());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&unfinished) {
            // A concurrent put of the same object may have removed its file by now.
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ArchiveError> {
    Ok(tokio::task::spawn_blocking(work).await?)
}
