//! A separate archive for each test.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use archive::{Archive, ArchiveSettings, ArchivedRecord, Header, Object, ObjectKey};
use auth::{DataKey, DataKeyState, DataKeyStore, DataKeyStoreError, DataKeys};
use chrono::DateTime;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use log::{LogRange, Offset};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use settings::Secret;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};

pub(crate) const RANGE: LogRange = LogRange::new(3, 11, 100, 104);

pub(crate) const KEY: ObjectKey = ObjectKey(RANGE);

/// Data keys in memory: of the platform, and of the tenants that are known, at first `acme` and `globex`.
pub(crate) struct TestKeys {
    keys: Mutex<DataKeys>,
    tenants: Mutex<&'static [&'static str]>,
}

impl Default for TestKeys {
    fn default() -> Self {
        Self { keys: Mutex::default(), tenants: Mutex::new(&["acme", "globex"]) }
    }
}

impl TestKeys {
    /// Makes keys of these tenants only from now on.
    pub(crate) fn know(&self, tenants: &'static [&'static str]) {
        *self.tenants.lock().unwrap() = tenants;
    }

    /// Puts what is known of a key in the place of what was known before.
    pub(crate) fn set(&self, owner: &str, state: Option<DataKeyState>) {
        let mut keys = self.keys.lock().unwrap();
        keys.remove(owner);
        keys.extend(state.map(|state| (owner.to_owned(), state)));
    }

    /// Returns the key of an owner.
    pub(crate) fn of(&self, owner: &str) -> DataKey {
        match self.keys.lock().unwrap().get(owner) {
            Some(DataKeyState::Kept(key)) => key.clone(),
            other => panic!("{owner}: {other:?}"),
        }
    }
}

#[async_trait::async_trait]
impl DataKeyStore for TestKeys {
    async fn data_keys(&self, owners: &BTreeSet<String>) -> Result<DataKeys, DataKeyStoreError> {
        let keys = self.keys.lock().unwrap();
        let known = owners.iter().filter_map(|owner| keys.get_key_value(owner));
        Ok(known.map(|(owner, state)| (owner.clone(), state.clone())).collect::<BTreeMap<_, _>>())
    }

    async fn ensure_data_keys(
        &self,
        owners: &BTreeSet<String>,
    ) -> Result<DataKeys, DataKeyStoreError> {
        let tenants = *self.tenants.lock().unwrap();
        for owner in tenants.iter().chain([&DataKey::PLATFORM]) {
            let fresh = DataKeyState::Kept(DataKey::generate().unwrap());
            self.keys.lock().unwrap().entry((*owner).to_owned()).or_insert(fresh);
        }
        self.data_keys(owners).await
    }
}

/// An archive, and the folder of its objects.
pub(crate) struct TestArchive {
    pub(crate) archive: Archive,
    pub(crate) keys: Arc<TestKeys>,
    settings: ArchiveSettings,
    pub(crate) folder: PathBuf,
    _root: TempDir,
    /// The S3 server, if there is one.
    _server: JoinSet<()>,
}

impl TestArchive {
    pub(crate) fn folder() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("not/there/yet");
        let settings = settings(folder.to_str().unwrap());
        Self::open(settings, folder, root, JoinSet::new())
    }

    fn open(
        settings: ArchiveSettings,
        folder: PathBuf,
        root: TempDir,
        server: JoinSet<()>,
    ) -> Self {
        let keys = Arc::new(TestKeys::default());
        let archive = Archive::new(&settings, keys.clone()).unwrap();
        Self { archive, keys, settings, folder, _root: root, _server: server }
    }

    /// Returns the same archive as an earlier build opened it: it writes in clear.
    pub(crate) fn in_clear(&self) -> Archive {
        let settings = ArchiveSettings { encrypt: false, ..self.settings.clone() };
        Archive::new(&settings, self.keys.clone()).unwrap()
    }

    /// Returns an object of `records()`.
    pub(crate) async fn object(&self) -> Object {
        self.archive.write(KEY, records()).await.unwrap()
    }

    pub(crate) async fn s3() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("shop");
        fs::create_dir(&folder).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(root.path()).unwrap());
        service.set_auth(SimpleAuth::from_single("key", "hunter2"));
        let service = service.build();
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                connections.spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        let settings = ArchiveSettings {
            region: "us-east-1".to_owned(),
            endpoint,
            access_key_id: Secret::new("key"),
            secret_access_key: Secret::new("hunter2"),
            ..settings("s3://shop/footfall")
        };
        Self::open(settings, folder.join("footfall"), root, server)
    }

    /// Returns one in a folder and one in S3.
    pub(crate) async fn all() -> [Self; 2] {
        [Self::folder(), Self::s3().await]
    }

    /// Returns the file of an object.
    pub(crate) fn file(&self, key: ObjectKey) -> PathBuf {
        self.folder.join(key.to_string())
    }
}

pub(crate) fn settings(url: &str) -> ArchiveSettings {
    ArchiveSettings {
        url: url.to_owned(),
        region: String::new(),
        endpoint: String::new(),
        access_key_id: Secret::new(""),
        secret_access_key: Secret::new(""),
        encrypt: true,
        tls: Default::default(),
    }
}

/// Returns records with all parts that a record can have or lack.
pub(crate) fn records() -> Vec<ArchivedRecord> {
    let header = |name: &str, value: Option<&'static [u8]>| Header {
        name: name.to_owned(),
        value: value.map(Into::into),
    };
    let record = |offset: u64, key: Option<&'static [u8]>, payload: Option<&'static [u8]>| {
        let log_time = DateTime::from_timestamp_millis(1_790_000_000_123 + offset as i64).unwrap();
        let key = key.map(Into::into);
        let payload = payload.map(Into::into);
        ArchivedRecord { offset: Offset::new(offset), log_time, key, headers: Vec::new(), payload }
    };
    let full = [header("schema", Some(b"1")), header("code", Some(&[0xff, 0, 0xfe]))];
    let odd = [header("", None), header("empty", Some(b"")), header("schema", Some(b"2"))];
    vec![
        ArchivedRecord { headers: full.into(), ..record(100, Some(b"acme"), Some(b"{\"a\":1}")) },
        ArchivedRecord {
            headers: odd.into(),
            ..record(101, Some(&[0, 0xc3, 0x28]), Some(&[0, 1]))
        },
        record(103, Some(b""), Some(b"")),
        record(104, None, None),
    ]
}

/// Returns the names of all files below `folder`.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(files(&path));
        } else {
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    names
}
