use std::{cell::RefCell, path::Path};

use serde::de::DeserializeOwned;

use crate::{
    Origin, SettingsError,
    misnamed::Known,
    reader::{Reader, Seen},
    tree::{Branch, variables},
};

/// Reads a configuration: `defaults` (TOML), under the file's values, under the environment's.
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
    let mut known = Known::default();
    known.add(&tree, "");
    let environment: Vec<_> = environment.collect();
    for (path, variable, value) in variables(environment.iter().cloned()) {
        tree.set(&path, &variable, value);
    }
    let seen = Seen { origins: RefCell::default(), known: RefCell::new(known) };
    let configuration = T::deserialize(Reader::new(&tree.into(), &seen));
    let Seen { origins, known } = seen;
    // Before any other error: what is missing may be there under the wrong name.
    let names = environment.iter().map(|(name, _)| name.as_str());
    match known.into_inner().misnamed(names) {
        Some(misnamed) => Err(misnamed),
        None => Ok((configuration?, origins.into_inner())),
    }
}
