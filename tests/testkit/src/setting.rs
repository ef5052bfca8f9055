use std::env;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

const ADVICE: &str = "run the tests through `make test`, or export `infra/local/stack.sh env`";

/// The value of an environment variable that names a server of the stack.
pub fn setting(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: {ADVICE}"))
}

/// The settings of a ClickHouse cluster of the stack, such as `shared`, in the warehouse's type.
pub fn cluster<T: DeserializeOwned>(name: &str) -> T {
    let prefix = format!("FOOTFALL__CLUSTERS__{}__", name.to_uppercase());
    let fields: Map<_, _> = env::vars()
        .filter_map(|(variable, value)| {
            Some((variable.strip_prefix(&prefix)?.to_lowercase(), Value::String(value)))
        })
        .collect();
    serde_json::from_value(Value::Object(fields))
        .unwrap_or_else(|error| panic!("{prefix}…: {error}: {ADVICE}"))
}
