use std::{io, pin::pin, time::Duration};

use auth::ApiKeyId;
use lifecycle::Lifecycle;
use sqlx::postgres::{PgListener, PgNotification};
use tenancy::ClientId;
use tokio::time::timeout;
use uuid::Uuid;

use crate::ControlPlane;

const TENANT_CHANGED: &str = "footfall_tenant_changed";
const KEY_CHANGED: &str = "footfall_key_changed";
const USER_CHANGED: &str = "footfall_user_changed";

/// The pause between attempts to connect to PostgreSQL.
const PAUSE: Duration = Duration::from_secs(1);

/// How long nothing may be received before the connection must prove that it still receives.
const QUIET: Duration = Duration::from_secs(3);

/// How long the proof may take.
const PROVEN_WITHIN: Duration = Duration::from_secs(2);

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
    // Only this process listens to it.
    let own_channel = format!("footfall_process_{}", Uuid::now_v7().simple());
    loop {
        if let Err(error) = listen_once(control_plane, &own_channel).await {
            tracing::warn!(%error, "cannot listen for changes in PostgreSQL, retrying");
        }
        control_plane.tenants.0.note_notifications_lost();
        control_plane.keys.0.note_notifications_lost();
        control_plane.origins.0.note_notifications_lost();
        control_plane.versions.0.note_notifications_lost();
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection is lost, or receives nothing any more: a connection may be gone without
/// either end noticing, and then nothing would ever be revoked here.
async fn listen_once(control_plane: &ControlPlane, own_channel: &str) -> Result<(), sqlx::Error> {
    let mut listener = control_plane.pool.listener().await?;
    listener.eager_reconnect(false);
    listener.listen_all([TENANT_CHANGED, KEY_CHANGED, USER_CHANGED, own_channel]).await?;
    // Changes before this connection were missed.
    control_plane.tenants.0.note_notifications_restored();
    control_plane.keys.0.note_notifications_restored();
    control_plane.origins.0.note_notifications_restored();
    control_plane.versions.0.note_notifications_restored();
    while let Some(notification) = receive(&mut listener, control_plane, own_channel).await? {
        invalidate(control_plane, &notification).await;
    }
    Ok(())
}

/// Returns the next notification; `None` when the connection is lost. When none comes for a while, it
/// sends one itself, which must come.
async fn receive(
    listener: &mut PgListener,
    control_plane: &ControlPlane,
    own_channel: &str,
) -> Result<Option<PgNotification>, sqlx::Error> {
    let mut next = pin!(listener.try_recv());
    if let Ok(next) = timeout(QUIET, &mut next).await {
        return next;
    }
    sqlx::query(sql!("session/call")).bind(own_channel).execute(&control_plane.pool).await?;
    match timeout(PROVEN_WITHIN, next).await {
        Ok(next) => next,
        Err(_) => {
            let reason = "no notifications arrive on the connection that listens for them";
            Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, reason)))
        }
    }
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
