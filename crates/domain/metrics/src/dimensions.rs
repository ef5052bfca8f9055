use std::sync::Arc;

use crate::{DeclaredDimension, Dimension};

/// The dimensions of a tenant: the built-in ones, and those that it has declared.
#[derive(Clone, Debug, Default)]
pub struct Dimensions(Vec<Arc<DeclaredDimension>>);

impl Dimensions {
    /// The built-in ones alone.
    pub const BUILT_IN: Self = Self(Vec::new());

    /// Returns the dimension of this name.
    pub fn named(&self, name: &str) -> Option<Dimension> {
        let declared = || {
            let found = self.0.iter().find(|own| own.name.as_str() == name)?;
            Some(Dimension::Declared(Arc::clone(found)))
        };
        name.parse().ok().or_else(declared)
    }

    /// Returns all, the built-in ones first.
    pub fn all(&self) -> impl Iterator<Item = Dimension> {
        Dimension::ALL.into_iter().chain(self.0.iter().cloned().map(Dimension::Declared))
    }

    /// Returns all names, the built-in ones first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        Dimension::NAMES.into_iter().chain(self.0.iter().map(|own| own.name.as_str()))
    }
}

impl FromIterator<DeclaredDimension> for Dimensions {
    fn from_iter<I: IntoIterator<Item = DeclaredDimension>>(declared: I) -> Self {
        Self(declared.into_iter().map(Arc::new).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PropertyType;

    #[test]
    fn a_tenant_has_the_built_in_dimensions_and_its_own() {
        let declared = DeclaredDimension {
            name: "loyalty_tier".parse().unwrap(),
            pointer: "/properties/loyalty/tier".parse().unwrap(),
            kind: PropertyType::String,
        };
        let own: Dimensions = [declared.clone()].into_iter().collect();
        assert_eq!(own.named("device"), Some(Dimension::Device));
        assert_eq!(own.named("loyalty_tier"), Some(Dimension::Declared(Arc::new(declared))));
        assert_eq!(own.named("loyalty"), None);
        assert_eq!(Dimensions::BUILT_IN.named("loyalty_tier"), None);
        assert_eq!(own.names().last(), Some("loyalty_tier"));
        assert_eq!(own.all().count(), Dimension::ALL.len() + 1);
        assert_eq!(Dimensions::BUILT_IN.all().count(), Dimension::ALL.len());
    }
}
