use chrono::Weekday;

/// The days by their names in requests.
const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];

/// Reads the day on which weeks begin: Monday (ISO 8601) if none is given.
///
/// # Errors
/// It is not the name of a day.
pub(crate) fn week_begins(name: Option<&str>) -> Result<Weekday, String> {
    let Some(name) = name else {
        return Ok(Weekday::Mon);
    };
    let day = DAYS.into_iter().find(|(known, _)| *known == name).map(|(_, day)| day);
    day.ok_or_else(|| format!("must be one of {}", DAYS.map(|(name, _)| name).join(", ")))
}

/// Returns the name of a day.
pub(super) fn name(day: Weekday) -> &'static str {
    let named = DAYS.into_iter().find(|(_, own)| *own == day);
    named.map_or("monday", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_the_named_day() {
        assert_eq!(week_begins(None), Ok(Weekday::Mon));
        for (text, day) in DAYS {
            assert_eq!((week_begins(Some(text)), name(day)), (Ok(day), text));
        }
        assert!(week_begins(Some("mon")).unwrap_err().contains("monday, tuesday"));
    }
}
