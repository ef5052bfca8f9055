use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use events::CanonicalEvent;
use tenancy::ClientId;

use crate::{PersonHash, PersonKey, PersonKind, any_id};

/// The persons of all tenants that were erased, and when. A clone shares what it does not change.
#[derive(Clone, Debug, Default)]
pub struct ErasedPersons {
    tenants: HashMap<ClientId, Arc<OfTenant>>,
}

#[derive(Clone, Debug)]
struct OfTenant {
    /// `None` if it cannot be opened: then the tenant's earlier events may be of anybody.
    key: Option<PersonKey>,
    /// Events since then are of nobody who was erased, without a look at their ids.
    latest: DateTime<Utc>,
    before: HashMap<PersonHash, DateTime<Utc>>,
}

impl ErasedPersons {
    /// Adds a person of a tenant. Of a person that was erased more than once, the last time counts.
    pub fn add(
        &mut self,
        client_id: &ClientId,
        key: &PersonKey,
        person: PersonHash,
        before: DateTime<Utc>,
    ) {
        let tenant = self.of_tenant(client_id, Some(key), before);
        let known = tenant.before.entry(person).or_insert(before);
        *known = before.max(*known);
    }

    /// Adds a tenant whose key cannot be opened, and whose last erasure was asked for at `latest`. Each of its events
    /// from before that is taken for one of an erased person: see [`Self::in_doubt`].
    pub fn add_unreadable(&mut self, client_id: &ClientId, latest: DateTime<Utc>) {
        self.of_tenant(client_id, None, latest).key = None;
    }

    fn of_tenant(
        &mut self,
        client_id: &ClientId,
        key: Option<&PersonKey>,
        before: DateTime<Utc>,
    ) -> &mut OfTenant {
        let new =
            || Arc::new(OfTenant { key: key.cloned(), latest: before, before: HashMap::new() });
        let tenant = self.tenants.entry(client_id.clone()).or_insert_with(new);
        let tenant = Arc::make_mut(tenant);
        tenant.latest = tenant.latest.max(before);
        tenant
    }

    /// Removes the persons of a tenant.
    pub fn forget(&mut self, client_id: &ClientId) {
        self.tenants.remove(client_id);
    }

    /// Adds the persons of another list.
    pub fn merge(&mut self, other: &Self) {
        for (client_id, tenant) in &other.tenants {
            let Some(key) = &tenant.key else {
                self.add_unreadable(client_id, tenant.latest);
                continue;
            };
            for (person, before) in &tenant.before {
                self.add(client_id, key, *person, *before);
            }
        }
    }

    /// Returns the tenants of which nobody can tell which earlier events are of erased persons, because their keys
    /// cannot be opened.
    pub fn in_doubt(&self) -> impl Iterator<Item = &ClientId> {
        let tenants = self.tenants.iter().filter(|(_, tenant)| tenant.key.is_none());
        tenants.map(|(client_id, _)| client_id)
    }

    /// Returns whether any person of the tenant was erased.
    pub fn concern(&self, client_id: &ClientId) -> bool {
        self.tenants.contains_key(client_id)
    }

    /// Returns whether the event is one of an erased person, from before that: it happened or was received before
    /// the erasure was asked for.
    pub fn include(&self, client_id: &ClientId, event: &CanonicalEvent<'_>) -> bool {
        if self.tenants.is_empty() {
            return false;
        }
        let Some(tenant) = self.tenants.get(client_id) else { return false };
        let time = event.event_time.min(event.received_at);
        if time >= tenant.latest {
            return false;
        }
        if tenant.key.is_none() {
            return true;
        }
        let ids = [
            (PersonKind::Visitor, event.visitor_id.as_deref()),
            (PersonKind::Customer, event.customer_id.as_deref()),
        ];
        ids.into_iter().any(|(kind, id)| id.is_some_and(|id| tenant.is_erased(kind, id, time)))
    }

    /// Returns whether a document without a schema, which was received at that time, has the id of an erased person:
    /// see [`any_id`].
    pub fn include_document(
        &self,
        client_id: &ClientId,
        received_at: DateTime<Utc>,
        document: &[u8],
    ) -> bool {
        let Some(tenant) = self.tenants.get(client_id) else { return false };
        if received_at >= tenant.latest {
            return false;
        }
        let is_erased = |kind: PersonKind, id: &str| tenant.is_erased(kind, id, received_at);
        tenant.key.is_none() || any_id(document, is_erased)
    }

    /// Returns whether a word is the id of a person of the tenant that was erased, of either kind.
    pub fn include_word(&self, client_id: &ClientId, word: &str) -> bool {
        let tenant = self.tenants.get(client_id);
        let Some((tenant, key)) = tenant.and_then(|it| Some((it, it.key.as_ref()?))) else {
            return false;
        };
        let mut hashes = PersonKind::ALL.into_iter().map(|kind| key.hash_of(kind, word));
        hashes.any(|hash| tenant.before.contains_key(&hash))
    }
}

impl OfTenant {
    fn is_erased(&self, kind: PersonKind, id: &str, time: DateTime<Utc>) -> bool {
        let hash = self.key.as_ref().map(|key| key.hash_of(kind, id));
        hash.and_then(|hash| self.before.get(&hash)).is_some_and(|before| time < *before)
    }
}

#[cfg(test)]
mod tests {
    use events::ParseContext;

    use super::*;
    use crate::Person;

    fn event(visitor: &str, customer: &str, at: &str, received: &str) -> CanonicalEvent<'static> {
        let tenant = "acme".parse().unwrap();
        let raw = serde_json::json!({"type": "page_view", "visitor_id": visitor,
            "customer_id": customer, "event_time": at});
        let currency = "EUR".parse().unwrap();
        let context = ParseContext::new(&tenant, currency, received.parse().unwrap());
        events::parse(raw.to_string().as_bytes(), &context).unwrap().event.into()
    }

    const BEFORE: &str = "2026-03-01T11:59:59.999Z";
    const AFTER: &str = "2026-03-01T12:00:00Z";

    fn erased(persons: &[(PersonKind, &str)]) -> ErasedPersons {
        let mut erased = ErasedPersons::default();
        let key = PersonKey::from_bytes(&[7; 32]).unwrap();
        for (kind, id) in persons {
            let hash = key.hash(&Person::new(*kind, id).unwrap());
            erased.add(&"acme".parse().unwrap(), &key, hash, AFTER.parse().unwrap());
        }
        erased
    }

    #[test]
    fn events_of_a_person_are_included_by_the_id_that_was_erased() {
        let erased = erased(&[(PersonKind::Visitor, "v"), (PersonKind::Customer, "c")]);
        let includes = |visitor, customer| {
            erased.include(&"acme".parse().unwrap(), &event(visitor, customer, BEFORE, BEFORE))
        };
        assert!(includes("v", "other"));
        assert!(includes("other", "c"));
        assert!(!includes("other", "other"));
        assert!(!includes("c", "v"), "another kind of id");
        assert!(!erased.include(&"globex".parse().unwrap(), &event("v", "c", BEFORE, BEFORE)));
    }

    #[test]
    fn an_event_that_happened_or_was_received_before_the_erasure_is_included_and_a_later_one_is_not()
     {
        let erased = erased(&[(PersonKind::Visitor, "v")]);
        let includes =
            |at, received| erased.include(&"acme".parse().unwrap(), &event("v", "c", at, received));
        assert!(includes(BEFORE, BEFORE));
        assert!(includes(BEFORE, AFTER), "history that is imported again");
        assert!(!includes(AFTER, AFTER), "the person came back");
    }

    #[test]
    fn a_person_that_is_erased_again_is_erased_until_the_last_time() {
        let mut erased = erased(&[(PersonKind::Visitor, "v")]);
        let later = "2026-04-01T00:00:00Z";
        let key = PersonKey::from_bytes(&[7; 32]).unwrap();
        let hash = key.hash(&Person::new(PersonKind::Visitor, "v").unwrap());
        let tenant = "acme".parse().unwrap();
        erased.add(&tenant, &key, hash, later.parse().unwrap());
        assert!(erased.include(&tenant, &event("v", "c", AFTER, AFTER)));
        assert!(!erased.include(&tenant, &event("v", "c", later, later)));
        let mut merged = self::erased(&[(PersonKind::Customer, "c"), (PersonKind::Visitor, "v")]);
        merged.merge(&erased);
        assert!(merged.include(&tenant, &event("v", "other", AFTER, AFTER)));
        assert!(merged.include(&tenant, &event("other", "c", BEFORE, AFTER)));
        assert!(!merged.include(&tenant, &event("other", "c", AFTER, AFTER)));
    }

    #[test]
    fn without_a_key_only_earlier_events_are_in_doubt_and_only_those_of_the_tenant() {
        let mut erased = erased(&[(PersonKind::Visitor, "v")]);
        let (tenant, other) = ("acme".parse().unwrap(), "globex".parse().unwrap());
        assert_eq!(erased.in_doubt().count(), 0);
        erased.forget(&tenant);
        assert!(!erased.concern(&tenant));
        erased.add_unreadable(&tenant, AFTER.parse().unwrap());
        assert_eq!(erased.in_doubt().collect::<Vec<_>>(), [&tenant]);
        assert!(erased.include(&tenant, &event("anybody", "c", BEFORE, AFTER)));
        assert!(erased.include_document(&tenant, BEFORE.parse().unwrap(), b"{}"));
        assert!(!erased.include(&tenant, &event("anybody", "c", AFTER, AFTER)));
        assert!(!erased.include(&other, &event("v", "c", BEFORE, BEFORE)));
    }

    #[test]
    fn a_clone_does_not_change_with_the_list() {
        let erased = erased(&[(PersonKind::Visitor, "v")]);
        let mut more = erased.clone();
        let tenant = "acme".parse().unwrap();
        let key = PersonKey::from_bytes(&[7; 32]).unwrap();
        let hash = key.hash(&Person::new(PersonKind::Visitor, "w").unwrap());
        more.add(&tenant, &key, hash, AFTER.parse().unwrap());
        assert!(more.include_word(&tenant, "v") && more.include_word(&tenant, "w"));
        assert!(!erased.include_word(&tenant, "w"));
    }

    #[test]
    fn a_word_is_found_whichever_kind_of_id_it_is() {
        let erased = erased(&[(PersonKind::Visitor, "v"), (PersonKind::Customer, "c")]);
        let includes = |word| erased.include_word(&"acme".parse().unwrap(), word);
        assert!(includes("v") && includes("c") && !includes("w"));
        assert!(!erased.include_word(&"globex".parse().unwrap(), "v"));
    }

    #[test]
    fn a_document_is_found_by_the_fields_of_ids_and_by_its_words_if_it_cannot_be_read() {
        let erased = erased(&[
            (PersonKind::Visitor, "v"),
            (PersonKind::Customer, "c"),
            (PersonKind::Visitor, "page_view"),
        ]);
        let includes = |received: &str, document: &str| {
            let received = received.parse().unwrap();
            erased.include_document(&"acme".parse().unwrap(), received, document.as_bytes())
        };
        assert!(includes(BEFORE, r#"{"anonymousId":"v","cost":"a lot"}"#));
        assert!(includes(BEFORE, r#"{"userId":"c","#));
        assert!(!includes(BEFORE, r#"{"anonymousId":"w"}"#));
        assert!(!includes(AFTER, r#"{"anonymousId":"v"}"#));
        assert!(includes(BEFORE, r#"{"batch":[{"context":{"userId":"c"}}]}"#));
        assert!(!includes(BEFORE, r#"{"userId":"v"}"#), "another kind of id");
        assert!(!includes(BEFORE, r#"{"type":"page_view","cost":"a lot"}"#), "the type of all");
    }
}
