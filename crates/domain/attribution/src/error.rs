/// Why a rule is refused. The message names the field and says what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The text names no model.
    #[error("`model` must be last_touch, first_touch, linear, position or time_decay")]
    Model,
    /// The window of clicks is too short or too long.
    #[error("`click_window` must be between 1 and 90 days")]
    ClickWindow,
    /// The window of views is negative or too long.
    #[error("`view_window` must be between 0 (no views) and 30 days")]
    ViewWindow,
    /// The text names no match level.
    #[error("`match` must be same_sku, parent_sku, brand, category or any")]
    Match,
    /// The text names no kind of view.
    #[error("`view_event` must be impression or viewable")]
    ViewEvent,
    /// The text names no date basis.
    #[error("`date_basis` must be interaction or conversion")]
    DateBasis,
}
