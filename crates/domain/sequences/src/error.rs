/// Why a definition is refused. The message names the field and says what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// The end of a span is not after its start.
    #[error("`from` must be before `to`; `to` itself is not included")]
    Reversed,
    /// A span ends outside the years that a request may ask for.
    #[error("`from` and `to` must lie between 1970 and 2200")]
    OutOfReach,
    /// A funnel has too few or too many steps.
    #[error("`steps` must name 2 to 20 steps")]
    Steps,
    /// The window of a funnel is not positive.
    #[error("`window` must be 1 ms or more")]
    Window,
    /// The window from step to step is not positive.
    #[error("`step_window` must be 1 ms or more")]
    StepWindow,
    /// An exclusion does not lie between two steps of the funnel.
    #[error("`between` must name two steps of the funnel, the earlier one first")]
    Between,
    /// A funnel has too many exclusions.
    #[error("`exclude` must have at most 32 entries")]
    Exclusions,
    /// A table of retention has no columns, or too many.
    #[error("`periods` must be between 1 and 366")]
    Periods,
    /// The brackets of a table of retention are not an ascending list.
    #[error("`brackets` must ascend without overlap, and lie between period 0 and period 365")]
    Brackets,
    /// A table of retention has too many rows.
    #[error("`from` and `to` must span at most 1,830 cohorts")]
    Cohorts,
    /// The gap between sessions is too short or too long.
    #[error("`gap` must be between 1 minute and 8 hours")]
    Gap,
}
