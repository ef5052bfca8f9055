use serde::Deserialize;
use settings::{InvalidSetting, Secret};

/// How clients speak with the brokers, named as Kafka does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// Neither TLS nor a login.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// A login without TLS.
    SaslPlaintext,
    /// TLS and a login.
    SaslSsl,
}

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum SaslMechanism {
    /// It sends the password.
    #[serde(rename = "PLAIN")]
    Plain,
    /// It proves that it knows the password (RFC 7677).
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// The same, with SHA-512.
    #[default]
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    /// At Amazon MSK: it proves the role that AWS gave it.
    #[serde(rename = "AWS_MSK_IAM")]
    AwsMskIam,
}

/// The login at the brokers: section `kafka.sasl`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SaslSettings {
    /// How the password, or the role, is proven.
    pub mechanism: SaslMechanism,
    /// The user; empty with IAM.
    pub user: String,
    /// Its password; empty with IAM.
    pub password: Secret,
    /// The region of the brokers, with IAM; empty otherwise.
    pub region: String,
}

impl Default for SaslSettings {
    fn default() -> Self {
        let mechanism = SaslMechanism::default();
        Self { mechanism, user: String::new(), password: Secret::new(""), region: String::new() }
    }
}

impl SecurityProtocol {
    /// Returns the name that the driver knows.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }

    /// Whether the link has TLS.
    pub(crate) const fn has_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    /// Whether clients log in.
    pub(crate) const fn has_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

impl SaslMechanism {
    /// Returns the name that the driver knows.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::AwsMskIam => "OAUTHBEARER",
        }
    }
}

impl SaslSettings {
    /// Returns the region of the brokers, if clients log in by IAM.
    pub(crate) fn iam_region(&self, protocol: SecurityProtocol) -> Option<&str> {
        let by_iam = protocol.has_sasl() && self.mechanism == SaslMechanism::AwsMskIam;
        by_iam.then_some(self.region.as_str())
    }

    /// Checks that there is a login if, and only if, the protocol has one.
    pub(crate) fn validate(&self, protocol: SecurityProtocol) -> Result<(), InvalidSetting> {
        let by_iam = self.iam_region(protocol).is_some();
        if by_iam && protocol != SecurityProtocol::SaslSsl {
            let reason =
                "must be sasl_ssl, since a token of AWS_MSK_IAM serves anyone who reads it";
            return Err(InvalidSetting::new("kafka.security_protocol", reason));
        }
        let by_password = protocol.has_sasl() && !by_iam;
        let values = [
            ("kafka.sasl.user", self.user.as_str(), by_password),
            ("kafka.sasl.password", self.password.expose(), by_password),
            ("kafka.sasl.region", self.region.as_str(), by_iam),
        ];
        for (key, value, is_needed) in values {
            let reason = match (value.is_empty(), is_needed) {
                (true, true) => "must not be empty with this login",
                (false, false) => "must be empty without such a login",
                _ => continue,
            };
            return Err(InvalidSetting::new(key, reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KafkaSettings;

    fn settings(protocol: SecurityProtocol, user: &str, password: &str) -> KafkaSettings {
        KafkaSettings {
            brokers: "kafka:9093".to_owned(),
            events_topic: "events".to_owned(),
            rejects_topic: "rejects".to_owned(),
            parked_topic: "parked".to_owned(),
            partitions: 1,
            replication: 1,
            security_protocol: protocol,
            sasl: SaslSettings {
                user: user.to_owned(),
                password: Secret::new(password),
                ..SaslSettings::default()
            },
            tls: tls::TlsSettings::default(),
        }
    }

    #[test]
    fn a_login_belongs_to_the_protocols_that_have_one() {
        use SecurityProtocol::{Plaintext, SaslPlaintext, SaslSsl, Ssl};
        for (protocol, user, password, wrong) in [
            (Plaintext, "", "", None),
            (Ssl, "", "", None),
            (SaslSsl, "footfall", "hunter2", None),
            (SaslPlaintext, "footfall", "hunter2", None),
            (Ssl, "footfall", "hunter2", Some("kafka.sasl.user")),
            (Plaintext, "", "hunter2", Some("kafka.sasl.password")),
            (SaslSsl, "footfall", "", Some("kafka.sasl.password")),
        ] {
            let checked = settings(protocol, user, password).validate();
            assert_eq!(checked.err().map(|error| error.key).as_deref(), wrong, "{protocol:?}");
        }
    }

    #[test]
    fn a_login_by_iam_has_tls_and_a_region_and_no_password() {
        let by_iam = |protocol, user: &str, region: &str| {
            let mut settings = settings(protocol, user, user);
            settings.sasl.mechanism = SaslMechanism::AwsMskIam;
            settings.sasl.region = region.to_owned();
            settings
        };
        let (tls, region) = (SecurityProtocol::SaslSsl, "eu-central-1");
        let right = by_iam(tls, "", region);
        right.validate().unwrap();
        assert_eq!(right.client().get("sasl.mechanisms"), Some("OAUTHBEARER"));
        assert_eq!(right.client().get("sasl.username"), None);
        for (wrong, key) in [
            (by_iam(tls, "", ""), "kafka.sasl.region"),
            (by_iam(tls, "footfall", region), "kafka.sasl.user"),
            (by_iam(SecurityProtocol::SaslPlaintext, "", region), "kafka.security_protocol"),
            (by_iam(SecurityProtocol::Ssl, "", region), "kafka.sasl.region"),
        ] {
            assert_eq!(wrong.validate().unwrap_err().key, key);
        }
    }

    #[test]
    fn the_driver_gets_the_login_and_certificates_need_tls() {
        let mut with_login = settings(SecurityProtocol::SaslSsl, "footfall", "hunter2");
        let client = with_login.client();
        assert_eq!(client.get("security.protocol"), Some("sasl_ssl"));
        assert_eq!(client.get("sasl.mechanisms"), Some("SCRAM-SHA-512"));
        assert_eq!(client.get("sasl.password"), Some("hunter2"));
        with_login.security_protocol = SecurityProtocol::SaslPlaintext;
        with_login.tls.ca_file = "/nowhere/ca.pem".into();
        let error = with_login.validate().unwrap_err();
        assert_eq!(error.key, "kafka.security_protocol");
    }
}
