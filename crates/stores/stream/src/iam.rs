//! Tokens of Amazon MSK: the URL of a request, signed with the credentials of this process's role (AWS Signature
//! Version 4). A broker makes that request, and so learns whose role it is.

use std::{error::Error, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use object_store::{
    RetryConfig,
    aws::{AmazonS3Builder, AwsCredential},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rdkafka::client::OAuthToken;
use sha2::{Digest, Sha256};

/// How long a token is valid: the most that MSK accepts.
const VALID: TimeDelta = TimeDelta::minutes(15);

/// How long the credentials may take. Meanwhile, the client reports nothing, such as acknowledgements.
const TIMEOUT: Duration = Duration::from_secs(3);

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "kafka-cluster";
const SIGNED_HEADERS: &str = "host";

/// The characters that are encoded in a query: all but the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns a token of the role of this process (of its pod, container or machine) for brokers in `region`. Blocks while
/// AWS is asked for credentials.
pub(crate) fn token_of_role(region: &str) -> Result<OAuthToken, Box<dyn Error + Send + Sync>> {
    // On a thread of its own: that of the caller may belong to a runtime, where no other one may block.
    let asked = std::thread::scope(|scope| scope.spawn(|| credential(region)).join());
    let credential = asked.map_err(|_| "the thread that asks for credentials has ended")??;
    Ok(token(region, &credential, Utc::now()))
}

fn credential(region: &str) -> Result<Arc<AwsCredential>, Box<dyn Error + Send + Sync>> {
    let retry = RetryConfig { max_retries: 1, ..RetryConfig::default() };
    // No bucket is called: this is how `object_store` finds the role.
    let role = AmazonS3Builder::from_env()
        .with_bucket_name("none")
        .with_region(region)
        .with_retry(retry)
        .build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = async { tokio::time::timeout(TIMEOUT, role.credentials().get_credential()).await };
    Ok(runtime.block_on(asked)??)
}

fn token(region: &str, credential: &AwsCredential, now: DateTime<Utc>) -> OAuthToken {
    let date = now.format("%Y%m%d").to_string();
    let stamp = now.format("%Y%m%dT%H%M%SZ").to_string();
    let host = format!("kafka.{region}.amazonaws.com");
    let scope = format!("{date}/{region}/{SERVICE}/aws4_request");
    // In the order of their names, as they are signed.
    let parameters = [
        ("Action", Some("kafka-cluster:Connect".to_owned())),
        ("X-Amz-Algorithm", Some(ALGORITHM.to_owned())),
        ("X-Amz-Credential", Some(format!("{}/{scope}", credential.key_id))),
        ("X-Amz-Date", Some(stamp.clone())),
        ("X-Amz-Expires", Some(VALID.num_seconds().to_string())),
        ("X-Amz-Security-Token", credential.token.clone()),
        ("X-Amz-SignedHeaders", Some(SIGNED_HEADERS.to_owned())),
    ];
    let pairs: Vec<_> = parameters
        .iter()
        .filter_map(|(name, value)| {
            let encoded = utf8_percent_encode(value.as_deref()?, ENCODED);
            Some(format!("{name}={encoded}"))
        })
        .collect();
    let query = pairs.join("&");
    let empty_body = hex::encode(Sha256::digest(""));
    let request = format!("GET\n/\n{query}\nhost:{host}\n\n{SIGNED_HEADERS}\n{empty_body}");
    let hash = hex::encode(Sha256::digest(request));
    let statement = format!("{ALGORITHM}\n{stamp}\n{scope}\n{hash}");
    let secret = format!("AWS4{}", credential.secret_key).into_bytes();
    let parts = [date.as_str(), region, SERVICE, "aws4_request", statement.as_str()];
    let signature =
        hex::encode(parts.into_iter().fold(secret, |key, part| authenticated(&key, part)));
    let url = format!("https://{host}/?{query}&X-Amz-Signature={signature}&User-Agent=footfall");
    OAuthToken {
        token: BASE64_URL_SAFE_NO_PAD.encode(url),
        principal_name: "footfall".to_owned(),
        lifetime_ms: (now + VALID).timestamp_millis(),
    }
}

/// Returns HMAC-SHA256 of a text. It takes a key of any length, so the empty result never happens.
fn authenticated(key: &[u8], text: &str) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn decoded(session: Option<&str>) -> (String, OAuthToken) {
        let credential = AwsCredential {
            key_id: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            token: session.map(ToOwned::to_owned),
        };
        let noon = Utc.with_ymd_and_hms(2026, 11, 29, 12, 0, 0).unwrap();
        let token = token("eu-central-1", &credential, noon);
        let url = BASE64_URL_SAFE_NO_PAD.decode(&token.token).unwrap();
        (String::from_utf8(url).unwrap(), token)
    }

    /// The signatures are those of botocore 1.x (`SigV4QueryAuth`), which Amazon's own library for MSK calls.
    #[test]
    fn a_token_is_signed_as_amazons_own_library_does() {
        for (session, signature) in [
            (None, "b963177baa1092229b53b99f164f71205855e6a692593c9782bda66506471882"),
            (
                Some("FwoGZXIvYXdzEXAMPLE/token+=="),
                "79708a8757ce34203131b418b0234f2a2b7168f0c20d3dad20772821e8d5beba",
            ),
        ] {
            let (url, _) = decoded(session);
            assert!(url.contains(&format!("&X-Amz-Signature={signature}&")), "{url}");
        }
    }

    #[test]
    fn a_token_names_the_action_the_session_and_its_end() {
        let (url, token) = decoded(Some("a/b+c=="));
        let start = "https://kafka.eu-central-1.amazonaws.com/?Action=kafka-cluster%3AConnect&";
        assert!(url.starts_with(start), "{url}");
        assert!(url.contains("&X-Amz-Security-Token=a%2Fb%2Bc%3D%3D&"), "{url}");
        assert!(url.contains("&X-Amz-Expires=900&"), "{url}");
        let end = Utc.with_ymd_and_hms(2026, 11, 29, 12, 15, 0).unwrap();
        assert_eq!(token.lifetime_ms, end.timestamp_millis());
    }
}
