//! Erasures and exports of persons: visitors and customers of a tenant's shop.

mod body;
mod parked;

use chrono::{DateTime, SubsecRound, Utc};
use control_plane::{
    BegunPersonErasure, NewPersonErasure, PersonErasure, PersonErasureLimits, TenantControl,
};
use privacy::{ErasedPersons, PersonKey, PersonKind, any_id};
use problem::{Code, Problem};
use uuid::Uuid;
use warehouse::{PersonExport, PersonPart, PersonSearch};

use crate::{failure::Failure, member::Member, pagination::Page, state::Api};

use body::Persons;
pub(crate) use body::PersonsBody;
pub(crate) use parked::ParkedEvent;
use parked::ParkedEvents;

/// The most erasures of a tenant that are not finished, and the most persons of all its erasures.
const LIMITS: PersonErasureLimits = PersonErasureLimits { unfinished: 1_000, persons: 250_000 };

/// The erasures and exports of persons of a tenant.
pub(crate) struct Privacy<'a> {
    api: &'a Api,
    stored: TenantControl,
    member: Member<'a>,
}

/// What is left of the persons of an erasure, as far as the api can see.
pub(crate) struct Remains {
    /// Rows of events from before the erasure was asked for.
    pub(crate) event_rows: u64,
    /// Refused events from before that, which name a person.
    pub(crate) rejects: u64,
}

/// An export of persons that has begun.
pub(crate) struct BegunPersonExport {
    export: PersonExport,
    /// Read once the tables are.
    parked: ParkedEvents,
    persons: Persons,
}

/// A part of an export of persons.
pub(crate) enum ExportPart {
    /// What the tables have.
    Stored(PersonPart),
    /// An event that waits for its release.
    Parked(ParkedEvent),
}

impl<'a> Privacy<'a> {
    pub(crate) fn new(api: &'a Api, member: Member<'a>) -> Self {
        let stored = api.control_plane.for_tenant(member.tenant());
        Self { api, stored, member }
    }

    /// Begins an erasure at the time `now`. From then on, no earlier event of the persons is applied.
    pub(crate) async fn erase(
        &self,
        body: &PersonsBody,
        now: DateTime<Utc>,
    ) -> Result<PersonErasure, Failure> {
        let persons = body.parse()?;
        let key = self.key().await?;
        let mut hashes: Vec<_> =
            persons.all().map(|person| (person.kind(), key.hash(person))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        // As exact as the times of events: no event lies between this time and itself.
        let asked_at = now.trunc_subsecs(3);
        let erasure = NewPersonErasure { erasure_id: Uuid::now_v7(), asked_at, persons: hashes };
        let actor = self.member.actor();
        let PersonErasureLimits { unfinished, persons } = LIMITS;
        let detail = match self.stored.begin_person_erasure(&actor, &erasure, LIMITS).await? {
            BegunPersonErasure::Begun => return self.find(erasure.erasure_id).await,
            BegunPersonErasure::TooManyUnfinished => format!(
                "{unfinished} erasures are not finished. Wait, or name more persons in one."
            ),
            BegunPersonErasure::TooManyPersons => format!(
                "A tenant may have {persons} erased persons, each of which is remembered for ever. Ask the \
                 operator of the platform what to do."
            ),
        };
        Err(Problem::new(Code::LimitReached, detail).into())
    }

    /// Returns an erasure.
    ///
    /// # Errors
    /// The tenant has none with this id.
    pub(crate) async fn find(&self, id: Uuid) -> Result<PersonErasure, Failure> {
        let found = self.stored.person_erasure(id).await?;
        Ok(found.ok_or_else(Problem::not_found)?)
    }

    /// Returns a page, latest first, and one erasure more if there is a next page.
    pub(crate) async fn list(&self, page: &Page) -> Result<Vec<PersonErasure>, Failure> {
        let before = page.after.as_deref().map(str::parse::<Uuid>).transpose();
        let before =
            before.map_err(|_| Problem::field("?cursor", "must be a next_cursor of this list"))?;
        Ok(self.stored.person_erasures(before, page.fetch()).await?)
    }

    /// Counts what ClickHouse still has of the persons of an erasure.
    pub(crate) async fn remains(&self, id: Uuid) -> Result<Remains, Failure> {
        let erasure = self.find(id).await?;
        let key = self.key().await?;
        let mut search = PersonSearch { pads: key.pads(), persons: Vec::new() };
        let mut erased = ErasedPersons::default();
        for (_, hash) in &erasure.persons {
            search.persons.push((*hash, erasure.asked_at));
            erased.add(&erasure.client_id, &key, *hash, erasure.asked_at);
        }
        let warehouse = self.api.warehouse.for_tenant(self.member.tenant());
        let event_rows = warehouse.rows_of_persons(&search).await?;
        let names = |received_at, original: &[u8]| {
            erased.include_document(&erasure.client_id, received_at, original)
        };
        let rejects = warehouse.count_rejects_that(names).await?;
        Ok(Remains { event_rows, rejects })
    }

    /// Begins an export of all events of some persons, of the refused events that name them, and of their parked events.
    pub(crate) async fn export(&self, body: &PersonsBody) -> Result<BegunPersonExport, Failure> {
        let persons = body.parse()?;
        let warehouse = self.api.warehouse.for_tenant(self.member.tenant());
        // Found first: what is released meanwhile is still among them, if it is not in the tables yet.
        let tenant = self.member.tenant().client_id();
        let parked = ParkedEvents::find(&self.api.parked, &self.stored, tenant).await?;
        let export = warehouse.export_persons(&persons.ids()).await?;
        Ok(BegunPersonExport { export, parked, persons })
    }

    async fn key(&self) -> Result<PersonKey, Failure> {
        let fresh = PersonKey::random().map_err(Problem::internal)?;
        Ok(self.stored.person_key(&self.api.sealer, &fresh).await?)
    }
}

impl BegunPersonExport {
    /// Returns the next part; `None` at the end.
    ///
    /// # Errors
    /// The export is not complete.
    pub(crate) async fn next(&mut self) -> Result<Option<ExportPart>, Failure> {
        let Self { export, parked, persons } = self;
        let is_named = |kind: PersonKind, id: &str| persons.include(kind, id);
        if let Some(part) = export.next(|original| any_id(original, is_named)).await? {
            return Ok(Some(ExportPart::Stored(part)));
        }
        Ok(parked.next(persons).await?.map(ExportPart::Parked))
    }
}

impl Persons {
    fn ids(&self) -> warehouse::PersonIds {
        let ids = |persons: &[privacy::Person]| {
            persons.iter().map(|person| person.id().to_owned()).collect()
        };
        warehouse::PersonIds { visitors: ids(&self.visitors), customers: ids(&self.customers) }
    }
}
