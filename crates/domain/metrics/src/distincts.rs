/// Values of events that are counted once however often they occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distinct {
    /// `visitor_id`.
    Visitors,
    /// The sessions of visitors that begin there.
    Sessions,
    /// `customer_id`.
    Customers,
    /// Customers whose first order is counted: `customer_id`, or `visitor_id` of orders without one.
    NewCustomers,
    /// Customers of whom a later order is counted.
    ReturningCustomers,
}

impl Distinct {
    /// Returns whether the number depends on the first order of each customer.
    pub const fn depends_on_first_orders(self) -> bool {
        matches!(self, Self::NewCustomers | Self::ReturningCustomers)
    }
}

/// Exact numbers of distinct values. They belong to one set of events: those of two sets cannot be
/// added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distincts {
    /// Different visitors.
    pub visitors: u64,
    /// The sessions that begin there.
    pub sessions: u64,
    /// Different customers.
    pub customers: u64,
    /// Different customers whose first order is counted.
    pub new_customers: u64,
    /// Different customers of whom a later order is counted.
    pub returning_customers: u64,
}

impl Distincts {
    /// Returns one of the numbers.
    pub const fn of(self, distinct: Distinct) -> u64 {
        match distinct {
            Distinct::Visitors => self.visitors,
            Distinct::Sessions => self.sessions,
            Distinct::Customers => self.customers,
            Distinct::NewCustomers => self.new_customers,
            Distinct::ReturningCustomers => self.returning_customers,
        }
    }
}
