use serde::Deserialize;
use settings::{InvalidSetting, Secret};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tls::TlsSettings;

/// Where PostgreSQL is: section `[postgres]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:5432/database`. Used for whatever has no login of its own below. To migrate
    /// and to copy tables, the role must own them; it is not a superuser. With TLS `…?sslmode=verify-full`, which is
    /// the default once `tls.ca_file` is set.
    pub url: Secret,
    /// The same for the login `footfall_platform`: work across tenants. Empty if it has no login of its own.
    pub platform_url: Secret,
    /// The same for the login `footfall_tenant`: work for one tenant. Empty for the platform's login.
    pub tenant_url: Secret,
    /// The same for the login `footfall_ledger`: leases, plans and marks of processors. Empty for the platform's
    /// login.
    pub ledger_url: Secret,
    /// The most connections of one process and login, at least 2: one of the platform's listens for changes.
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
        self.tls.validate_link("postgres.tls")?;
        for (name, url) in [
            ("postgres.url", &self.url),
            ("postgres.platform_url", &self.platform_url),
            ("postgres.tenant_url", &self.tenant_url),
            ("postgres.ledger_url", &self.ledger_url),
        ] {
            if name == "postgres.url" || !url.expose().is_empty() {
                self.validate_url(name, url)?;
            }
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

    fn validate_url(&self, name: &'static str, url: &Secret) -> Result<(), InvalidSetting> {
        let text = url.expose();
        if FILES.iter().any(|parameter| text.contains(parameter)) {
            let reason = "must name no files of certificates: set postgres.tls.ca_file, \
                          postgres.tls.certificate_file and postgres.tls.key_file";
            return Err(InvalidSetting::new(name, reason));
        }
        let Ok(options) = text.parse::<PgConnectOptions>() else {
            let reason = "must be postgres://user:password@host:5432/database";
            return Err(InvalidSetting::new(name, reason));
        };
        let mode = self.with_certificates(url, options).get_ssl_mode();
        if !self.tls.is_empty() && !matches!(mode, PgSslMode::VerifyCa | PgSslMode::VerifyFull) {
            let reason = "must have sslmode=verify-full or verify-ca, since postgres.tls names \
                          certificates";
            return Err(InvalidSetting::new(name, reason));
        }
        Ok(())
    }

    /// Adds the files of certificates to what a URL says, which the driver reads for each connection.
    pub(crate) fn with_certificates(
        &self,
        url: &Secret,
        mut options: PgConnectOptions,
    ) -> PgConnectOptions {
        let TlsSettings { ca_file, certificate_file, key_file } = &self.tls;
        if !ca_file.as_os_str().is_empty() {
            options = options.ssl_root_cert(ca_file);
            if !url.expose().contains("sslmode=") && !url.expose().contains("ssl-mode=") {
                options = options.ssl_mode(PgSslMode::VerifyFull);
            }
        }
        if !certificate_file.as_os_str().is_empty() {
            options = options.ssl_client_cert(certificate_file).ssl_client_key(key_file);
        }
        options
    }
}
