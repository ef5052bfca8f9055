use crate::entries::Entry;

/// The eligible touches of a line, in order: by time, a view before a click, and then by id.
#[derive(Clone)]
pub(crate) struct Trail<'a> {
    pub(crate) clicks: &'a [Entry],
    pub(crate) views: &'a [Entry],
}

impl<'a> Trail<'a> {
    /// Returns the clicks only if there are any and they beat views; all touches otherwise.
    pub(crate) const fn candidates(&self, click_beats_view: bool) -> Self {
        let beaten = click_beats_view && !self.clicks.is_empty();
        let views: &'a [Entry] = if beaten { &[] } else { self.views };
        Self { clicks: self.clicks, views }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.clicks.is_empty() && self.views.is_empty()
    }
}

impl Iterator for Trail<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let is_click = match (self.clicks.first(), self.views.first()) {
            (Some(click), Some(view)) => click.time < view.time,
            (click, _) => click.is_some(),
        };
        let touches = if is_click { &mut self.clicks } else { &mut self.views };
        touches.split_off_first().copied()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let touches = self.clicks.len() + self.views.len();
        (touches, Some(touches))
    }
}

impl DoubleEndedIterator for Trail<'_> {
    fn next_back(&mut self) -> Option<Entry> {
        let is_click = match (self.clicks.last(), self.views.last()) {
            (Some(click), Some(view)) => click.time >= view.time,
            (click, _) => click.is_some(),
        };
        let touches = if is_click { &mut self.clicks } else { &mut self.views };
        touches.split_off_last().copied()
    }
}

impl ExactSizeIterator for Trail<'_> {}
