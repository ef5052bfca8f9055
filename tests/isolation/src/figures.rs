//! What a piece counted, and what it found.

/// The findings of a piece that are printed.
const MOST_SHOWN: usize = 20;
/// The most characters of a finding that are printed.
const MOST_CHARACTERS: usize = 500;

/// What a piece counted, and what should not have happened.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    figures: Vec<(&'static str, usize)>,
    findings: Vec<String>,
}

impl Outcome {
    /// Adds to a figure. Figures are shown in the order in which they came.
    pub(crate) fn count(&mut self, name: &'static str, more: usize) {
        match self.figures.iter_mut().find(|(known, _)| *known == name) {
            Some((_, figure)) => *figure += more,
            None => self.figures.push((name, more)),
        }
    }

    /// Returns a figure; 0 if nothing was counted.
    pub(crate) fn figure(&self, name: &str) -> usize {
        self.figures.iter().find(|(known, _)| *known == name).map_or(0, |(_, figure)| *figure)
    }

    /// Adds something that should not have happened.
    pub(crate) fn find(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }

    /// Adds a finding unless `holds`.
    pub(crate) fn check(&mut self, holds: bool, finding: impl FnOnce() -> String) {
        if !holds {
            self.find(finding());
        }
    }

    /// Returns whether anything happened that should not.
    pub(crate) fn has_findings(&self) -> bool {
        !self.findings.is_empty()
    }

    /// Returns the figures as text, the number of findings last.
    pub(crate) fn figures(&self) -> String {
        let figures = self.figures.iter().map(|(name, figure)| format!("{figure} {name}"));
        let findings = format!("{} findings", self.findings.len());
        figures.chain([findings]).collect::<Vec<_>>().join(", ")
    }

    /// Returns the first findings, each cut to a line's length.
    pub(crate) fn findings(&self) -> impl Iterator<Item = String> + '_ {
        let cut = |finding: &String| finding.chars().take(MOST_CHARACTERS).collect::<String>();
        self.findings.iter().take(MOST_SHOWN).map(cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_add_up_and_a_finding_is_never_hidden() {
        let mut outcome = Outcome::default();
        outcome.count("probes", 2);
        outcome.count("answers", 1);
        outcome.count("probes", 3);
        outcome.check(true, || "never shown".to_owned());
        assert!(!outcome.has_findings());
        outcome.check(false, || "a leak".to_owned());
        assert!(outcome.has_findings());
        assert_eq!(outcome.figures(), "5 probes, 1 answers, 1 findings");
        assert_eq!((outcome.figure("probes"), outcome.figure("none")), (5, 0));
    }
}
