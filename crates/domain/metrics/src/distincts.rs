/// Values of events that are counted once however often they occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distinct {
    /// `visitor_id`.
    Visitors,
    /// `customer_id`.
    Customers,
}

/// Exact numbers of distinct values. They belong to one set of events: those of two sets cannot be
/// added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distincts {
    /// Different visitors.
    pub visitors: u64,
    /// Different customers.
    pub customers: u64,
}

impl Distincts {
    /// Returns one of the numbers.
    pub const fn of(self, distinct: Distinct) -> u64 {
        match distinct {
            Distinct::Visitors => self.visitors,
            Distinct::Customers => self.customers,
        }
    }
}
