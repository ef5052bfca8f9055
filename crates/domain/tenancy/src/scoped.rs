use std::collections::BTreeMap;

use crate::TenantContext;

/// A value that belongs to a tenant.
///
/// The value itself contains no tenant; the stores write the tenant it is scoped to.
#[derive(Clone, Debug)]
pub struct Scoped<T> {
    context: TenantContext,
    value: T,
}

impl<T> Scoped<T> {
    pub(crate) fn new(context: TenantContext, value: T) -> Self {
        Self { context, value }
    }

    /// Returns the tenant.
    pub fn tenant(&self) -> &TenantContext {
        &self.context
    }

    /// Returns the value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Returns the value, to be changed in place.
    pub fn value_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// Changes the value, never the tenant.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Scoped<U> {
        Scoped { context: self.context, value: change(self.value) }
    }

    /// Changes the value, never the tenant, or fails.
    pub fn try_map<U, E>(self, change: impl FnOnce(T) -> Result<U, E>) -> Result<Scoped<U>, E> {
        Ok(Scoped { value: change(self.value)?, context: self.context })
    }

    /// Borrows the value, still scoped.
    pub fn as_ref(&self) -> Scoped<&T> {
        Scoped { context: self.context.clone(), value: &self.value }
    }
}

impl<T> Scoped<Vec<T>> {
    /// Groups values by tenant, in the order of tenant ids; each tenant's values keep their order.
    pub fn group(values: impl IntoIterator<Item = Scoped<T>>) -> Vec<Self> {
        let mut groups = BTreeMap::<_, Self>::new();
        for Scoped { context, value } in values {
            groups
                .entry(context.client_id().clone())
                .or_insert_with(|| Self { context, value: Vec::new() })
                .value
                .push(value);
        }
        groups.into_values().collect()
    }
}
