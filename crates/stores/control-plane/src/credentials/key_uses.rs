use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use auth::ApiKeyId;
use chrono::{DateTime, Utc};
use lifecycle::{Lifecycle, every};

use crate::{ControlPlane, ControlPlaneError};

/// How often the uses of keys are written.
const PERIOD: Duration = Duration::from_secs(60);

/// When keys were last used, until it is written: a request must not cost a write.
#[derive(Default)]
pub(crate) struct KeyUses(Mutex<HashMap<ApiKeyId, DateTime<Utc>>>);

impl KeyUses {
    pub(crate) fn note(&self, id: &ApiKeyId, at: DateTime<Utc>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), at);
    }

    fn take(&self) -> HashMap<ApiKeyId, DateTime<Utc>> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Starts the task that writes when keys were last used.
pub(crate) fn start(control_plane: &ControlPlane, lifecycle: &Lifecycle) {
    let control_plane = control_plane.clone();
    let token = lifecycle.token();
    lifecycle.spawn("key-uses", Duration::from_secs(1), async move {
        let mut rounds = every(PERIOD, token, "write when API keys were last used");
        while rounds.begin().await {
            rounds.run(async { Ok(control_plane.write_key_uses().await?) }).await;
        }
        Ok(())
    });
}

impl ControlPlane {
    /// Writes when keys were last used, as noted since the last call. What cannot be written is lost: it
    /// is noted again with the next use.
    pub async fn write_key_uses(&self) -> Result<(), ControlPlaneError> {
        let (ids, times): (Vec<_>, Vec<_>) =
            self.key_uses.take().into_iter().map(|(id, at)| (String::from(id), at)).unzip();
        if ids.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin_platform().await?;
        sqlx::query(sql!("api_key/note_uses"))
            .bind(ids)
            .bind(times)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
