use serde_json::{Value, json};
use utoipa::openapi::{
    Object, ObjectBuilder, RefOr, Schema, SchemaFormat,
    schema::{ArrayBuilder, Ref, SchemaType, Type},
};

/// A time with a zone, or a number of seconds, milliseconds or microseconds since 1970.
const TIME: &str = r"^\s*(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)([.,]\d+)?)? ?([Zz]|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)|\d{1,18}(\.\d{1,9})?)?\s*$";
/// The last nanosecond that 64 bits can count.
const LATEST: f64 = 9_223_372_036_854_775_807.0;
const DECIMAL: &str = r"^\s*(\d+(\.\d+)?([eE][+-]?\d{1,2})?)?\s*$";

/// The values that may be sent for a field.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// The name of an event.
    Name,
    /// An id: a string, or a number that is read as its digits. Empty means absent; an id that is
    /// too long is dropped.
    Id,
    /// The id of an event: any text or number.
    EventId,
    /// A text, cut after this many bytes. A number is read as its digits; empty means absent.
    Label(usize),
    /// A time, as a text or a number.
    Time,
    /// An amount of money, as a text or a number.
    Amount,
    /// A number of pieces or an amount, as a text or a number.
    Quantity,
    /// This many letters, in any case.
    Letters(usize),
    /// `true` or `false`, or its text. Empty means absent.
    Flag,
    /// An array of items, or a single one.
    Items,
    /// An object of anything; an empty array is an empty object.
    Anything,
}

/// One field of an object: its name, the allowed values, its other names, its meaning, and examples
/// as JSON.
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) aliases: &'static str,
    pub(super) about: &'static str,
    pub(super) examples: &'static [&'static str],
}

/// Builds the schema of an object with these fields; further fields are allowed.
pub(super) fn object(fields: &[Described], about: &str, required: &str) -> ObjectBuilder {
    let object = ObjectBuilder::new().description(Some(about));
    let object =
        fields.iter().fold(object, |object, field| object.property(field.name, field.schema()));
    if required.is_empty() { object } else { object.required(required) }
}

impl Described {
    fn schema(&self) -> RefOr<Schema> {
        let Self { form, aliases, about, examples, .. } = *self;
        let also = if aliases.is_empty() { String::new() } else { format!(" Also: {aliases}.") };
        let about = Some(format!("{about}{also}"));
        let examples = examples
            .iter()
            .map(|example| serde_json::from_str(example).unwrap_or_else(|_| json!(example)));
        let examples: Vec<Value> = examples.collect();
        if matches!(form, Form::Items) {
            return ArrayBuilder::new()
                .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
                .items(Ref::from_schema_name("Item"))
                .max_items(Some(200))
                .description(about)
                .examples(examples)
                .into();
        }
        form.object().description(about).examples(examples).into()
    }
}

impl Form {
    fn object(self) -> ObjectBuilder {
        let of = |types: &[Type]| {
            ObjectBuilder::new().schema_type(SchemaType::from_iter(types.iter().cloned()))
        };
        match self {
            Self::Name => of(&[Type::String]).min_length(Some(1)).pattern(Some(r"\S")),
            Self::Id => of(&[Type::String, Type::Number, Type::Null]).max_length(Some(200)),
            Self::EventId => of(&[Type::String, Type::Number, Type::Null]),
            Self::Label(longest) => {
                of(&[Type::String, Type::Number, Type::Null]).max_length(Some(longest))
            }
            Self::Time => of(&[Type::String, Type::Number, Type::Null])
                .pattern(Some(TIME))
                .minimum(Some(0))
                .maximum(Some(LATEST)),
            Self::Amount => of(&[Type::String, Type::Number, Type::Null])
                .format(Some(SchemaFormat::Custom("decimal".to_owned())))
                .pattern(Some(DECIMAL))
                .minimum(Some(0)),
            Self::Quantity => of(&[Type::String, Type::Number, Type::Null])
                .pattern(Some(DECIMAL))
                .minimum(Some(0.001))
                .maximum(Some(1_000_000)),
            Self::Letters(count) => of(&[Type::String, Type::Null])
                .pattern(Some(format!(r"^\s*([A-Za-z]{{{count}}})?\s*$"))),
            Self::Flag => of(&[Type::Boolean, Type::String, Type::Null])
                .pattern(Some(r"^\s*(true|false)?\s*$")),
            Self::Items | Self::Anything => {
                ObjectBuilder::from(Object::with_type(SchemaType::from_iter([
                    Type::Object,
                    Type::Null,
                ])))
            }
        }
    }
}
