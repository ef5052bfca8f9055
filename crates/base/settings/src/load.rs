use std::{cell::RefCell, path::Path};

use serde::de::DeserializeOwned;

use crate::{
    Origin, SettingsError,
    misnamed::Known,
    reader::{Reader, Seen},
    tree::{Branch, variables},
};

/// Loads a configuration: `defaults` (TOML), overridden by the file, overridden by the environment.
///
/// An environment variable `FOOTFALL__SECTION__KEY`, in any case, sets `section.key`.
///
/// # Errors
/// A key does not exist, a value has another type or is missing, a variable that begins with
/// `FOOTFALL_` names a setting with the wrong underscores, or a source cannot be read.
pub fn load<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<T, SettingsError> {
    load_explained(defaults, file, environment).map(|(configuration, _)| configuration)
}

/// Loads a configuration as [`load`] does, and returns the origin of every value.
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
    let mut known = Known::default();
    known.add(&tree, "");
    let environment: Vec<_> = environment.collect();
    for (path, variable, value) in variables(environment.iter().cloned()) {
        tree.set(&path, &variable, value);
    }
    let seen = Seen { origins: RefCell::default(), known: RefCell::new(known) };
    let configuration = T::deserialize(Reader::new(&tree.into(), &seen));
    let Seen { origins, known } = seen;
    // Reported before any other error: a missing value may be set under a wrong name.
    let names = environment.iter().map(|(name, _)| name.as_str());
    match known.into_inner().misnamed(names) {
        Some(misnamed) => Err(misnamed),
        None => Ok((configuration?, origins.into_inner())),
    }
}
