use serde::Deserialize;
use settings::{InvalidSetting, Secret};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tls::TlsSettings;

/// Where PostgreSQL is: section `[postgres]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:5432/database`. The role owns the tables and is not a
    /// superuser. With TLS `…?sslmode=verify-full`, which is the default once `tls.ca_file` is set.
    pub url: Secret,
    /// The most connections of one process, at least 2: one of them listens for changes.
    pub max_connections: u32,
    /// Certificates.
    #[serde(default)]
    pub tls: TlsSettings,
}

/// Parameters of a URL that name files. They have settings, which are checked at start.
const FILES: [&str; 7] =
    ["sslrootcert=", "ssl-root-cert=", "ssl-ca=", "sslcert=", "ssl-cert=", "sslkey=", "ssl-key="];

impl PostgresSettings {
    /// Checks the limits that the types do not express.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if self.max_connections < 2 {
            return Err(InvalidSetting::new("postgres.max_connections", "must be at least 2"));
        }
        let url = self.url.expose();
        if FILES.iter().any(|parameter| url.contains(parameter)) {
            let reason = "must name no files of certificates: set postgres.tls.ca_file, \
                          postgres.tls.certificate_file and postgres.tls.key_file";
            return Err(InvalidSetting::new("postgres.url", reason));
        }
        self.tls.validate_link("postgres.tls")?;
        let Ok(options) = url.parse::<PgConnectOptions>() else {
            let reason = "must be postgres://user:password@host:5432/database";
            return Err(InvalidSetting::new("postgres.url", reason));
        };
        let is_checked = matches!(
            self.with_certificates(options).get_ssl_mode(),
            PgSslMode::VerifyCa | PgSslMode::VerifyFull
        );
        if !self.tls.is_empty() && !is_checked {
            let reason = "must have sslmode=verify-full or verify-ca, since postgres.tls names \
                          certificates";
            return Err(InvalidSetting::new("postgres.url", reason));
        }
        // The driver reads the first certificate of the file only.
        if self.tls.trusted_count() > 1 {
            let reason = "must hold one certificate; add a bundle to those of the system, or name it \
                          in the variable SSL_CERT_FILE";
            return Err(InvalidSetting::new("postgres.tls.ca_file", reason));
        }
        if !self.tls.has_pkcs8_key() {
            let reason = "must begin with -----BEGIN PRIVATE KEY-----, as `openssl pkcs8 -topk8 -nodes` \
                          writes it";
            return Err(InvalidSetting::new("postgres.tls.key_file", reason));
        }
        Ok(())
    }

    /// Adds the files of certificates, which the driver reads for each connection.
    pub(crate) fn with_certificates(&self, mut options: PgConnectOptions) -> PgConnectOptions {
        let TlsSettings { ca_file, certificate_file, key_file } = &self.tls;
        if !ca_file.as_os_str().is_empty() {
            options = options.ssl_root_cert(ca_file);
            if !self.url.expose().contains("sslmode=") && !self.url.expose().contains("ssl-mode=") {
                options = options.ssl_mode(PgSslMode::VerifyFull);
            }
        }
        if !certificate_file.as_os_str().is_empty() {
            options = options.ssl_client_cert(certificate_file).ssl_client_key(key_file);
        }
        options
    }
}
