use std::{borrow::Cow, collections::BTreeMap, path::Path};

use toml::de::{DeTable, DeValue};

use crate::{SettingsError, Source};

/// The prefix of an environment variable that sets a setting.
pub(crate) const PREFIX: &str = "FOOTFALL__";

/// One value of the merged configuration, with its path and where it was set.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) key: String,
    pub(crate) source: Source,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// From the environment, where every value is text: parsed as the expected type.
    Unquoted(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    List(Vec<Node>),
    Branch(Branch),
}

/// A section: values by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Branch(pub(crate) BTreeMap<String, Node>);

impl Branch {
    pub(crate) fn from_defaults(text: &str) -> Result<Self, SettingsError> {
        Layer { text, source_at: &|_| Source::Defaults }.read("defaults")
    }

    pub(crate) fn from_file(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::Unreadable { path: path.into(), source })?;
        let source_at = |line| Source::File(path.into(), line);
        Layer { text: &text, source_at: &source_at }.read(&path.display().to_string())
    }

    /// Merges `over` into this section: its values win, sections are merged.
    pub(crate) fn merge(&mut self, over: Self) {
        for (name, node) in over.0 {
            match (self.0.get_mut(&name).map(|below| &mut below.value), node.value) {
                (Some(Value::Branch(below)), Value::Branch(above)) => below.merge(above),
                (_, value) => {
                    self.0.insert(name, Node { value, ..node });
                }
            }
        }
    }

    /// Sets one value from an environment variable. Names of sections may contain `-`, which
    /// variables cannot: an existing section is found by its name with `_`.
    pub(crate) fn set(&mut self, path: &[String], variable: &str, value: String) {
        self.set_below("", path, &Source::Environment(variable.to_owned()), value);
    }

    fn set_below(&mut self, above: &str, path: &[String], source: &Source, value: String) {
        let Some((name, rest)) = path.split_first() else {
            return;
        };
        let dashed = name.replace('_', "-");
        let name = if self.0.contains_key(&dashed) { &dashed } else { name };
        let key = joined(above, name);
        if rest.is_empty() {
            let node = Node { key, source: source.clone(), value: Value::Unquoted(value) };
            self.0.insert(name.clone(), node);
            return;
        }
        let node = self.0.entry(name.clone()).or_insert_with(|| Node {
            key: key.clone(),
            source: source.clone(),
            value: Value::Branch(Self::default()),
        });
        match &mut node.value {
            Value::Branch(branch) => branch.set_below(&key, rest, source, value),
            _ => {
                let mut branch = Self::default();
                branch.set_below(&key, rest, source, value);
                *node = Node { key, source: source.clone(), value: Value::Branch(branch) };
            }
        }
    }
}

impl Node {
    /// Renders the value as TOML.
    pub(crate) fn to_toml(&self) -> String {
        match &self.value {
            Value::Text(text) | Value::Unquoted(text) => quoted(text),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Boolean(flag) => flag.to_string(),
            Value::List(items) => {
                let shown: Vec<String> = items.iter().map(Self::to_toml).collect();
                format!("[{}]", shown.join(", "))
            }
            Value::Branch(_) => "{…}".to_owned(),
        }
    }
}

/// The whole configuration is one section without a name.
impl From<Branch> for Node {
    fn from(branch: Branch) -> Self {
        Self { key: String::new(), source: Source::Defaults, value: Value::Branch(branch) }
    }
}

/// Filters the variables that set settings: the path each sets, its name as it is, and its value.
pub(crate) fn variables(
    environment: impl Iterator<Item = (String, String)>,
) -> impl Iterator<Item = (Vec<String>, String, String)> {
    environment.filter_map(|(name, value)| {
        let upper = name.to_ascii_uppercase();
        let path = upper.strip_prefix(PREFIX)?;
        let path = path.split("__").map(str::to_ascii_lowercase).collect();
        Some((path, name, value))
    })
}

/// Returns the variable that sets `key`.
pub(crate) fn variable_for(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").replace('-', "_").to_ascii_uppercase())
}

/// Returns the path of `name` in the section at `above`.
pub(crate) fn joined(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// One TOML text to be read into a tree.
struct Layer<'a> {
    text: &'a str,
    /// Returns the source of the values in a line.
    source_at: &'a dyn Fn(usize) -> Source,
}

impl Layer<'_> {
    fn read(&self, origin: &str) -> Result<Branch, SettingsError> {
        let table = DeTable::parse(self.text).map_err(|error| {
            // The error's own text quotes the line, which may contain a secret.
            let line = error.span().map_or(1, |span| self.line(span.start));
            let reason = format!("line {line}: {}", error.message());
            SettingsError::Syntax { origin: origin.to_owned(), reason }
        })?;
        Ok(self.branch("", table.into_inner()))
    }

    fn branch(&self, above: &str, table: DeTable<'_>) -> Branch {
        let nodes = table.into_iter().map(|(name, value)| {
            let line = self.line(name.span().start);
            let name = name.into_inner().into_owned();
            let node = self.node(joined(above, &name), line, value.into_inner());
            (name, node)
        });
        Branch(nodes.collect())
    }

    fn node(&self, key: String, line: usize, value: DeValue<'_>) -> Node {
        let value = match value {
            DeValue::String(text) => Value::Text(Cow::into_owned(text)),
            DeValue::Integer(number) => {
                match i128::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Value::Integer(number),
                    Err(_) => Value::Text(number.to_string()),
                }
            }
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Value::Boolean(flag),
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Array(list) => Value::List(
                (0..)
                    .zip(list)
                    .map(|(index, item): (usize, _)| {
                        let line = self.line(item.span().start);
                        self.node(format!("{key}[{index}]"), line, item.into_inner())
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Branch(self.branch(&key, table)),
        };
        Node { key, source: (self.source_at)(line), value }
    }

    /// Returns the line, counted from 1, that contains a byte.
    fn line(&self, byte: usize) -> usize {
        self.text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
    }
}
