use privacy::{Person, PersonKind};
use problem::{Code, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

/// The most persons of one request.
const MOST_PERSONS: usize = 100;

/// Visitors and customers of the tenant's shop, at least one and at most 100 together.
///
/// Only events with one of these ids are theirs: name the visitors of a customer, too, for the events before the
/// customer logged in.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonsBody {
    /// Ids of visitors, as events have them in `visitor_id`: 1 to 200 bytes of UTF-8.
    #[serde(default)]
    #[schema(max_items = 100, example = json!(["v-018f2c"]))]
    visitors: Vec<String>,
    /// Ids of customers, as events have them in `customer_id`: 1 to 200 bytes of UTF-8.
    #[serde(default)]
    #[schema(max_items = 100, example = json!(["5f0c7b"]))]
    customers: Vec<String>,
}

/// Valid persons.
pub(crate) struct Persons {
    pub(super) visitors: Vec<Person>,
    pub(super) customers: Vec<Person>,
}

impl Persons {
    pub(super) fn all(&self) -> impl Iterator<Item = &Person> {
        self.visitors.iter().chain(&self.customers)
    }

    pub(super) fn include(&self, kind: PersonKind, id: &str) -> bool {
        self.all().any(|person| (person.kind(), person.id()) == (kind, id))
    }
}

impl PersonsBody {
    /// Reads the persons.
    ///
    /// # Errors
    /// Every wrong field, and what would be correct. It does not repeat an id.
    pub(super) fn parse(&self) -> Result<Persons, Problem> {
        let count = self.visitors.len() + self.customers.len();
        if count == 0 {
            return Err(Problem::field("", "must name at least one of visitors or customers"));
        }
        if count > MOST_PERSONS {
            let reason = format!("must name at most {MOST_PERSONS} persons; send the others apart");
            return Err(Problem::field("", reason));
        }
        let mut wrong = Vec::new();
        let mut read = |kind, list: &str, ids: &[String]| {
            let mut persons = Vec::new();
            for (index, id) in ids.iter().enumerate() {
                match Person::new(kind, id) {
                    Ok(person) => persons.push(person),
                    Err(error) => wrong.push((format!("/{list}/{index}"), error.to_string())),
                }
            }
            persons
        };
        let visitors = read(PersonKind::Visitor, "visitors", &self.visitors);
        let customers = read(PersonKind::Customer, "customers", &self.customers);
        if wrong.is_empty() {
            return Ok(Persons { visitors, customers });
        }
        let problem = Problem::new(Code::InvalidField, "Ids of persons are not valid.");
        let with = |problem: Problem, (pointer, reason)| problem.with_error(pointer, reason);
        Err(wrong.into_iter().fold(problem, with))
    }
}
