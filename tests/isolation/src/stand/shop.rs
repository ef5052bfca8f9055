use std::fmt;

use rand::{Rng, rngs::StdRng};
use serde_json::Value;
use testkit::{Tenant, Tier};

use super::{Ids, text};
use crate::Failure;

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Owner,
    Analyst,
    /// A user who sees the campaigns of one brand.
    Advertiser,
    /// A key that reads everything of its tenant.
    Read,
    /// A key that reads one campaign.
    ReadOne,
    Collect,
    Import,
    /// The platform's admin, who reads no tenant's data.
    Admin,
    /// A request without a credential.
    Nobody,
}

/// A credential, or none.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) who: Who,
    pub(crate) text: String,
    /// What continues the session of a tenant's user.
    pub(super) refresh_token: Option<String>,
}

/// What happens to a tenant while requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// Nothing.
    Stays,
    /// It is moved to another tier.
    Moves,
    Suspended,
    /// It is offboarded, and erased in the end.
    Offboarded,
}

/// Words that are in a tenant's data and nowhere else.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// In names and events. No request of another tenant has it, so no answer to another one may.
    pub(crate) content: String,
    /// In ids that others send. A problem may quote the request, so only a success may not have it.
    pub(crate) address: String,
    /// The same of a brand that is not the advertiser's own, within the tenant.
    pub(crate) rival_content: String,
    pub(crate) rival_address: String,
}

/// A tenant with a credential of each kind, and one of each thing that a tenant has.
pub(crate) struct Shop {
    /// Where it was placed at first.
    pub(crate) tier: Tier,
    pub(crate) life: Life,
    pub(crate) words: Words,
    pub(crate) tenant: Tenant,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) ids: Ids,
    /// The ids of things that were deleted; of what cannot be deleted, ids that never were.
    pub(crate) deleted: Ids,
}

impl Words {
    pub(crate) fn of(random: &mut StdRng) -> Self {
        let mut word = |kind: char| format!("z{kind}{:016x}", random.random::<u64>());
        Self {
            content: word('c'),
            address: word('a'),
            rival_content: word('r'),
            rival_address: word('q'),
        }
    }

    /// Returns the words that no request of another one has.
    pub(crate) fn contents(&self) -> [String; 2] {
        [self.content.clone(), self.rival_content.clone()]
    }

    /// Returns the words that no log line and no metric has, whatever was asked. A tenant's id contains the other one.
    pub(crate) fn unlogged(&self) -> [String; 3] {
        [self.content.clone(), self.rival_content.clone(), self.rival_address.clone()]
    }

    /// Returns the words that requests of others have.
    pub(crate) fn addresses(&self) -> [String; 2] {
        [self.address.clone(), self.rival_address.clone()]
    }
}

impl Credential {
    /// Returns the access token of a session.
    pub(super) fn of_session(who: Who, session: &Value) -> Result<Self, Failure> {
        let refresh_token = Some(text(session, "/refresh_token")?);
        Ok(Self { who, text: text(session, "/access_token")?, refresh_token })
    }
}

impl Shop {
    /// Returns the ids with the campaign of the other brand in place of its own.
    pub(crate) fn rival_ids(&self) -> Ids {
        Ids { campaign: self.words.rival_address.clone(), ..self.ids.clone() }
    }

    /// Returns the credential of a kind; an empty one if it has none.
    pub(crate) fn credential(&self, who: Who) -> &str {
        let found = self.credentials.iter().find(|credential| credential.who == who);
        found.map_or("", |credential| credential.text.as_str())
    }
}

impl Who {
    /// Returns whether it sees only some campaigns of its tenant.
    pub(crate) fn is_limited(self) -> bool {
        matches!(self, Self::Advertiser | Self::ReadOne)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.who)
    }
}
