use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectStore, PutMode, PutPayload, path::Path};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{ArchiveError, location::Location};

/// Where the register is in the folder or bucket.
const ROOT: &str = "erasures";

/// A copy of who was erased, beside the archive: for a control plane that is restored to an earlier time. Its entries
/// are bytes whose meaning the caller knows. Cloning shares the connections.
#[derive(Clone)]
pub struct ErasureRegister {
    location: Arc<Location>,
}

impl ErasureRegister {
    pub(crate) fn new(location: Arc<Location>) -> Self {
        Self { location }
    }

    /// Puts the entry of an erasure in the place of an earlier one. It is durable when this returns.
    ///
    /// # Errors
    /// The object store is unavailable; repeat it.
    pub async fn put(
        &self,
        client_id: &ClientId,
        erasure_id: Uuid,
        entry: Bytes,
    ) -> Result<(), ArchiveError> {
        let name = format!("{ROOT}/{client_id}/{erasure_id}.json");
        let (store, path) = self.location.at(&name).await?;
        let put = store.put_opts(&path, PutPayload::from(entry), PutMode::Overwrite.into()).await;
        put.map_err(ArchiveError::unavailable("put an entry of the register of erasures"))?;
        self.location.settle(&name).await
    }

    /// Returns all entries.
    ///
    /// # Errors
    /// The object store is unavailable.
    pub async fn entries(&self) -> Result<Vec<Bytes>, ArchiveError> {
        let (store, root) = self.location.at(ROOT).await?;
        read_all(&*store, &root)
            .await
            .map_err(ArchiveError::unavailable("read the register of erasures"))
    }

    /// Removes all entries of a tenant. Returns how many there were.
    ///
    /// # Errors
    /// The object store is unavailable; repeat it.
    pub async fn remove_all(&self, client_id: &ClientId) -> Result<u64, ArchiveError> {
        self.location.remove_below(&format!("{ROOT}/{client_id}")).await
    }
}

async fn read_all(store: &dyn ObjectStore, root: &Path) -> object_store::Result<Vec<Bytes>> {
    let mut listed = store.list(Some(root));
    let mut entries = Vec::new();
    while let Some(found) = listed.try_next().await? {
        match store.get_opts(&found.location, Default::default()).await {
            Ok(got) => entries.push(got.bytes().await?),
            // Its tenant was erased meanwhile.
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(entries)
}
