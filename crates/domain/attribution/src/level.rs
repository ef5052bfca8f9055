use std::str::FromStr;

use crate::{ProductRef, RuleError};

/// What of a touch's advertised product must be that of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchLevel {
    /// The product itself.
    SameSku,
    /// The parent product, of which both are variants.
    ParentSku,
    /// The brand.
    Brand,
    /// The category.
    Category,
    /// Nothing: every touch matches every line.
    Any,
}

impl MatchLevel {
    /// All levels, the narrowest first.
    pub const ALL: [Self; 5] =
        [Self::SameSku, Self::ParentSku, Self::Brand, Self::Category, Self::Any];

    /// Returns its name in requests and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameSku => "same_sku",
            Self::ParentSku => "parent_sku",
            Self::Brand => "brand",
            Self::Category => "category",
            Self::Any => "any",
        }
    }

    /// Returns what must be equal; none if it is unknown, and so matches nothing.
    pub(crate) const fn value(self, product: &ProductRef) -> Option<u32> {
        match self {
            Self::SameSku => product.product,
            Self::ParentSku => product.parent,
            Self::Brand => product.brand,
            Self::Category => product.category,
            Self::Any => Some(0),
        }
    }
}

impl FromStr for MatchLevel {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(RuleError::Match)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_read_by_its_name() {
        for level in MatchLevel::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
        }
        assert_eq!("sku".parse::<MatchLevel>(), Err(RuleError::Match));
    }

    #[test]
    fn each_level_reads_its_own_property() {
        let product =
            ProductRef { product: Some(1), parent: Some(2), brand: Some(3), category: Some(4) };
        let values = MatchLevel::ALL.map(|level| level.value(&product));
        assert_eq!(values, [Some(1), Some(2), Some(3), Some(4), Some(0)]);
        let unknown = MatchLevel::ALL.map(|level| level.value(&ProductRef::default()));
        assert_eq!(unknown, [None, None, None, None, Some(0)]);
    }
}
