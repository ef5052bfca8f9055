use crate::{AttributionModel, MatchLevel, RuleError, ViewEvent};

/// Which touches are eligible for a line, and how the line is divided among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    pub(crate) model: AttributionModel,
    pub(crate) click_window: i64,
    pub(crate) view_window: i64,
    pub(crate) level: MatchLevel,
    pub(crate) view_level: MatchLevel,
    pub(crate) view_event: ViewEvent,
    pub(crate) click_beats_view: bool,
}

impl Rule {
    /// A day, in milliseconds.
    pub const DAY: i64 = 86_400_000;
    /// The greatest window of clicks, in milliseconds: 90 days. The least is 1 day.
    pub const MAX_CLICK_WINDOW: i64 = 90 * Self::DAY;
    /// The greatest window of views, in milliseconds: 30 days.
    pub const MAX_VIEW_WINDOW: i64 = 30 * Self::DAY;

    /// Returns a rule in which impressions are views, and a click beats any view.
    ///
    /// The windows are in milliseconds; a touch of exactly that age is within. A view window of 0
    /// means that no view is eligible. `level` holds for clicks and for views.
    ///
    /// # Errors
    /// The window of clicks is not 1 to 90 days, or that of views not 0 to 30 days.
    pub const fn new(
        model: AttributionModel,
        click_window: i64,
        view_window: i64,
        level: MatchLevel,
    ) -> Result<Self, RuleError> {
        if click_window < Self::DAY || click_window > Self::MAX_CLICK_WINDOW {
            return Err(RuleError::ClickWindow);
        }
        if view_window < 0 || view_window > Self::MAX_VIEW_WINDOW {
            return Err(RuleError::ViewWindow);
        }
        let view_event = ViewEvent::Impression;
        let view_level = level;
        let click_beats_view = true;
        Ok(Self {
            model,
            click_window,
            view_window,
            level,
            view_level,
            view_event,
            click_beats_view,
        })
    }

    /// Sets a match level of its own for views.
    #[must_use]
    pub const fn with_view_match(mut self, level: MatchLevel) -> Self {
        self.view_level = level;
        self
    }

    /// Sets which kind of touch counts as a view.
    #[must_use]
    pub const fn with_view_event(mut self, event: ViewEvent) -> Self {
        self.view_event = event;
        self
    }

    /// Sets whether an eligible click of a line excludes its views from credit.
    ///
    /// Otherwise clicks and views have credit alike, in their common order.
    #[must_use]
    pub const fn with_click_beats_view(mut self, click_beats_view: bool) -> Self {
        self.click_beats_view = click_beats_view;
        self
    }

    /// Sets the model.
    #[must_use]
    pub const fn with_model(mut self, model: AttributionModel) -> Self {
        self.model = model;
        self
    }

    /// Returns the model.
    pub const fn model(&self) -> AttributionModel {
        self.model
    }

    /// Returns the greatest age of a click, in milliseconds: 1 to 90 days.
    pub const fn click_window(&self) -> i64 {
        self.click_window
    }

    /// Returns the greatest age of a view, in milliseconds: up to 30 days; 0 without views.
    pub const fn view_window(&self) -> i64 {
        self.view_window
    }

    /// Returns what of a click must match the line.
    pub const fn click_match(&self) -> MatchLevel {
        self.level
    }

    /// Returns what of a view must match the line.
    pub const fn view_match(&self) -> MatchLevel {
        self.view_level
    }

    /// Returns which kind of touch counts as a view.
    pub const fn view_event(&self) -> ViewEvent {
        self.view_event
    }

    /// Returns whether an eligible click of a line excludes its views from credit.
    pub const fn click_beats_view(&self) -> bool {
        self.click_beats_view
    }

    /// Returns the longest time from a touch to an order that it gets credit of, in milliseconds.
    ///
    /// By date of interaction, a date is provisional until this time after its end.
    pub const fn longest_window(&self) -> i64 {
        if self.view_window > self.click_window { self.view_window } else { self.click_window }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = Rule::DAY;

    fn of(click_window: i64, view_window: i64) -> Result<Rule, RuleError> {
        Rule::new(AttributionModel::Linear, click_window, view_window, MatchLevel::Brand)
    }

    #[test]
    fn a_click_window_is_one_to_ninety_days() {
        for window in [i64::MIN, -1, 0, DAY - 1, 90 * DAY + 1, i64::MAX] {
            assert_eq!(of(window, 0), Err(RuleError::ClickWindow), "{window}");
        }
        for window in [DAY, 90 * DAY] {
            assert_eq!(of(window, 0).unwrap().click_window(), window);
        }
    }

    #[test]
    fn a_view_window_is_zero_to_thirty_days() {
        for window in [i64::MIN, -1, 30 * DAY + 1, i64::MAX] {
            assert_eq!(of(DAY, window), Err(RuleError::ViewWindow), "{window}");
        }
        for window in [0, 1, 30 * DAY] {
            assert_eq!(of(DAY, window).unwrap().view_window(), window);
        }
    }

    #[test]
    fn a_refusal_names_its_field_and_what_would_be_right() {
        let model = "last".parse::<AttributionModel>().map(|_| ());
        let level = "sku".parse::<MatchLevel>().map(|_| ());
        let event = "click".parse::<ViewEvent>().map(|_| ());
        let basis = "order".parse::<crate::DateBasis>().map(|_| ());
        let windows = [of(0, 0).map(|_| ()), of(DAY, -1).map(|_| ())];
        let refused = [model, windows[0], windows[1], level, event, basis];
        let messages = refused.map(|refused| refused.unwrap_err().to_string());
        assert_eq!(
            messages,
            [
                "`model` must be last_touch, first_touch, linear, position or time_decay",
                "`click_window` must be between 1 and 90 days",
                "`view_window` must be between 0 (no views) and 30 days",
                "`match` must be same_sku, parent_sku, brand, category or any",
                "`view_event` must be impression or viewable",
                "`date_basis` must be interaction or conversion",
            ]
        );
    }

    #[test]
    fn a_rule_keeps_what_it_was_given() {
        let rule = of(DAY, 2 * DAY).unwrap();
        assert_eq!((rule.click_match(), rule.view_match()), (MatchLevel::Brand, MatchLevel::Brand));
        assert_eq!((rule.view_event(), rule.click_beats_view()), (ViewEvent::Impression, true));
        let changed = rule
            .with_model(AttributionModel::Position)
            .with_view_match(MatchLevel::Any)
            .with_view_event(ViewEvent::Viewable)
            .with_click_beats_view(false);
        assert_eq!(changed.model(), AttributionModel::Position);
        assert_eq!(
            (changed.click_match(), changed.view_match()),
            (MatchLevel::Brand, MatchLevel::Any)
        );
        assert_eq!(
            (changed.view_event(), changed.click_beats_view()),
            (ViewEvent::Viewable, false)
        );
        assert_eq!((rule.longest_window(), of(DAY, 0).unwrap().longest_window()), (2 * DAY, DAY));
    }
}
