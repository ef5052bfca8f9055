use std::env;

use testkit::{Preparation, free_address};

use crate::{
    Failure,
    proxy::{Fault, Proxy},
};

/// A network link of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// From the shops to the collector.
    Http,
    Kafka,
    Clickhouse,
    Redis,
    Postgres,
}

impl Link {
    pub(crate) const ALL: [Self; 5] =
        [Self::Http, Self::Kafka, Self::Clickhouse, Self::Redis, Self::Postgres];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Kafka => "kafka",
            Self::Clickhouse => "clickhouse",
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        }
    }
}

/// The proxies on the links of a platform.
pub(super) struct Detours {
    proxies: Vec<(Link, Proxy)>,
    /// The preparation with which the platform uses the proxies.
    pub(super) preparation: Preparation,
    /// The address that the shops send to.
    pub(super) collector: String,
}

impl Detours {
    /// Starts the proxies; `broken` is the link that will fail.
    pub(super) async fn start(broken: Link) -> Result<Self, Failure> {
        let mut preparation = Preparation::default();
        let servers = [
            (Link::Clickhouse, "FOOTFALL__CLUSTERS__SHARED__URL"),
            (Link::Clickhouse, "FOOTFALL__CLUSTERS__DEDICATED__URL"),
            (Link::Redis, "FOOTFALL__REDIS__URL"),
            (Link::Postgres, "FOOTFALL__POSTGRES__URL"),
        ];
        let mut proxies = Vec::new();
        for (link, variable) in servers {
            let url = env::var(variable)?;
            let server = authority(&url).to_owned();
            let proxy = Proxy::start(0, server.clone()).await?;
            preparation.detours.push((server, proxy.address()));
            if link != Link::Postgres {
                preparation.settings.insert(variable.to_owned(), url);
            }
            proxies.push((link, proxy));
        }
        // The broker sends clients its address: its second listener advertises this proxy's port.
        // There is only one such port, so only pieces that break this link use it.
        if broken == Link::Kafka {
            let (kafka, brokers) = detour_to_kafka().await?;
            preparation.settings.insert("FOOTFALL__KAFKA__BROKERS".to_owned(), brokers);
            proxies.push((Link::Kafka, kafka));
        }
        let bind = free_address();
        preparation.settings.insert("FOOTFALL__COLLECTOR__BIND".to_owned(), bind.clone());
        let http = Proxy::start(0, bind).await?;
        let collector = format!("http://{}", http.address());
        proxies.push((Link::Http, http));
        Ok(Self { proxies, preparation, collector })
    }

    pub(super) fn inject(&self, link: Link, fault: Fault) {
        self.of(link).for_each(|proxy| proxy.inject(fault));
    }

    pub(super) fn heal(&self, link: Link) {
        self.of(link).for_each(Proxy::heal);
    }

    fn of(&self, link: Link) -> impl Iterator<Item = &Proxy> {
        self.proxies.iter().filter(move |(of, _)| *of == link).map(|(_, proxy)| proxy)
    }
}

/// Starts a proxy in front of Kafka. Returns it with the broker address for clients.
pub(super) async fn detour_to_kafka() -> Result<(Proxy, String), Failure> {
    let broker = env::var("FOOTFALL__KAFKA__BROKERS")?;
    let (host, port) = broker.rsplit_once(':').ok_or("a broker has a port")?;
    let port: u16 = port.parse()?;
    let proxy = Proxy::start(port + 3, format!("{host}:{}", port + 2)).await?;
    let address = proxy.address();
    Ok((proxy, address))
}

/// Settings of a collector that uses this broker address, with a short publish timeout.
pub(super) fn collector_settings(brokers: String) -> [(&'static str, String); 2] {
    [
        ("FOOTFALL__KAFKA__BROKERS", brokers),
        ("FOOTFALL__COLLECTOR__PUBLISH_TIMEOUT_MS", "300".to_owned()),
    ]
}

/// Returns the host and port of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_address_is_found_in_its_url() {
        for (url, server) in [
            ("http://127.0.0.1:17010", "127.0.0.1:17010"),
            ("redis://:secret@127.0.0.1:17030/0", "127.0.0.1:17030"),
            ("postgres://footfall:secret@127.0.0.1:17040/footfall", "127.0.0.1:17040"),
        ] {
            assert_eq!(authority(url), server);
        }
    }
}
