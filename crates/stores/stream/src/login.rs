//! The login by IAM. The driver does the others by itself.
#![expect(unsafe_code, reason = "rdkafka has no safe call that gives an admin client its token")]

use std::{
    error::Error,
    ffi::CString,
    ptr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    bindings::*,
    client::{Client, ClientContext, OAuthToken},
    consumer::{BaseConsumer, ConsumerContext},
    error::KafkaError,
};

use crate::{StreamError, iam};

/// How long a client that nobody polls is polled.
const SERVE: Duration = Duration::from_millis(50);

/// How long the thread of a kept login waits before it checks whether it should end.
const POLL: Duration = Duration::from_secs(1);

/// How a client gets tokens, if it logs in by IAM.
#[derive(Clone, Debug, Default)]
pub(crate) struct Login {
    /// The region of the brokers; none without IAM.
    region: Option<Arc<str>>,
}

impl Login {
    /// Creates the login by IAM at brokers of `region`.
    pub(crate) fn by_iam(region: &str) -> Self {
        Self { region: Some(region.into()) }
    }

    /// Returns a token. The driver asks for one when a client starts, and again before it expires. Blocks.
    ///
    /// # Errors
    /// AWS gave no credentials. The driver asks again after ten seconds.
    pub(crate) fn token(&self) -> Result<OAuthToken, Box<dyn Error + Send + Sync>> {
        let region = self.region.as_deref().ok_or("kafka.sasl.mechanism is not AWS_MSK_IAM")?;
        iam::token_of_role(region).inspect_err(|error| {
            tracing::warn!(%error, "no credentials for the login at kafka");
        })
    }

    /// Lets the driver ask for the tokens of a client that nobody polls, as long as the client is there: also while it
    /// is not asked for anything, since a token expires after a quarter of an hour.
    ///
    /// # Errors
    /// No thread could be started.
    pub(crate) fn keep<C: ConsumerContext + 'static>(
        &self,
        client: &Arc<BaseConsumer<C>>,
    ) -> Result<(), StreamError> {
        if self.region.is_none() {
            return Ok(());
        }
        let polled = Arc::downgrade(client);
        thread::Builder::new()
            .name("kafka-login".to_owned())
            .spawn(move || {
                while let Some(client) = polled.upgrade() {
                    drop(client.poll(POLL));
                }
            })
            .map(drop)
            .map_err(|error| StreamError::Thread(Box::new(error)))
    }

    /// Lets the driver ask for a token of a client that is about to send its first request.
    pub(crate) fn serve<C: ConsumerContext>(&self, client: &BaseConsumer<C>) {
        if self.region.is_none() {
            return;
        }
        let began = Instant::now();
        while began.elapsed() < SERVE {
            drop(client.poll(SERVE));
        }
    }

    /// Gives an admin client its token: the driver cannot ask for one, since nothing polls that client. It is valid
    /// for a quarter of an hour, longer than any work of such a client.
    ///
    /// # Errors
    /// AWS gave no credentials.
    pub(crate) async fn prepare<C: ClientContext>(
        &self,
        client: &Client<C>,
    ) -> Result<(), StreamError> {
        if self.region.is_none() {
            return Ok(());
        }
        let login = self.clone();
        let token = tokio::task::spawn_blocking(move || login.token());
        let token = token.await.map_err(StreamError::task)?.map_err(StreamError::Login)?;
        give(client, token).map_err(StreamError::kafka("log in by IAM"))
    }
}

fn give<C: ClientContext>(client: &Client<C>, token: OAuthToken) -> Result<(), KafkaError> {
    let value = CString::new(token.token)?;
    let principal = CString::new(token.principal_name)?;
    let mut reason = [0; 512];
    // SAFETY: `client`, both texts and the buffer outlive the call, which copies the texts and writes no more into the
    // buffer than its length; there are no extensions.
    let outcome = unsafe {
        rd_kafka_oauthbearer_set_token(
            client.native_ptr(),
            value.as_ptr(),
            token.lifetime_ms,
            principal.as_ptr(),
            ptr::null_mut(),
            0,
            reason.as_mut_ptr(),
            reason.len(),
        )
    };
    match outcome {
        rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        failure => Err(KafkaError::AdminOp(failure.into())),
    }
}
