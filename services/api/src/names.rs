use serde::Deserialize;

/// The longest address, in bytes (RFC 5321, 4.5.3.1.3, without the angle brackets).
const EMAIL_MAX: usize = 254;

/// A text of one line: 1 to `MOST` characters, none of them a control character, trimmed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Line<const MOST: usize>(String);

/// The name of a tenant, an advertiser, a campaign or a key.
pub(crate) type DisplayName = Line<200>;
/// The text of an annotation.
pub(crate) type AnnotationText = Line<500>;
/// The name of a saved report.
pub(crate) type ReportName = Line<100>;
/// The name of a kept cohort.
pub(crate) type CohortName = Line<100>;
/// Why a tenant is suspended or offboarded.
pub(crate) type StateReason = Line<500>;
/// What a saved report or a kept cohort is for.
pub(crate) type ReportDescription = Line<500>;

/// An email address for the login, trimmed and in lower case. Only its form is checked, not whether it
/// exists.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Email(String);

/// The text is not a line of at most so many characters.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a text of 1 to {0} characters, none of them a control character")]
pub(crate) struct LineError(usize);

/// The text is not an email address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an email address such as ann@acme.example")]
pub(crate) struct EmailError;

impl<const MOST: usize> Line<MOST> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Email {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MOST: usize> TryFrom<String> for Line<MOST> {
    type Error = LineError;

    fn try_from(text: String) -> Result<Self, LineError> {
        let line = text.trim();
        let fits = (1..=MOST).contains(&line.chars().count());
        let is_line = fits && !text.contains(char::is_control);
        if is_line { Ok(Self(line.to_owned())) } else { Err(LineError(MOST)) }
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        let address = text.trim().to_ascii_lowercase();
        let is_plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && b != b'@')
        };
        let is_address = address.split_once('@').is_some_and(|(person, domain)| {
            is_plain(person) && domain.contains('.') && domain.split('.').all(is_plain)
        });
        if is_address && address.len() <= EMAIL_MAX { Ok(Self(address)) } else { Err(EmailError) }
    }
}

impl<const MOST: usize> From<Line<MOST>> for String {
    fn from(line: Line<MOST>) -> Self {
        line.0
    }
}

impl From<Email> for String {
    fn from(address: Email) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_stored_in_lower_case() {
        let email = |text: &str| Email::try_from(text.to_owned());
        assert_eq!(email(" Ann@Acme.Example ").unwrap().as_str(), "ann@acme.example");
        let long = format!("{}@acme.example", "a".repeat(250));
        for wrong in [
            "",
            "ann",
            "@acme.example",
            "ann@acme",
            "ann@acme.",
            "ann@.acme",
            "a nn@acme.example",
            "ann@bob@acme.example",
            "änn@acme.example",
            &long,
        ] {
            assert_eq!(email(wrong), Err(EmailError), "{wrong:?}");
        }
    }

    #[test]
    fn lines_are_trimmed_and_have_no_control_characters() {
        let name = |text: &str| DisplayName::try_from(text.to_owned());
        assert_eq!(name(" Spring sale ").unwrap().as_str(), "Spring sale");
        assert!(name(&"é".repeat(200)).is_ok());
        for wrong in ["", "  ", "a\nb", "a\n", &"x".repeat(201)] {
            assert_eq!(name(wrong), Err(LineError(200)), "{wrong:?}");
        }
    }
}
