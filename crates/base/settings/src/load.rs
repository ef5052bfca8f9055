use std::path::Path;

use serde::de::DeserializeOwned;

use crate::{
    Origin, SettingsError,
    reader::Reader,
    tree::{Branch, variables},
};

/// Reads a configuration: `defaults` (TOML), under the file's values, under the environment's.
///
/// An environment variable `FOOTFALL__SECTION__KEY`, in any case, sets `section.key`.
///
/// # Errors
/// A key does not exist, a value has another type or is missing, or a source cannot be read.
pub fn load<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<T, SettingsError> {
    load_explained(defaults, file, environment).map(|(configuration, _)| configuration)
}

/// As [`load`], and tells of every value where it came from.
///
/// # Errors
/// As [`load`].
pub fn load_explained<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<(T, Vec<Origin>), SettingsError> {
    let mut tree = Branch::from_defaults(defaults)?;
    if let Some(path) = file {
        tree.merge(Branch::from_file(path)?);
    }
    for (path, variable, value) in variables(environment) {
        tree.set(&path, &variable, value);
    }
    let origins = std::cell::RefCell::default();
    let configuration = T::deserialize(Reader::new(&tree.into(), &origins))?;
    Ok((configuration, origins.into_inner()))
}
