use std::str::FromStr;

use crate::{ProductRef, RuleError};

/// What a key did with an ad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TouchKind {
    /// It clicked the ad.
    Click,
    /// The ad was delivered to it.
    Impression,
    /// The ad was in view long enough to count as viewable.
    Viewable,
}

/// Which kind of touch counts as a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViewEvent {
    /// [`TouchKind::Impression`], unless [`Touch::viewable`] is false.
    Impression,
    /// [`TouchKind::Viewable`], unless [`Touch::viewable`] is false; and [`TouchKind::Impression`] of
    /// which it is true.
    Viewable,
}

/// A touch: an ad's click or view by a key. `C` is its campaign, or what else credit is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch<C> {
    /// When it happened, in milliseconds since 1970.
    pub time: i64,
    /// What it is.
    pub kind: TouchKind,
    /// The id of its event, which orders touches of one kind at the same millisecond.
    pub id: u128,
    /// The campaign, as a small index or key.
    pub campaign: C,
    /// The product that the ad advertises.
    pub product: ProductRef,
    /// Whether the view was viewable; none if it was not measured. A click does not need it.
    pub viewable: Option<bool>,
}

impl<C> Touch<C> {
    /// Returns whether it is a click.
    pub(crate) fn is_click(&self) -> bool {
        self.kind == TouchKind::Click
    }

    /// Returns whether it counts as a view.
    pub(crate) fn is_view(&self, event: ViewEvent) -> bool {
        match (self.kind, event) {
            (TouchKind::Impression, ViewEvent::Impression)
            | (TouchKind::Viewable, ViewEvent::Viewable) => self.viewable != Some(false),
            (TouchKind::Impression, ViewEvent::Viewable) => self.viewable == Some(true),
            _ => false,
        }
    }
}

impl ViewEvent {
    /// Returns its name in requests and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Impression => "impression",
            Self::Viewable => "viewable",
        }
    }
}

impl FromStr for ViewEvent {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let mut all = [Self::Impression, Self::Viewable].into_iter();
        all.find(|one| one.as_str() == text).ok_or(RuleError::ViewEvent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_view_is_read_by_its_name() {
        for event in [ViewEvent::Impression, ViewEvent::Viewable] {
            assert_eq!(event.as_str().parse(), Ok(event));
        }
        assert_eq!("click".parse::<ViewEvent>(), Err(RuleError::ViewEvent));
    }

    #[test]
    fn a_view_is_of_the_rules_kind_and_not_known_to_be_out_of_view() {
        let product = ProductRef::default();
        let is_view = |kind, viewable, event| {
            Touch { time: 0, kind, id: 0, campaign: (), product, viewable }.is_view(event)
        };
        for viewable in [None, Some(true)] {
            assert!(is_view(TouchKind::Impression, viewable, ViewEvent::Impression));
            assert!(is_view(TouchKind::Viewable, viewable, ViewEvent::Viewable));
            assert!(!is_view(TouchKind::Viewable, viewable, ViewEvent::Impression));
            assert!(!is_view(TouchKind::Click, viewable, ViewEvent::Impression));
        }
        assert!(is_view(TouchKind::Impression, Some(true), ViewEvent::Viewable));
        for viewable in [None, Some(false)] {
            assert!(!is_view(TouchKind::Impression, viewable, ViewEvent::Viewable));
        }
        assert!(!is_view(TouchKind::Impression, Some(false), ViewEvent::Impression));
        assert!(!is_view(TouchKind::Viewable, Some(false), ViewEvent::Viewable));
    }
}
