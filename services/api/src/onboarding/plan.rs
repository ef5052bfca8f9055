use std::fmt;

use problem::FieldError;

use super::{
    changes::changes, current::Current, field::Fields, neighbours::Neighbours, order::TenantOrder,
    step::Step,
};

/// The changes, in the order in which they must be applied.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    steps: Vec<Step>,
}

/// An error in one field of the order at an index.
pub(super) type Objection = (usize, FieldError);

impl Plan {
    /// Returns the changes, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// One line per change.
impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(out, "{step}"))
    }
}

/// Returns the changes that `orders` need, or every objection.
pub(super) fn plan(orders: &[TenantOrder], current: &Current) -> Result<Plan, Vec<Objection>> {
    let neighbours = Neighbours::new(orders, current);
    let mut steps = Vec::new();
    let mut objections = Vec::new();
    for (index, order) in orders.iter().enumerate() {
        let mut fields = Fields::default();
        neighbours.check(&mut fields, order, current);
        check_across(&mut fields, order, orders.get(..index).unwrap_or_default());
        let known = current.tenants.get(&order.client_id);
        let changes = changes(&mut fields, order, known);
        let client_id = &order.client_id;
        steps.extend(
            changes.into_iter().map(|change| Step { client_id: client_id.clone(), change }),
        );
        objections.extend(fields.into_errors().into_iter().map(|error| (index, error)));
    }
    if objections.is_empty() { Ok(Plan { steps }) } else { Err(objections) }
}

/// Checks for ids that an earlier order has too.
fn check_across(fields: &mut Fields, order: &TenantOrder, earlier: &[TenantOrder]) {
    let same_id = earlier.iter().any(|other| other.client_id == order.client_id);
    fields.must(!same_id, "/id", "must be another id: another file has this one");
}
