//! Where the objects lie.

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

/// How long one request to S3 may take: an object of the largest size over a slow line.
const REQUEST: Duration = Duration::from_secs(120);

/// A folder, or a bucket of S3.
pub(crate) enum Place {
    Folder(PathBuf),
    Bucket { client: Arc<AmazonS3>, prefix: Path },
}

/// What came of putting an object.
pub(crate) enum Put {
    Created,
    /// Something of this name was there before, and still is.
    Present,
}

impl Place {
    /// Connects to nothing yet.
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

    /// Puts an object unless there is one of its name. Once this has answered, power may fail.
    pub(crate) async fn put(&self, key: &ObjectKey, bytes: Bytes) -> Result<Put, ArchiveError> {
        let put = match self {
            Self::Bucket { client, prefix } => create(&**client, &within(prefix, key), bytes).await,
            Self::Folder(root) => {
                let (root, made) = (root.clone(), root.clone());
                blocking(move || fs::create_dir_all(made))
                    .await?
                    .map_err(ArchiveError::refused("make the folder of the archive"))?;
                let (store, path) = (open(&root).await?, within(&Path::default(), key));
                let put = create(&store, &path, bytes).await;
                let file = store.path_to_filesystem(&path);
                let file = file.map_err(ArchiveError::unavailable("name an object"))?;
                if put.is_ok() {
                    blocking(move || settle(&root, &file))
                        .await?
                        .map_err(ArchiveError::refused("make an object durable"))?;
                }
                put
            }
        };
        put.map_err(ArchiveError::unavailable("put an object"))
    }

    /// All bytes of an object.
    pub(crate) async fn get(&self, key: &ObjectKey) -> Result<Bytes, ArchiveError> {
        let got = match self {
            Self::Bucket { client, prefix } => fetch(&**client, &within(prefix, key)).await,
            Self::Folder(root) => fetch(&open(root).await?, &within(&Path::default(), key)).await,
        };
        got.map_err(|error| unread(key, error))
    }

    /// The size of an object.
    pub(crate) async fn size(&self, key: &ObjectKey) -> Result<u64, ArchiveError> {
        let got = match self {
            Self::Bucket { client, prefix } => measure(&**client, &within(prefix, key)).await,
            Self::Folder(root) => measure(&open(root).await?, &within(&Path::default(), key)).await,
        };
        got.map_err(|error| unread(key, error))
    }
}

fn bucket(settings: &ArchiveSettings, name: &str) -> object_store::Result<AmazonS3> {
    let http = settings.endpoint.starts_with("http://");
    let options = ClientOptions::new().with_timeout(REQUEST).with_allow_http(http);
    // Whoever puts tries again by itself, and tells of it.
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

/// The folder as an object store that makes durable what it writes: the bytes before the object has
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

fn unread(key: &ObjectKey, error: object_store::Error) -> ArchiveError {
    match error {
        object_store::Error::NotFound { .. } => ArchiveError::Missing(*key),
        error => ArchiveError::unavailable("read an object")(error),
    }
}

fn within(prefix: &Path, key: &ObjectKey) -> Path {
    key.to_string().split('/').fold(prefix.clone(), |path, part| path.join(part))
}

/// Makes the names on the way from `root` to `file` durable, also those that a writer made who was
/// killed before it could; and removes what such a writer left half written beside `file`.
fn settle(root: &FilePath, file: &FilePath) -> io::Result<()> {
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
            // Another one who puts the same object may have removed its own by now.
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
