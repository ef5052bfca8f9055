use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use aggregates::RedisSettings;
use api::ApiSettings;
use archive::ArchiveSettings;
use collector::CollectorSettings;
use control_plane::PostgresSettings;
use processor::ProcessorSettings;
use serde::Deserialize;
use settings::{InvalidSetting, Origin, SettingsError};
use sha2::{Digest, Sha256};
use spool::SpoolSettings;
use stream::KafkaSettings;
use telemetry::TelemetrySettings;
use tenancy::ClusterName;
use warehouse::{ClickHouseSettings, ClusterSettings};
use web::TokenSettings;

use crate::{metrics_settings::MetricsSettings, secret_settings::SecretSettings};

/// The default of every setting; the file is also their documentation.
const DEFAULTS: &str = include_str!("../default.toml");

/// All settings: one section per concern, each defined by the crate that uses it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Configuration {
    /// The folder that relative paths of other settings begin at; absolute.
    data_dir: PathBuf,
    pub(crate) telemetry: TelemetrySettings,
    pub(crate) metrics: MetricsSettings,
    pub(crate) kafka: KafkaSettings,
    pub(crate) postgres: PostgresSettings,
    pub(crate) redis: RedisSettings,
    pub(crate) archive: ArchiveSettings,
    pub(crate) clickhouse: ClickHouseSettings,
    #[serde(default)]
    pub(crate) clusters: BTreeMap<ClusterName, ClusterSettings>,
    pub(crate) secrets: SecretSettings,
    pub(crate) tokens: TokenSettings,
    pub(crate) collector: CollectorSettings,
    pub(crate) spool: SpoolSettings,
    pub(crate) processor: ProcessorSettings,
    pub(crate) api: ApiSettings,
    /// Twelve hexadecimal digits that differ if settings differ; secrets and the name of the instance
    /// have no part in it.
    #[serde(skip)]
    pub(crate) hash: String,
}

/// The setting that differs between the processes of one deployment.
const INSTANCE: &str = "processor.instance";

impl Configuration {
    /// Loads and checks the settings in effect.
    ///
    /// # Errors
    /// The first setting that is unknown, missing, of a wrong type, or invalid.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        Self::load_explained(file).map(|(configuration, _)| configuration)
    }

    /// As [`Configuration::load`], with the origin of each value.
    pub(crate) fn load_explained(
        file: Option<&Path>,
    ) -> Result<(Self, Vec<Origin>), SettingsError> {
        Self::from_sources(file, std::env::vars())
    }

    fn from_sources(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<(Self, Vec<Origin>), SettingsError> {
        let (mut configuration, origins): (Self, _) =
            settings::load_explained(DEFAULTS, file, environment)?;
        configuration.validate()?;
        configuration.place_folders();
        configuration.hash = hash(&origins);
        Ok((configuration, origins))
    }

    /// Makes every path absolute, so that none depends on the working directory.
    fn place_folders(&mut self) {
        let Self { data_dir, telemetry, archive, spool, processor, .. } = self;
        if telemetry.has_filter_file() {
            telemetry.log_filter_file = data_dir.join(&telemetry.log_filter_file);
        }
        archive.place_below(data_dir);
        spool.folder = data_dir.join(&spool.folder);
        processor.recent_ids_folder = data_dir.join(&processor.recent_ids_folder);
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        if !self.data_dir.is_absolute() {
            let reason = "must be an absolute path, such as /var/lib/footfall";
            return Err(InvalidSetting::new("data_dir", reason));
        }
        self.telemetry.validate()?;
        self.metrics.validate()?;
        self.kafka.validate()?;
        self.postgres.validate()?;
        self.redis.validate()?;
        self.archive.validate()?;
        self.clickhouse.validate()?;
        for (name, cluster) in &self.clusters {
            cluster.validate().map_err(|invalid| {
                InvalidSetting::new(format!("clusters.{name}.{}", invalid.key), invalid.reason)
            })?;
        }
        self.secrets.validate()?;
        self.tokens.validate()?;
        self.collector.validate()?;
        self.spool.validate()?;
        self.processor.validate()?;
        self.api.validate()
    }
}

fn hash(origins: &[Origin]) -> String {
    let shared = origins.iter().filter(|origin| origin.key != INSTANCE);
    let lines = shared.map(|origin| format!("{} = {}\n", origin.key, origin.value));
    let digest = lines.fold(Sha256::new(), |digest, line| digest.chain_update(line));
    digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn load(pairs: &[(&str, &str)]) -> Result<(Configuration, Vec<Origin>), SettingsError> {
        let needed = [
            ("FOOTFALL__POSTGRES__URL", "postgres://footfall:hunter2@127.0.0.1/footfall"),
            ("FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY", KEY),
        ];
        let pairs = needed.iter().chain(pairs);
        let owned = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Configuration::from_sources(None, owned.collect::<Vec<_>>().into_iter())
    }

    #[test]
    fn the_defaults_are_valid_once_the_secrets_are_given() {
        let (configuration, origins) = load(&[]).unwrap();
        assert_eq!(configuration.kafka.partitions, 12);
        let shown = format!("{configuration:?} {origins:?}");
        assert!(!shown.contains("hunter2") && !shown.contains(KEY), "{shown}");
    }

    #[test]
    fn the_hash_tells_different_settings_apart_and_shows_no_secret() {
        let hash = |pairs: &[(&str, &str)]| load(pairs).unwrap().0.hash;
        let default = hash(&[]);
        assert_eq!(default.len(), 12);
        assert_eq!(default, hash(&[("FOOTFALL__PROCESSOR__INSTANCE", "processor-1")]));
        assert_eq!(default, hash(&[("FOOTFALL__REDIS__URL", "redis://:other@127.0.0.1:6379/0")]));
        assert_ne!(default, hash(&[("FOOTFALL__KAFKA__PARTITIONS", "48")]));
    }

    #[test]
    fn relative_paths_begin_at_the_data_dir_wherever_the_program_is_started() {
        let places = |pairs: &[(&str, &str)]| {
            let (Configuration { archive, spool, processor, .. }, _) = load(pairs).unwrap();
            (archive.url, spool.folder, processor.recent_ids_folder)
        };
        let (archive, spool, recent_ids) = places(&[("FOOTFALL__DATA_DIR", "/srv/shop")]);
        assert_eq!(archive, "/srv/shop/archive");
        assert_eq!(spool, Path::new("/srv/shop/spool"));
        assert_eq!(recent_ids, Path::new("/srv/shop/recent-ids"));
        let (archive, spool, _) = places(&[
            ("FOOTFALL__ARCHIVE__URL", "s3://shop/archive"),
            ("FOOTFALL__ARCHIVE__REGION", "eu-central-1"),
            ("FOOTFALL__SPOOL__FOLDER", "/mnt/spool"),
        ]);
        assert_eq!(
            (archive.as_str(), spool.as_path()),
            ("s3://shop/archive", "/mnt/spool".as_ref())
        );
        let (archive, spool, recent_ids) = places(&[]);
        let absolute = |path: &Path| path.is_absolute();
        assert!([archive.as_ref(), &*spool, &*recent_ids].into_iter().all(absolute));
        let error = load(&[("FOOTFALL__DATA_DIR", "data")]).unwrap_err().to_string();
        assert!(error.starts_with("data_dir must be an absolute path"), "{error}");
    }

    #[test]
    fn clusters_come_from_the_environment_too() {
        let cluster = |url| {
            load(&[
                ("FOOTFALL__CLUSTERS__EU_WEST__URL", url),
                ("FOOTFALL__CLUSTERS__EU_WEST__WRITER_USER", "writer"),
                ("FOOTFALL__CLUSTERS__EU_WEST__WRITER_PASSWORD", "w"),
                ("FOOTFALL__CLUSTERS__EU_WEST__READER_USER", "reader"),
                ("FOOTFALL__CLUSTERS__EU_WEST__READER_PASSWORD", "r"),
            ])
        };
        let (configuration, _) = cluster("http://127.0.0.1:8123").unwrap();
        assert!(configuration.clusters.contains_key("eu-west"));
        let message = cluster("127.0.0.1:8123").unwrap_err().to_string();
        assert!(message.starts_with("clusters.eu-west.url must begin with http"), "{message}");
    }

    #[test]
    fn tls_that_cannot_work_is_refused_with_the_name_of_the_setting() {
        let ca = "/nowhere/ca.pem";
        let rediss = ("FOOTFALL__REDIS__URL", "rediss://127.0.0.1:6379/0");
        let unsafe_rediss = ("FOOTFALL__REDIS__URL", "rediss://127.0.0.1:6379/0#insecure");
        let without = "postgres://footfall:hunter2@127.0.0.1/footfall?sslmode=require";
        let file = "postgres://footfall:hunter2@127.0.0.1/footfall?sslrootcert=/ca.pem";
        let cases: [(&[(&str, &str)], &str); 12] = [
            (&[("FOOTFALL__REDIS__TLS__CA_FILE", ca)], "redis.url must begin with rediss://"),
            (&[rediss, ("FOOTFALL__REDIS__TLS__CA_FILE", ca)], "redis.tls.ca_file must name"),
            (&[unsafe_rediss], "redis.url must have no `#`"),
            (
                &[("FOOTFALL__REDIS__URL", "valkeys://127.0.0.1:6379/0#insecure")],
                "redis.url must begin",
            ),
            (&[("FOOTFALL__KAFKA__SECURITY_PROTOCOL", "sasl_ssl")], "kafka.sasl.user must not"),
            (&[("FOOTFALL__KAFKA__TLS__CA_FILE", ca)], "kafka.security_protocol must be ssl"),
            (&[("FOOTFALL__POSTGRES__TLS__CA_FILE", ca)], "postgres.tls.ca_file must name"),
            (&[("FOOTFALL__POSTGRES__URL", file)], "postgres.url must name no files"),
            (
                &[("FOOTFALL__CLICKHOUSE__TLS__CERTIFICATE_FILE", "/own.pem")],
                "clickhouse.tls.key_file must be given together",
            ),
            (
                &[
                    ("FOOTFALL__API__TLS__CERTIFICATE_FILE", "/nowhere/own.pem"),
                    ("FOOTFALL__API__TLS__KEY_FILE", "/nowhere/own.key"),
                ],
                "api.tls.certificate_file must name usable files: cannot read /nowhere/own.pem",
            ),
            (&[("FOOTFALL__COLLECTOR__TLS__CA_FILE", ca)], "collector.tls.certificate_file must"),
            (&[("FOOTFALL__METRICS__TLS__CA_FILE", "ca.pem")], "metrics.tls.ca_file must be an"),
        ];
        for (pairs, expected) in cases {
            let message = load(pairs).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
        load(&[rediss, ("FOOTFALL__POSTGRES__URL", without)]).unwrap();
        load(&[("FOOTFALL__KAFKA__SECURITY_PROTOCOL", "ssl")]).unwrap();
    }

    #[test]
    fn a_key_of_the_wrong_length_is_refused_without_showing_it() {
        let error = load(&[("FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY", "c2hvcnQ=")]).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with("secrets.key_encryption_key must be base64 of 32"),
            "{message}"
        );
        assert!(!message.contains("c2hvcnQ"), "{message}");
    }
}
