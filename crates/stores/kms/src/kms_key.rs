use std::{error::Error, sync::Arc, time::Duration};

use auth::{KeyEncryptionKey, KeySource, KeySourceError};
use object_store::{
    ClientOptions, HeaderValue, RetryConfig,
    aws::{AmazonS3Builder, AwsAuthorizer, AwsCredential},
    client::{HttpConnector, HttpRequest, HttpRequestBody, HttpResponse, ReqwestConnector},
};
use serde::Deserialize;
use serde_json::json;

use crate::KmsSettings;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The refusals of KMS that pass.
const PASSING: [&str; 4] = [
    "ThrottlingException",
    "KMSInternalException",
    "DependencyTimeoutException",
    "KeyUnavailableException",
];

/// A key encryption key that AWS KMS has encrypted.
#[derive(Clone, Debug)]
pub struct KmsKey {
    settings: KmsSettings,
    /// What KMS made of the key, in base64.
    ciphertext: String,
}

/// The answer to `Decrypt`.
#[derive(Deserialize)]
struct Decrypted {
    /// In base64.
    #[serde(rename = "Plaintext")]
    plaintext: String,
}

#[derive(Default, Deserialize)]
struct Refusal {
    /// May begin with a namespace and `#`.
    #[serde(rename = "__type")]
    kind: String,
}

impl KmsKey {
    /// Creates a source of the key with this ciphertext, in base64.
    pub fn new(settings: KmsSettings, ciphertext: &str) -> Self {
        Self { settings, ciphertext: ciphertext.to_owned() }
    }

    fn client_options(&self) -> ClientOptions {
        let http = self.settings.url().starts_with("http://");
        ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_allow_http(http)
    }

    async fn credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let KmsSettings { access_key_id, secret_access_key, .. } = &self.settings;
        if !access_key_id.expose().is_empty() {
            return Ok(Arc::new(AwsCredential {
                key_id: access_key_id.expose().to_owned(),
                secret_key: secret_access_key.expose().to_owned(),
                token: None,
            }));
        }
        // No bucket is called: this is how `object_store` finds the role of the machine.
        let retry = RetryConfig { max_retries: 1, ..RetryConfig::default() };
        let role = AmazonS3Builder::from_env()
            .with_bucket_name("none")
            .with_region(&self.settings.region)
            .with_retry(retry)
            .build()?;
        role.credentials().get_credential().await
    }

    fn request(
        &self,
        credential: &AwsCredential,
    ) -> Result<HttpRequest, Box<dyn Error + Send + Sync>> {
        let order = json!({
            "CiphertextBlob": self.ciphertext,
            "EncryptionContext": { "application": "footfall" },
        });
        let mut request = HttpRequest::new(HttpRequestBody::from(order.to_string()));
        *request.method_mut() = "POST".parse()?;
        *request.uri_mut() = self.settings.url().parse()?;
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.1"));
        headers.insert("x-amz-target", HeaderValue::from_static("TrentService.Decrypt"));
        AwsAuthorizer::new(credential, "kms", &self.settings.region)
            .try_authorize(&mut request, None)?;
        Ok(request)
    }

    async fn ask(&self) -> Result<HttpResponse, Box<dyn Error + Send + Sync>> {
        let credential = self.credential().await?;
        let request = self.request(&credential)?;
        let client = ReqwestConnector::default().connect(&self.client_options())?;
        Ok(client.execute(request).await?)
    }
}

#[async_trait::async_trait]
impl KeySource for KmsKey {
    async fn key(&self) -> Result<KeyEncryptionKey, KeySourceError> {
        let response = self.ask().await.map_err(KeySourceError::Unavailable)?;
        let status = response.status();
        let read = response.into_body().bytes().await;
        let body = read.map_err(|error| KeySourceError::Unavailable(error.into()))?;
        if status.is_success() {
            let decrypted: Decrypted = serde_json::from_slice(&body)
                .map_err(|error| KeySourceError::Unavailable(error.into()))?;
            return Ok(decrypted.plaintext.parse()?);
        }
        // Its message is not repeated: it may name accounts.
        let refusal = serde_json::from_slice::<Refusal>(&body).unwrap_or_default();
        let kind = refusal.kind.rsplit('#').next().unwrap_or_default();
        let answer = format!("AWS KMS answers {} {kind}", status.as_u16());
        if status.is_server_error() || PASSING.contains(&kind) {
            return Err(KeySourceError::Unavailable(answer.into()));
        }
        Err(KeySourceError::Refused(answer))
    }
}
