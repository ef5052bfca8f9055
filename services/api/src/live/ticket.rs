use std::net::IpAddr;

use aggregates::{Aggregates, network};
use auth::{SealError, SealedField, Sealer};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use problem::Problem;
use sha2::{Digest, Sha256};

use super::places::Places;
use crate::failure::Failure;

const PREFIX: &str = "flt_";

/// The one stream that a ticket opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TicketStream<'a> {
    /// That of a campaign.
    Campaign(&'a str),
    /// That of the campaigns of this list; of all, if there is none.
    List(Option<&'a str>),
    /// A WebSocket.
    WebSocket,
}

/// 256 random bits that replace a credential on one stream.
///
/// Redis stores the credential sealed under a key derived from the ticket, and only a hash of the
/// ticket: a reader of Redis gets neither.
pub(crate) struct TicketSecret([u8; 32]);

impl TicketSecret {
    pub(crate) fn generate() -> Result<Self, Problem> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Self(secret))
    }

    pub(crate) fn reveal(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let secret = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        secret.try_into().ok().map(Self)
    }

    /// Stores `credential`, which expires at `ends`, under the ticket, for one stream.
    pub(crate) async fn issue(
        &self,
        aggregates: &Aggregates,
        stream: TicketStream<'_>,
        credential: &str,
        ends: Option<DateTime<Utc>>,
    ) -> Result<(), Problem> {
        let sealed = self.sealer().seal(field(stream), credential.as_bytes());
        let sealed = URL_SAFE_NO_PAD.encode(sealed.map_err(Problem::internal)?);
        Ok(aggregates.put_ticket(&self.name(), &sealed, ends).await.map_err(Failure::from)?)
    }

    /// Returns the credential; `None` when the ticket is unknown or for another stream.
    pub(crate) async fn credential(
        &self,
        aggregates: &Aggregates,
        stream: TicketStream<'_>,
    ) -> Result<Option<String>, Problem> {
        let sealed = aggregates.ticket(&self.name()).await.map_err(Failure::from)?;
        Ok(sealed.and_then(|sealed| self.open(stream, &sealed).ok()))
    }

    fn open(&self, stream: TicketStream<'_>, sealed: &str) -> Result<String, SealError> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Form)?;
        let credential = self.sealer().open(field(stream), &sealed)?;
        String::from_utf8(credential).map_err(|_| SealError::Form)
    }

    /// Returns the name of the ticket in Redis.
    pub(crate) fn name(&self) -> [u8; 32] {
        self.digest(b"footfall ticket name", &[])
    }

    /// Returns the hash of the network of `address`: devices change their address within it.
    pub(crate) fn address(&self, address: IpAddr) -> String {
        URL_SAFE_NO_PAD.encode(self.digest(b"footfall ticket address", &network(address)))
    }

    /// Returns the signer of the places that streams of this ticket send. The key also depends on
    /// the credential, because URLs and their logs contain the ticket.
    pub(crate) fn places(&self, credential: &str) -> Places {
        Places::new(self.digest(b"footfall ticket places", credential.as_bytes()))
    }

    fn sealer(&self) -> Sealer {
        Sealer::new(self.digest(b"footfall ticket key", &[]))
    }

    fn digest(&self, purpose: &[u8], more: &[u8]) -> [u8; 32] {
        Sha256::new()
            .chain_update(purpose)
            .chain_update(self.0)
            .chain_update(more)
            .finalize()
            .into()
    }
}

fn field(stream: TicketStream<'_>) -> SealedField<'_> {
    let (purpose, row) = match stream {
        TicketStream::Campaign(campaign) => ("live-ticket", campaign),
        TicketStream::List(Some(list)) => ("live-ticket-list", list),
        TicketStream::List(None) => ("live-ticket-all", ""),
        TicketStream::WebSocket => ("live-ticket-web-socket", ""),
    };
    SealedField { purpose, tenant: "", row, field: "credential" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_opens_its_own_stream_only() {
        let ticket = TicketSecret([7; 32]);
        let streams = [
            TicketStream::Campaign("spring-sale"),
            TicketStream::Campaign("summer-sale"),
            TicketStream::List(Some("spring-sale")),
            TicketStream::List(Some("spring-sale,summer-sale")),
            TicketStream::List(None),
            TicketStream::WebSocket,
        ];
        for own in streams {
            let sealed = ticket.sealer().seal(field(own), b"token").unwrap();
            let sealed = URL_SAFE_NO_PAD.encode(sealed);
            for stream in streams {
                let opened = ticket.open(stream, &sealed).ok();
                assert_eq!(opened.as_deref(), (stream == own).then_some("token"), "{stream:?}");
            }
            assert!(TicketSecret([8; 32]).open(own, &sealed).is_err());
        }
    }

    #[test]
    fn the_name_in_redis_does_not_open_the_ticket() {
        let ticket = TicketSecret([7; 32]);
        assert_ne!(ticket.name(), ticket.digest(b"footfall ticket key", &[]));
        assert_eq!(TicketSecret::read(&ticket.reveal()).map(|read| read.0), Some([7; 32]));
        let bare = ticket.reveal().replace(PREFIX, "");
        for wrong in ["", "flt_", "flt_AAAA", &bare] {
            assert!(TicketSecret::read(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn devices_of_one_network_have_one_address() {
        let address = |text: &str| TicketSecret([7; 32]).address(text.parse().unwrap());
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    }
}
