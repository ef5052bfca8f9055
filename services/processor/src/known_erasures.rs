use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use auth::Sealer;
use control_plane::{ControlPlaneError, ErasedPersonsVersion, PlatformControl};
use privacy::ErasedPersons;
use tenancy::ClientId;
use tokio::{sync::Mutex, time::timeout};

use crate::{Dependencies, ProcessorError, retry::Pauses};

/// How long the list is used before PostgreSQL is asked whether it is another one.
const FRESH: Duration = Duration::from_secs(5);

/// How old the list may be that decides what is stored. Shorter than an erasure waits for it.
const OLDEST: Duration = Duration::from_secs(15);

/// How long the question may take: meanwhile, the list that is known serves.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);

/// The list of erased persons, as this process knows it. Cloning shares it.
#[derive(Clone)]
pub(crate) struct KnownErasures {
    platform: PlatformControl,
    sealer: Sealer,
    known: Arc<Mutex<Option<Known>>>,
}

struct Known {
    version: ErasedPersonsVersion,
    persons: Arc<ErasedPersons>,
    /// When this was the list.
    read_at: Instant,
    /// When PostgreSQL was last asked.
    asked_at: Instant,
}

impl KnownErasures {
    pub(crate) fn new(platform: PlatformControl, sealer: Sealer) -> Self {
        Self { platform, sealer, known: Arc::default() }
    }

    pub(crate) fn of(dependencies: &Dependencies) -> Self {
        let platform = dependencies.control_plane.for_platform(&dependencies.platform());
        Self::new(platform, dependencies.sealer.clone())
    }

    /// Returns the list as it was within the last 15 seconds. Waits while it is older.
    pub(crate) async fn current(&self) -> Arc<ErasedPersons> {
        self.no_older_than(Some(OLDEST)).await
    }

    /// Returns the list as [`Self::current`] does, once it tells of every tenant that `has_records`: what is stored for
    /// good, or erased, waits while its tenant is in doubt.
    pub(crate) async fn certain(
        &self,
        has_records: &(dyn Fn(&ClientId) -> bool + Sync),
    ) -> Arc<ErasedPersons> {
        let mut pauses = Pauses::new("tell which records are of erased persons");
        loop {
            match self.certain_now(has_records).await {
                Ok(persons) => return persons,
                Err(error) => pauses.wait(&error).await,
            }
        }
    }

    /// As [`Self::certain`], without waiting for a tenant in doubt.
    ///
    /// # Errors
    /// [`ProcessorError::InDoubt`].
    pub(crate) async fn certain_now(
        &self,
        has_records: &(dyn Fn(&ClientId) -> bool + Sync),
    ) -> Result<Arc<ErasedPersons>, ProcessorError> {
        let persons = self.current().await;
        let in_doubt = persons.in_doubt().find(|tenant| has_records(tenant)).cloned();
        match in_doubt {
            Some(tenant) => Err(ProcessorError::InDoubt(tenant)),
            None => Ok(persons),
        }
    }

    /// Returns the list as it was when PostgreSQL last answered; waits only for the first answer. Live counters go
    /// on without PostgreSQL: an erasure computes them again.
    pub(crate) async fn latest(&self) -> Arc<ErasedPersons> {
        self.no_older_than(None).await
    }

    async fn no_older_than(&self, oldest: Option<Duration>) -> Arc<ErasedPersons> {
        let mut pauses = Pauses::new("read which persons are erased");
        loop {
            let error = match self.refreshed(oldest).await {
                Ok(persons) => return persons,
                Err(error) => error,
            };
            pauses.wait(&error).await;
        }
    }

    async fn refreshed(
        &self,
        oldest: Option<Duration>,
    ) -> Result<Arc<ErasedPersons>, ControlPlaneError> {
        let serves = |known: &Known| oldest.is_none_or(|oldest| known.read_at.elapsed() < oldest);
        let mut slot = self.known.lock().await;
        if let Some(known) = &*slot
            && known.asked_at.elapsed() < FRESH
            && serves(known)
        {
            return Ok(Arc::clone(&known.persons));
        }
        let asked_at = Instant::now();
        match self.read(slot.as_ref(), asked_at).await {
            Ok(read) => {
                let persons = Arc::clone(&read.persons);
                *slot = Some(read);
                Ok(persons)
            }
            Err(error) => match &mut *slot {
                Some(known) if serves(known) => {
                    let cause: &dyn Error = &error;
                    tracing::debug!(cause, "the list of erased persons could not be read again");
                    known.asked_at = asked_at;
                    Ok(Arc::clone(&known.persons))
                }
                _ => Err(error),
            },
        }
    }

    async fn read(
        &self,
        known: Option<&Known>,
        asked_at: Instant,
    ) -> Result<Known, ControlPlaneError> {
        let unanswered = |_| ControlPlaneError::unanswered();
        let version = timeout(QUERY_TIMEOUT, self.platform.erased_persons_version());
        let version = version.await.map_err(unanswered)??;
        let (before, persons) = match known {
            Some(known) => (known.version.clone(), Arc::clone(&known.persons)),
            None => Default::default(),
        };
        if before == version {
            return Ok(Known { version, persons, read_at: asked_at, asked_at });
        }
        let mut persons = ErasedPersons::clone(&persons);
        let update =
            self.platform.update_erased_persons(&self.sealer, &mut persons, &before, &version);
        update.await?;
        for client_id in persons.in_doubt() {
            tracing::error!(%client_id, "the key of the tenant's persons cannot be opened: its records wait");
        }
        Ok(Known { version, persons: Arc::new(persons), read_at: asked_at, asked_at })
    }
}

/// Whether the key of a record is the id of the tenant.
pub(crate) fn is_key_of(tenant: &ClientId, key: Option<&[u8]>) -> bool {
    key == Some(tenant.as_str().as_bytes())
}
