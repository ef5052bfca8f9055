use serde::Deserialize;

/// The longest display name, in characters.
const DISPLAY_NAME_MAX: usize = 200;
/// The longest address, in bytes (RFC 5321, 4.5.3.1.3, without the angle brackets).
const EMAIL_MAX: usize = 254;

/// A display name: 1 to 200 characters, none of them a control character, trimmed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DisplayName(String);

/// An email address for the login, trimmed and in lower case. Only its form is checked, not whether it
/// exists.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Email(String);

/// The text is not a display name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a name of 1 to 200 characters, none of them a control character")]
pub(crate) struct DisplayNameError;

/// The text is not an email address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an email address such as ann@acme.example")]
pub(crate) struct EmailError;

impl DisplayName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Email {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DisplayName {
    type Error = DisplayNameError;

    fn try_from(text: String) -> Result<Self, DisplayNameError> {
        let name = text.trim();
        let fits = (1..=DISPLAY_NAME_MAX).contains(&name.chars().count());
        let is_name = fits && !text.contains(char::is_control);
        if is_name { Ok(Self(name.to_owned())) } else { Err(DisplayNameError) }
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

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0
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
    fn display_names_are_trimmed_and_have_no_control_characters() {
        let name = |text: &str| DisplayName::try_from(text.to_owned());
        assert_eq!(name(" Spring sale ").unwrap().as_str(), "Spring sale");
        assert!(name(&"é".repeat(200)).is_ok());
        for wrong in ["", "  ", "a\nb", "a\n", &"x".repeat(201)] {
            assert_eq!(name(wrong), Err(DisplayNameError), "{wrong:?}");
        }
    }
}
