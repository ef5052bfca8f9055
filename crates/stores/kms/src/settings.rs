use serde::Deserialize;
use settings::{InvalidSetting, Secret};
use url::Url;

/// How AWS KMS is called: section `secrets.kms`. Not used unless a key needs it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KmsSettings {
    /// The region of the keys.
    pub region: String,
    /// The URL of another service than Amazon's; empty: the endpoint of Amazon's region.
    pub endpoint: String,
    /// The access key's id; empty: the role of the machine.
    pub access_key_id: Secret,
    /// The access key's secret; empty: the role of the machine.
    pub secret_access_key: Secret,
}

impl KmsSettings {
    /// Validates the values, if a key needs them.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if self.region.is_empty() {
            let reason = "must name the region of the key that encrypts the key encryption key";
            return Err(InvalidSetting::new("secrets.kms.region", reason));
        }
        // Its answer is the key.
        let is_safe = |url: Url| match url.scheme() {
            "https" => true,
            "http" => matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")),
            _ => false,
        };
        if !self.endpoint.is_empty() && !Url::parse(&self.endpoint).is_ok_and(is_safe) {
            let reason = "must begin with https:// (http:// on this machine only), or be empty";
            return Err(InvalidSetting::new("secrets.kms.endpoint", reason));
        }
        if self.access_key_id.expose().is_empty() != self.secret_access_key.expose().is_empty() {
            let reason = "must be given together with secrets.kms.access_key_id, or neither";
            return Err(InvalidSetting::new("secrets.kms.secret_access_key", reason));
        }
        Ok(())
    }

    pub(crate) fn url(&self) -> String {
        match self.endpoint.as_str() {
            "" => format!("https://kms.{}.amazonaws.com/", self.region),
            endpoint => endpoint.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_complete_and_name_amazons_endpoint_of_the_region() {
        let whole = KmsSettings {
            region: "eu-central-1".into(),
            endpoint: String::new(),
            access_key_id: Secret::new(""),
            secret_access_key: Secret::new(""),
        };
        whole.validate().unwrap();
        assert_eq!(whole.url(), "https://kms.eu-central-1.amazonaws.com/");
        for (wrong, key) in [
            (KmsSettings { region: String::new(), ..whole.clone() }, "secrets.kms.region"),
            (KmsSettings { endpoint: "kms:1".into(), ..whole.clone() }, "secrets.kms.endpoint"),
            (
                KmsSettings { endpoint: "http://kms.example".into(), ..whole.clone() },
                "secrets.kms.endpoint",
            ),
            (
                KmsSettings { access_key_id: Secret::new("key"), ..whole.clone() },
                "secrets.kms.secret_access_key",
            ),
        ] {
            assert_eq!(wrong.validate().unwrap_err().key, key);
        }
    }
}
