//! What each credential may see and write, as the documents say it. It shares no code with the api.

use crate::stand::Who;

/// A kind of thing that users keep beside the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Annotation,
    Report,
}

/// A credential: the number of its tenant, and what it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    pub(super) shop: usize,
    pub(super) who: Who,
}

/// What an actor does with a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Show,
    Change,
    Delete,
}

/// A thing that was created, and perhaps deleted.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) author: Actor,
    /// Whether it is the tenant's; else it is its author's.
    pub(super) is_shared: bool,
    /// Whether it names the campaign that the limited credentials see.
    pub(super) names_campaign: bool,
    pub(super) text: String,
    pub(super) exists: bool,
}

impl Actor {
    fn is_key(self) -> bool {
        matches!(self.who, Who::Read | Who::ReadOne)
    }

    /// Returns the status of an order to create a thing.
    pub(super) fn creates(self, kind: Kind, is_shared: bool) -> u16 {
        let may_share = match kind {
            Kind::Annotation => self.who == Who::Owner,
            Kind::Report => !self.who.is_limited(),
        };
        if self.is_key() || (is_shared && !may_share) { 403 } else { 201 }
    }
}

impl Thing {
    /// Returns whether an actor sees it.
    pub(super) fn is_visible_to(&self, actor: Actor) -> bool {
        if !self.exists || self.author.shop != actor.shop {
            return false;
        }
        if !self.is_shared {
            return self.author == actor;
        }
        let tells_of_others = self.kind == Kind::Report || !self.names_campaign;
        !(actor.who.is_limited() && tells_of_others)
    }

    /// Returns the status of a deed.
    pub(super) fn answers(&self, deed: Deed, actor: Actor) -> u16 {
        let is_visible = self.is_visible_to(actor);
        if deed == Deed::Show {
            return if is_visible { 200 } else { 404 };
        }
        // Who sees only some campaigns shares no report, whatever it replaces.
        let shares = self.kind == Kind::Report && deed == Deed::Change && actor.who.is_limited();
        if actor.is_key() || shares {
            return 403;
        }
        if !is_visible {
            return 404;
        }
        let may_write = self.author == actor || actor.who == Who::Owner;
        match deed {
            _ if !may_write => 403,
            Deed::Delete => 204,
            Deed::Show | Deed::Change => 200,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(shop: usize, who: Who) -> Actor {
        Actor { shop, who }
    }

    fn thing(kind: Kind, author: Actor, is_shared: bool) -> Thing {
        let (id, text) = (String::new(), String::new());
        Thing { kind, id, author, is_shared, names_campaign: false, text, exists: true }
    }

    #[test]
    fn what_is_personal_is_seen_by_its_author_only() {
        let own = thing(Kind::Annotation, actor(0, Who::Analyst), false);
        assert!(own.is_visible_to(actor(0, Who::Analyst)));
        for other in [actor(0, Who::Owner), actor(1, Who::Analyst), actor(0, Who::Read)] {
            assert!(!own.is_visible_to(other), "{other:?}");
        }
    }

    #[test]
    fn what_is_shared_is_seen_within_its_tenant_and_written_by_author_and_owners() {
        let shared = thing(Kind::Report, actor(0, Who::Analyst), true);
        let answers = |deed, who| shared.answers(deed, actor(0, who));
        assert_eq!(answers(Deed::Show, Who::Read), 200);
        assert_eq!(answers(Deed::Change, Who::Read), 403);
        assert_eq!(answers(Deed::Delete, Who::Owner), 204);
        assert_eq!(answers(Deed::Show, Who::Advertiser), 404);
        assert_eq!(shared.answers(Deed::Delete, actor(1, Who::Owner)), 404);
    }
}
