use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use sqlx::FromRow;

use crate::{ControlPlaneError, PlatformControl};

/// How many links are read at once.
const LINKS_AT_ONCE: i64 = 1_000;

/// Stands for an absent text: longer than any text of a row.
const ABSENT: u32 = u32::MAX;

/// A link of the audit log's chain of hashes. As text: `number:hash`. Kept outside of PostgreSQL, it proves
/// that nothing up to it was changed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditLink {
    /// Its number, from 1 without a gap.
    pub number: u64,
    /// SHA-256 of the hash before it and of its row.
    pub hash: [u8; 32],
}

/// The text is not a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the number and the hash of a link, such as 17:9f86d0…")]
pub struct AuditLinkError;

/// What a verification of the audit log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every row is as it was written. `last` is the last link; `None` if the log is empty.
    Whole {
        /// The last link.
        last: Option<AuditLink>,
    },
    /// The chain is broken.
    Broken {
        /// The number of the link.
        number: u64,
        /// Why.
        fault: AuditFault,
    },
    /// So many rows have no link.
    Unchained(u64),
}

/// Why the chain of the audit log is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// The link is missing.
    NoLink,
    /// The row of the link is missing.
    NoRow,
    /// The row, or the hash, is not as it was written.
    Changed,
    /// The link is not the one that was kept.
    NotAsKept,
}

#[derive(FromRow)]
struct LinkRow {
    number: i64,
    hash: Vec<u8>,
    audit_id: i64,
    at_micros: Option<i64>,
    actor: Option<String>,
    action: Option<String>,
    client_id: Option<String>,
    subject: Option<String>,
    detail: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
}

impl PlatformControl {
    /// Computes every hash of the audit log again. With a link that was `kept` elsewhere, it also finds out
    /// whether the log was written anew.
    pub async fn verify_audit_log(
        &self,
        kept: Option<AuditLink>,
    ) -> Result<AuditVerdict, ControlPlaneError> {
        let mut last: Option<AuditLink> = None;
        loop {
            let before = last.map_or(0, |link| link.number);
            let mut transaction = self.begin().await?;
            let rows: Vec<LinkRow> = sqlx::query_as(sql!("audit/links"))
                .bind(before.cast_signed())
                .bind(LINKS_AT_ONCE)
                .fetch_all(&mut transaction)
                .await?;
            transaction.commit().await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let number = last.map_or(0, |link| link.number) + 1;
                let previous = last.map_or(Vec::new(), |link| link.hash.to_vec());
                match row.check(number, &previous) {
                    Ok(link) if kept.is_some_and(|kept| kept.number == number && kept != link) => {
                        return Ok(AuditVerdict::Broken { number, fault: AuditFault::NotAsKept });
                    }
                    Ok(link) => last = Some(link),
                    Err(fault) => return Ok(AuditVerdict::Broken { number, fault }),
                }
            }
        }
        if let Some(kept) = kept.filter(|kept| last.is_none_or(|last| last.number < kept.number)) {
            return Ok(AuditVerdict::Broken { number: kept.number, fault: AuditFault::NoLink });
        }
        let mut transaction = self.begin().await?;
        let unchained: i64 =
            sqlx::query_scalar(sql!("audit/unchained")).fetch_one(&mut transaction).await?;
        transaction.commit().await?;
        match unchained {
            0 => Ok(AuditVerdict::Whole { last }),
            rows => Ok(AuditVerdict::Unchained(rows.cast_unsigned())),
        }
    }
}

impl LinkRow {
    /// Checks that this is link `number` of the chain, after the hash `previous`.
    fn check(&self, number: u64, previous: &[u8]) -> Result<AuditLink, AuditFault> {
        if self.number.cast_unsigned() != number {
            return Err(AuditFault::NoLink);
        }
        let at_micros = self.at_micros.ok_or(AuditFault::NoRow)?;
        let mut hash = Sha256::new();
        hash.update(previous);
        for whole in [self.number, self.audit_id, at_micros] {
            hash.update(whole.to_be_bytes());
        }
        for text in [
            &self.actor,
            &self.action,
            &self.client_id,
            &self.subject,
            &self.detail,
            &self.address,
            &self.request_id,
        ] {
            match text {
                None => hash.update(ABSENT.to_be_bytes()),
                Some(text) => {
                    // PostgreSQL stores no text of 2 GB.
                    let length = u32::try_from(text.len()).unwrap_or(ABSENT);
                    hash.update(length.to_be_bytes());
                    hash.update(text);
                }
            }
        }
        let hash: [u8; 32] = hash.finalize().into();
        if self.hash == hash { Ok(AuditLink { number, hash }) } else { Err(AuditFault::Changed) }
    }
}

impl fmt::Display for AuditLink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.number, hex::encode(self.hash))
    }
}

impl FromStr for AuditLink {
    type Err = AuditLinkError;

    fn from_str(text: &str) -> Result<Self, AuditLinkError> {
        let (number, hash) = text.split_once(':').ok_or(AuditLinkError)?;
        let number = number.parse().ok().filter(|number| *number > 0).ok_or(AuditLinkError)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).map_err(|_| AuditLinkError)?;
        Ok(Self { number, hash: bytes })
    }
}

impl fmt::Display for AuditFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoLink => "the link is missing",
            Self::NoRow => "its row is missing",
            Self::Changed => "its row is not as it was written",
            Self::NotAsKept => "it is not the link that was kept",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_as_it_is_shown() {
        let link = AuditLink { number: 17, hash: [0xab; 32] };
        assert_eq!(link.to_string().parse(), Ok(link));
        for wrong in ["", "17", "0:ab", "17:ab", "x:ab", "-1:ab"] {
            assert_eq!(wrong.parse::<AuditLink>(), Err(AuditLinkError), "{wrong}");
        }
    }
}
