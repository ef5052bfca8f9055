use super::{ground::Ground, ways::Way};
use crate::{
    Failure,
    figures::Outcome,
    routes::Route,
    stand::{Answer, Credential, Ids, Life, Shop, Who},
};

/// Headers that differ between two answers to the same request.
const VARYING: [&str; 8] = [
    "connection",
    "date",
    "x-request-id",
    "ratelimit",
    "ratelimit-policy",
    "server-timing",
    "traceparent",
    "content-length",
];

/// Whose ids a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// Its own.
    Own,
    /// Of things of its own tenant that were deleted.
    Deleted,
    /// Of another brand of its own tenant.
    Rival,
    /// Of another tenant, perhaps one that is moved, suspended or offboarded.
    Foreign,
}

/// One way to ask one route.
pub(super) struct Probe<'a> {
    pub(super) route: &'a Route,
    pub(super) by: &'a Shop,
    pub(super) credential: &'a Credential,
    pub(super) aim: Aim,
    pub(super) target: &'a Shop,
    pub(super) way: Way,
}

/// What came of a probe.
#[derive(Default)]
pub(super) struct Tried {
    requests: usize,
    /// Those with ids of a tenant to which something happens.
    at_lives: Vec<&'static str>,
    compared: usize,
    limited: usize,
    own_words: usize,
    findings: Vec<String>,
}

impl Tried {
    pub(super) fn add_to(self, outcome: &mut Outcome) {
        outcome.count("requests", self.requests);
        self.at_lives.into_iter().for_each(|name| outcome.count(name, 1));
        outcome.count("compared with an absent id", self.compared);
        outcome.count("over a limit", self.limited);
        outcome.count("answers with own words", self.own_words);
        self.findings.into_iter().for_each(|finding| outcome.find(finding));
    }
}

impl Probe<'_> {
    /// Returns whether it comes after all others: events are stored, and their tenant may read what it has sent.
    pub(super) fn is_last(&self) -> bool {
        self.route.path == "/v1/events"
    }

    fn is_of_admins(&self) -> bool {
        self.route.path.starts_with("/v1/admin/")
    }

    /// Sends the request, and the same with an absent id if both must be answered alike.
    pub(super) async fn run(self, ground: &Ground) -> Tried {
        let mut tried = Tried::default();
        if let Err(failure) = self.check(ground, &mut tried).await {
            tried.findings.push(format!("{}: no answer: {failure}", self.name()));
        }
        tried
    }

    async fn check(&self, ground: &Ground, tried: &mut Tried) -> Result<(), Failure> {
        let ids = match self.aim {
            Aim::Own => self.by.ids.clone(),
            Aim::Deleted => self.by.deleted.clone(),
            Aim::Rival => self.by.rival_ids(),
            Aim::Foreign => self.target.ids.clone(),
        };
        let answer = self.send(ground, &ids, tried).await?;
        let name = || self.name();
        if answer.status >= 500 {
            let status = answer.status;
            tried.findings.push(format!("{}: answers {status}: {}", name(), answer.text()));
        }
        if self.is_of_admins() && self.credential.who == Who::Admin {
            // An admin sees the names of tenants, and what exists.
            return Ok(());
        }
        if let Some(word) = ground.leaks(self.by, self.credential.who).found_in(&answer) {
            tried.findings.push(format!("{}: has {word}: {}", name(), answer.text()));
        }
        if let Some(expected) =
            self.expected().filter(|expected| !expected.contains(&answer.status))
        {
            let status = answer.status;
            tried.findings.push(format!("{}: answers {status}, not {expected:?}", name()));
        }
        if self.aim == Aim::Own && answer.everything().contains(&self.by.words.content) {
            tried.own_words += 1;
        }
        let hides = self.route.hides_foreign_ids() || self.route.hides_named_things();
        if self.aim == Aim::Own || self.way != Way::Plain || !hides {
            return Ok(());
        }
        let absent = Ids::absent();
        let without = self.send(ground, &absent, tried).await?;
        if answer.status == 429 || without.status == 429 {
            return Ok(());
        }
        tried.compared += 1;
        let (answer, without) = (shape(&answer, &ids), shape(&without, &absent));
        if answer != without {
            tried.findings.push(format!("{}: {answer:?} and not {without:?}", name()));
        }
        Ok(())
    }

    async fn send(&self, ground: &Ground, ids: &Ids, tried: &mut Tried) -> Result<Answer, Failure> {
        let named = (ids, self.target);
        let request =
            self.way.request(&ground.stand, self.route, self.by, named, self.credential)?;
        let answer = Answer::of(request).await?;
        tried.requests += 1;
        tried.at_lives.extend(match self.target.life {
            Life::Stays => None,
            Life::Moves => Some("with ids of moved tenants"),
            Life::Suspended => Some("of suspended ones"),
            Life::Offboarded => Some("of offboarded ones"),
        });
        tried.limited += usize::from(answer.status == 429);
        Ok(answer)
    }

    /// Returns the statuses that the answer may have; none if that is another test's matter.
    fn expected(&self) -> Option<Vec<u16>> {
        let Self { route, credential, .. } = self;
        let is_admins = self.is_of_admins();
        if !route.is_guarded {
            return None;
        }
        if credential.who == Who::Nobody {
            return Some(vec![401]);
        }
        if self.way.spoils_the_credential() {
            return Some(vec![401]);
        }
        if is_admins && credential.who != Who::Admin {
            // Before a permission, a path may lead nowhere, and a query may turn out to be none of the route.
            return Some(if self.way == Way::Plain { vec![403] } else { vec![400, 403, 404, 422] });
        }
        if self.aim == Aim::Own || !route.hides_foreign_ids() || credential.who == Who::Admin {
            return None;
        }
        // What was deleted has the status of what never was, which is compared.
        if self.way != Way::Plain || self.aim == Aim::Deleted {
            return None;
        }
        let is_owner = credential.who == Who::Owner;
        Some(if is_owner { vec![404] } else { vec![403, 404] })
    }

    fn name(&self) -> String {
        let Self { route: Route { method, path, .. }, by, credential, aim, target, way } = self;
        let from = (by.tier, by.life);
        let to = (target.tier, target.life);
        format!("{method} {path} as {credential:?} of {from:?}, {aim:?} {to:?}, {way:?}")
    }
}

/// Returns what two answers about absent things have in common: status, headers, and the body without ids.
fn shape(answer: &Answer, ids: &Ids) -> (u16, Vec<(String, String)>, String) {
    let request_id = answer.headers.get("x-request-id").map(String::as_str).unwrap_or_default();
    let without_ids = |text: &str| {
        let named = ids.all().into_iter().chain([request_id]).filter(|id| !id.is_empty());
        named.fold(text.to_owned(), |text, id| text.replace(id, "…"))
    };
    let varies = |name: &String| VARYING.contains(&name.as_str());
    let headers = answer.headers.iter().filter(|(name, _)| !varies(name));
    let headers = headers.map(|(name, value)| (name.clone(), without_ids(value))).collect();
    (answer.status, headers, without_ids(&answer.text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str, request: &str) -> Answer {
        let headers = [("x-request-id", request), ("content-type", "application/problem+json")];
        Answer {
            status: 404,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn answers_that_differ_by_ids_only_have_one_shape() {
        let (one, two) = (Ids::absent(), Ids::absent());
        let first = answer(&format!("no {} in r-1", one.cohort), "r-1");
        let second = answer(&format!("no {} in r-2", two.cohort), "r-2");
        assert_eq!(shape(&first, &one), shape(&second, &two));
        let third = answer("it is another tenant's", "r-3");
        assert_ne!(shape(&first, &one), shape(&third, &two));
    }
}
