use crate::stand::{Answer, Shop, Who};

/// The words that an answer must not have.
pub(super) struct Leaks {
    /// Those that no request had.
    contents: Vec<String>,
    /// Those that a request may have had: a problem may quote it.
    addresses: Vec<String>,
}

impl Leaks {
    /// Returns the words of all `others`, and of the other brand for a credential that must not see it.
    pub(super) fn of<'a>(shop: &Shop, who: Who, others: impl Iterator<Item = &'a Shop>) -> Self {
        let (mut contents, mut addresses) = (Vec::new(), Vec::new());
        for other in others {
            contents.extend(other.words.contents());
            addresses.extend(other.words.addresses());
        }
        if who.is_limited() {
            contents.push(shop.words.rival_content.clone());
            addresses.push(shop.words.rival_address.clone());
        }
        Self { contents, addresses }
    }

    /// Returns the first word that an answer has and must not have.
    pub(super) fn found_in(&self, answer: &Answer) -> Option<&str> {
        let text = answer.everything();
        let is_there = |word: &&String| text.contains(word.as_str());
        let content = self.contents.iter().find(is_there);
        let address = || self.addresses.iter().find(is_there).filter(|_| answer.is_success());
        content.or_else(address).map(String::as_str)
    }
}
