use std::{borrow::Cow, cmp::Ordering, str::FromStr};

use crate::{Dimension, Metric};

/// The longest name, in characters.
const LONGEST_NAME: usize = 40;
/// The longest pointer, in bytes.
const LONGEST_POINTER: usize = 500;
/// The most names in a pointer: properties are nested as deep as that.
const MOST_NAMES: usize = 8;
/// Where the properties of an event are.
const PROPERTIES: &str = "/properties/";

/// The names of columns that answers have beside dimensions and metrics.
const COLUMNS: [&str; 18] = [
    "row",
    "rule",
    "start",
    "start_utc",
    "previous_start",
    "values",
    "previous",
    "change",
    "key",
    "from",
    "from_utc",
    "to",
    "to_utc",
    "last",
    "last_utc",
    "by_currency",
    "orders_without_credit",
    "without_key",
];

/// How the columns begin that have the parts of a rule of attribution.
const OF_RULE: &str = "rule_";

/// A property of events that a tenant has declared as a dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeclaredDimension {
    /// The name of the dimension.
    pub name: DeclaredName,
    /// Where the property is.
    pub pointer: PropertyPointer,
    /// Which of its values count.
    pub kind: PropertyType,
}

/// The name of a declared dimension: no other dimension, metric or column of an answer has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeclaredName(String);

/// Where a property is in an event: a JSON pointer (RFC 6901) whose first name is `properties`. The others
/// are names of objects' members; an element of an array has no place of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyPointer {
    text: String,
    names: Vec<String>,
}

/// Which values of a property count. All others are as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PropertyType {
    /// Texts of at most 200 bytes, numbers and booleans; the last two as they are written in JSON.
    String,
    /// Whole numbers of at most 19 digits, also as texts. They are ordered as numbers.
    Integer,
    /// `true` and `false`, also as texts.
    Boolean,
}

/// The text is not the name of a declared dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeclaredNameError {
    /// It has another form.
    #[error("must be a letter of a-z, then up to 39 of a-z, 0-9 and _, such as loyalty_tier")]
    Form,
    /// A dimension of the catalogue has it.
    #[error("must be another name: a built-in dimension has this one")]
    Dimension,
    /// A metric has it.
    #[error("must be another name: a metric has this one")]
    Metric,
    /// A column of an answer has it.
    #[error("must be another name: answers have a column of this one")]
    Column,
}

/// The text does not point to a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PropertyPointerError {
    /// It begins elsewhere.
    #[error("must be a JSON pointer below /properties, such as /properties/loyalty/tier")]
    Elsewhere,
    /// A `~` is not part of `~0` or `~1`.
    #[error("must have ~0 for ~ and ~1 for / within a name (RFC 6901)")]
    Escape,
    /// A name is empty or has a control character.
    #[error("must have names that are not empty and without control characters")]
    Name,
    /// It is too long.
    #[error("must have at most 8 names below /properties, and at most 500 bytes")]
    Long,
}

/// The text is not a type of properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of string, integer, boolean")]
pub struct UnknownPropertyType;

impl DeclaredDimension {
    /// Returns the meaning of its values.
    pub fn description(&self) -> Cow<'static, str> {
        let Self { pointer, kind, .. } = self;
        let values = match kind {
            PropertyType::String => "a text",
            PropertyType::Integer => "a whole number",
            PropertyType::Boolean => "true or false",
        };
        format!("{} of the event, {values}; empty for events without one", pointer.as_str()).into()
    }

    /// Returns the order of two of its values; an absent one is the first.
    pub fn order(&self, one: &str, other: &str) -> Ordering {
        let number = |text: &str| text.parse::<i128>().ok();
        match self.kind {
            PropertyType::Integer => number(one).cmp(&number(other)),
            PropertyType::String | PropertyType::Boolean => one.cmp(other),
        }
    }
}

impl DeclaredName {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeclaredName {
    type Err = DeclaredNameError;

    fn from_str(text: &str) -> Result<Self, DeclaredNameError> {
        let is_inner =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
        if !begins || text.len() > LONGEST_NAME || !text.bytes().all(is_inner) {
            return Err(DeclaredNameError::Form);
        }
        if text.parse::<Dimension>().is_ok() {
            return Err(DeclaredNameError::Dimension);
        }
        let is_metric = |name: &str| Metric::named(name).is_some();
        if is_metric(text) {
            return Err(DeclaredNameError::Metric);
        }
        let compared = ["previous_", "change_"].iter().find_map(|word| text.strip_prefix(word));
        let is_column = COLUMNS.contains(&text) || text.starts_with(OF_RULE);
        if is_column || compared.is_some_and(is_metric) {
            return Err(DeclaredNameError::Column);
        }
        Ok(Self(text.to_owned()))
    }
}

impl PropertyPointer {
    /// Returns the JSON pointer.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the names below `properties`, outermost first: at least one.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

impl FromStr for PropertyPointer {
    type Err = PropertyPointerError;

    fn from_str(text: &str) -> Result<Self, PropertyPointerError> {
        let below = text.strip_prefix(PROPERTIES).ok_or(PropertyPointerError::Elsewhere)?;
        let names = below.split('/').map(unescaped).collect::<Result<Vec<_>, _>>()?;
        if names.len() > MOST_NAMES || text.len() > LONGEST_POINTER {
            return Err(PropertyPointerError::Long);
        }
        Ok(Self { text: text.to_owned(), names })
    }
}

/// Returns the name that a part of a JSON pointer stands for.
fn unescaped(part: &str) -> Result<String, PropertyPointerError> {
    if part.is_empty() || part.contains(char::is_control) {
        return Err(PropertyPointerError::Name);
    }
    let mut pieces = part.split('~');
    let mut name = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (sign, rest) = match (piece.strip_prefix('0'), piece.strip_prefix('1')) {
            (Some(rest), _) => ('~', rest),
            (_, Some(rest)) => ('/', rest),
            _ => return Err(PropertyPointerError::Escape),
        };
        name.push(sign);
        name.push_str(rest);
    }
    Ok(name)
}

impl PropertyType {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::String, Self::Integer, Self::Boolean];

    /// Returns the name used in tables and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
        }
    }
}

impl FromStr for PropertyType {
    type Err = UnknownPropertyType;

    fn from_str(name: &str) -> Result<Self, UnknownPropertyType> {
        Self::ALL.into_iter().find(|known| known.as_str() == name).ok_or(UnknownPropertyType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(text: &str) -> Result<Vec<String>, PropertyPointerError> {
        text.parse().map(|pointer: PropertyPointer| pointer.names)
    }

    #[test]
    fn a_pointer_names_the_members_below_properties() {
        for (text, names) in [
            ("/properties/tier", &["tier"][..]),
            ("/properties/loyalty/tier", &["loyalty", "tier"]),
            ("/properties/a~1b/c~0d/~01", &["a/b", "c~d", "~1"]),
            ("/properties/0/ä b", &["0", "ä b"]),
            ("/properties/1/2/3/4/5/6/7/8", &["1", "2", "3", "4", "5", "6", "7", "8"]),
        ] {
            assert_eq!(pointer(text).unwrap(), names);
            assert_eq!(text.parse::<PropertyPointer>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_text_that_points_to_no_property_is_refused() {
        let long = format!("/properties/{}", "x".repeat(500));
        for (text, error) in [
            ("", PropertyPointerError::Elsewhere),
            ("/properties", PropertyPointerError::Elsewhere),
            ("properties/tier", PropertyPointerError::Elsewhere),
            ("$.properties.tier", PropertyPointerError::Elsewhere),
            ("/device", PropertyPointerError::Elsewhere),
            ("/properties/", PropertyPointerError::Name),
            ("/properties/a//b", PropertyPointerError::Name),
            ("/properties/a\0", PropertyPointerError::Name),
            ("/properties/a~", PropertyPointerError::Escape),
            ("/properties/a~2b", PropertyPointerError::Escape),
            ("/properties/a~~0", PropertyPointerError::Escape),
            ("/properties/1/2/3/4/5/6/7/8/9", PropertyPointerError::Long),
            (&long, PropertyPointerError::Long),
        ] {
            assert_eq!(pointer(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_declared_name_is_no_other_name_of_an_answer() {
        let name = |text: &str| text.parse::<DeclaredName>();
        for text in ["loyalty_tier", "a", "x2", &"a".repeat(40), "previous_tier", "change_sale"] {
            assert_eq!(name(text).unwrap().as_str(), text);
        }
        for text in ["", "Tier", "2x", "_x", "loyalty-tier", "ä", "a b", &"a".repeat(41)] {
            assert_eq!(name(text), Err(DeclaredNameError::Form), "{text}");
        }
        for (text, error) in [
            ("device", DeclaredNameError::Dimension),
            ("sales", DeclaredNameError::Metric),
            ("attributed_roas", DeclaredNameError::Metric),
            ("start", DeclaredNameError::Column),
            ("by_currency", DeclaredNameError::Column),
            ("rule_model", DeclaredNameError::Column),
            ("change_halo_sales", DeclaredNameError::Column),
            ("previous_sales", DeclaredNameError::Column),
            ("change_ctr", DeclaredNameError::Column),
        ] {
            assert_eq!(name(text), Err(error), "{text}");
        }
    }

    #[test]
    fn integers_are_ordered_as_numbers_and_texts_by_their_bytes() {
        let mut dimension = DeclaredDimension {
            name: "points".parse().unwrap(),
            pointer: "/properties/points".parse().unwrap(),
            kind: PropertyType::Integer,
        };
        let mut values = ["10", "9", "", "-1", "9999999999999999999"];
        values.sort_by(|one, other| dimension.order(one, other));
        assert_eq!(values, ["", "-1", "9", "10", "9999999999999999999"]);
        dimension.kind = PropertyType::String;
        values.sort_by(|one, other| dimension.order(one, other));
        assert_eq!(values, ["", "-1", "10", "9", "9999999999999999999"]);
    }

    #[test]
    fn every_type_is_found_by_its_name() {
        for kind in PropertyType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("number".parse::<PropertyType>(), Err(UnknownPropertyType));
    }
}
