use std::fmt;

use problem::FieldError;

use super::{
    changes::changes, current::Current, field::Fields, neighbours::Neighbours, order::TenantOrder,
    step::Step,
};

/// What would change, in the order in which it must.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    steps: Vec<Step>,
}

/// What is wrong with one field of the order at an index.
pub(super) type Objection = (usize, FieldError);

impl Plan {
    /// The changes, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether everything is as it should be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// One line for each change.
impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(out, "{step}"))
    }
}

/// What has to change for `orders` to be true; or every objection there is.
pub(super) fn plan(orders: &[TenantOrder], current: &Current) -> Result<Plan, Vec<Objection>> {
    let neighbours = Neighbours::new(orders, current);
    let (mut steps, mut objections) = (Vec::new(), Vec::new());
    for (index, order) in orders.iter().enumerate() {
        let mut fields = Fields::default();
        neighbours.check(&mut fields, order, current);
        check_across(&mut fields, order, orders.get(..index).unwrap_or_default());
        let known = current.tenants.get(&order.client_id);
        let changes = changes(&mut fields, order, known, &current.taken_emails);
        let client_id = &order.client_id;
        steps.extend(
            changes.into_iter().map(|change| Step { client_id: client_id.clone(), change }),
        );
        objections.extend(fields.into_errors().into_iter().map(|error| (index, error)));
    }
    if objections.is_empty() { Ok(Plan { steps }) } else { Err(objections) }
}

/// Ids and addresses that an earlier order claims too.
fn check_across(fields: &mut Fields, order: &TenantOrder, earlier: &[TenantOrder]) {
    let same_id = earlier.iter().any(|other| other.client_id == order.client_id);
    fields.must(!same_id, "/id", "must be another id: another file has this one");
    for (index, user) in order.users.iter().enumerate() {
        let claims = |other: &TenantOrder| other.users.iter().any(|one| one.email == user.email);
        if let Some(other) = earlier.iter().find(|other| claims(other)) {
            let reason =
                format!("must be another address: this one is invited to {}", other.client_id);
            fields.fault(&format!("/users/{index}/email"), reason);
        }
    }
}
