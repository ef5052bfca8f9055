use problem::Problem;

/// A name for people: 1 to 200 characters, none of them a control character, trimmed.
pub(crate) fn display_name(pointer: &'static str, name: String) -> Result<String, Problem> {
    let trimmed = name.trim();
    let fits = (1..=200).contains(&trimmed.chars().count());
    if fits && !trimmed.chars().any(char::is_control) {
        Ok(trimmed.to_owned())
    } else {
        Err(Problem::field(pointer, "must be 1 to 200 printable characters"))
    }
}

/// An address to log in with, in lower case. Only the shape is checked.
pub(crate) fn email(pointer: &'static str, email: String) -> Result<String, Problem> {
    let address = email.trim().to_lowercase();
    let parts = address.split_once('@');
    let shaped = parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
    let plain = !address.chars().any(|c| c.is_whitespace() || c.is_control());
    if shaped && plain && address.len() <= 254 {
        Ok(address)
    } else {
        Err(Problem::field(pointer, "must be an email address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_in_lower_case() {
        assert_eq!(email("/email", " Ann@Acme.Example ".into()).unwrap(), "ann@acme.example");
        for wrong in ["", "ann", "@acme.example", "ann@acme", "a nn@acme.example"] {
            assert!(email("/email", wrong.into()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn names_are_for_people() {
        assert_eq!(display_name("/name", " Spring sale ".into()).unwrap(), "Spring sale");
        for wrong in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert!(display_name("/name", wrong.into()).is_err(), "{wrong:?}");
        }
    }
}
