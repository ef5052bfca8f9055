/// A product of a touch or a line, as indices that the caller gave to the texts of a tenant.
///
/// Each property has indices of its own. None means unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProductRef {
    /// The product, or SKU.
    pub product: Option<u32>,
    /// The parent product. A product without variants is its own parent, and the caller says so.
    pub parent: Option<u32>,
    /// The brand.
    pub brand: Option<u32>,
    /// The category.
    pub category: Option<u32>,
}
