//! Campaigns as the parameter `campaigns` lists them.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use problem::Problem;
use tenancy::CampaignId;

use crate::live::MAX_NAMED;

/// The characters that separate ids or escape others.
const ESCAPED: &AsciiSet = &CONTROLS.add(b',').add(b'%');

/// Reads a list of campaigns. Returns each once, sorted.
///
/// # Errors
/// Names what is not an id; or there are too many.
pub(super) fn read(list: &str) -> Result<Vec<CampaignId>, Problem> {
    let wrong = |reason: String| Problem::field("?campaigns", reason);
    let mut campaigns = BTreeSet::new();
    for item in list.split(',') {
        let text = percent_decode_str(item).decode_utf8();
        let text = text.map_err(|_| wrong("must be UTF-8".to_owned()))?;
        campaigns.insert(text.parse().map_err(|error| wrong(format!("{error}")))?);
        if campaigns.len() > MAX_NAMED {
            return Err(wrong(format!("must be at most {MAX_NAMED} campaigns")));
        }
    }
    Ok(campaigns.into_iter().collect())
}

/// Writes a list of campaigns.
pub(super) fn write(campaigns: &[CampaignId]) -> String {
    let items = campaigns.iter().map(|id| utf8_percent_encode(id.as_str(), ESCAPED).to_string());
    items.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_with_a_comma_is_one_campaign() {
        let ids = ["50% off, now", "a/b?c", "é"].map(|id| id.parse().unwrap()).to_vec();
        let list = write(&ids);
        assert_eq!(list, "50%25 off%2C now,a/b?c,%C3%A9");
        assert_eq!(read(&list).unwrap(), ids);
        assert_eq!(read("b,a,b").unwrap(), ["a", "b"].map(|id| id.parse().unwrap()));
    }

    #[test]
    fn what_is_no_list_of_campaigns_is_refused() {
        let many = (0..=MAX_NAMED).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
        for wrong in ["", "a,", ",", "a,%00", "%ff", &many] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
