use std::time::Duration;

use auth::ApiKeyId;
use lifecycle::Lifecycle;
use sqlx::postgres::PgNotification;
use tenancy::ClientId;
use uuid::Uuid;

use crate::ControlPlane;

const TENANT_CHANGED: &str = "footfall_tenant_changed";
const KEY_CHANGED: &str = "footfall_key_changed";
const USER_CHANGED: &str = "footfall_user_changed";

/// The pause between attempts to connect to PostgreSQL.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the task that invalidates cached answers.
pub(crate) fn start(control_plane: &ControlPlane, lifecycle: &Lifecycle) {
    let control_plane = control_plane.clone();
    let token = lifecycle.token();
    lifecycle.spawn("control-plane-listener", Duration::from_secs(1), async move {
        token.run_until_cancelled(listen(&control_plane)).await;
        Ok(())
    });
}

async fn listen(control_plane: &ControlPlane) {
    loop {
        if let Err(error) = listen_once(control_plane).await {
            tracing::warn!(%error, "cannot listen for changes in PostgreSQL, retrying");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection is lost.
async fn listen_once(control_plane: &ControlPlane) -> Result<(), sqlx::Error> {
    let mut listener = control_plane.pool.listener().await?;
    listener.eager_reconnect(false);
    listener.listen_all([TENANT_CHANGED, KEY_CHANGED, USER_CHANGED]).await?;
    // Changes before this connection were missed.
    control_plane.tenants.0.expire_all();
    control_plane.keys.0.expire_all();
    control_plane.origins.0.expire_all();
    control_plane.versions.0.expire_all();
    while let Some(notification) = listener.try_recv().await? {
        invalidate(control_plane, &notification).await;
    }
    Ok(())
}

async fn invalidate(control_plane: &ControlPlane, notification: &PgNotification) {
    match notification.channel() {
        TENANT_CHANGED => {
            if let Ok(client_id) = notification.payload().parse::<ClientId>() {
                control_plane.tenants.0.invalidate(&client_id).await;
                control_plane.origins.0.expire_all();
            }
        }
        KEY_CHANGED => {
            if let Ok(key_id) = notification.payload().parse::<ApiKeyId>() {
                control_plane.keys.0.invalidate(&key_id).await;
            }
        }
        USER_CHANGED => {
            if let Ok(user_id) = notification.payload().parse::<Uuid>() {
                control_plane.versions.0.invalidate(&user_id).await;
            }
        }
        _ => {}
    }
}
