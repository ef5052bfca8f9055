use chrono::Weekday;
use serde::{
    Deserialize, Serialize,
    de::{IntoDeserializer, value},
};
use utoipa::ToSchema;

/// A day of the week, by its name in requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DayOfWeek {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Reads the day on which weeks begin: Monday (ISO 8601) if none is given.
///
/// # Errors
/// It is not the name of a day.
pub(crate) fn week_begins(name: Option<&str>) -> Result<Weekday, String> {
    let Some(name) = name else {
        return Ok(Weekday::Mon);
    };
    let day: Result<DayOfWeek, value::Error> = DayOfWeek::deserialize(name.into_deserializer());
    day.map(Weekday::from).map_err(|_| {
        "must be one of monday, tuesday, wednesday, thursday, friday, saturday, sunday".to_owned()
    })
}

impl From<DayOfWeek> for Weekday {
    fn from(day: DayOfWeek) -> Self {
        match day {
            DayOfWeek::Monday => Self::Mon,
            DayOfWeek::Tuesday => Self::Tue,
            DayOfWeek::Wednesday => Self::Wed,
            DayOfWeek::Thursday => Self::Thu,
            DayOfWeek::Friday => Self::Fri,
            DayOfWeek::Saturday => Self::Sat,
            DayOfWeek::Sunday => Self::Sun,
        }
    }
}

impl From<Weekday> for DayOfWeek {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Monday,
            Weekday::Tue => Self::Tuesday,
            Weekday::Wed => Self::Wednesday,
            Weekday::Thu => Self::Thursday,
            Weekday::Fri => Self::Friday,
            Weekday::Sat => Self::Saturday,
            Weekday::Sun => Self::Sunday,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_week_begins_on_the_named_day() {
        assert_eq!(week_begins(None), Ok(Weekday::Mon));
        let refused = week_begins(Some("mon")).unwrap_err();
        let (_, names) = refused.split_once("one of ").unwrap();
        let mut day = Weekday::Mon;
        for name in names.split(", ") {
            assert_eq!(week_begins(Some(name)), Ok(day));
            assert_eq!(json!(DayOfWeek::from(day)), name);
            day = day.succ();
        }
        assert_eq!(day, Weekday::Mon, "all seven are named");
    }
}
