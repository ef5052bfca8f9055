use std::{collections::BTreeMap, fmt, fs, io, ops::Range, path::Path};

use problem::FieldError;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{field::dotted, file::TenantFile, order::TenantOrder, plan::Objection};

/// The tenant files of a folder, each valid on its own.
#[derive(Debug)]
pub struct Folder {
    sources: Vec<Source>,
    /// In the order of the sources.
    orders: Vec<TenantOrder>,
}

#[derive(Debug)]
struct Source {
    /// The path for messages: the folder as given, and the file's name.
    path: String,
    text: String,
}

/// An error in one field of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFault {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The field, such as `campaigns[1].advertiser`; empty if none can be named.
    pub field: String,
    /// What would be correct.
    pub reason: String,
}

/// A folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The path.
        path: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The folder contains no file that ends in `.toml`.
    #[error("{0} contains no file that ends in .toml")]
    Empty(String),
    /// Fields are wrong; every error is listed.
    #[error("{}", lines(.0))]
    Faults(Vec<FolderFault>),
}

pub(super) fn lines(faults: &[FolderFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl fmt::Display for FolderFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, field, reason } = self;
        let space = if field.is_empty() { "" } else { " " };
        write!(out, "{path}:{line}:{column}: {field}{space}{reason}")
    }
}

/// Reads every `.toml` file of a folder, by name, or one file.
pub fn read_folder(folder: &Path) -> Result<Folder, FolderError> {
    let sources = read_sources(folder)?;
    let mut orders = Vec::new();
    let mut faults = Vec::new();
    for source in &sources {
        match source.order() {
            Ok(order) => orders.push(order),
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() {
        Ok(Folder { sources, orders })
    } else {
        Err(FolderError::Faults(faults))
    }
}

fn read_sources(folder: &Path) -> Result<Vec<Source>, FolderError> {
    let unreadable = |path: &Path| {
        let path = path.display().to_string();
        move |source| FolderError::Unreadable { path, source }
    };
    if folder.is_file() {
        let text = fs::read_to_string(folder).map_err(unreadable(folder))?;
        return Ok(vec![Source { path: folder.display().to_string(), text }]);
    }
    let mut sources = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
            sources.insert(path.display().to_string(), text);
        }
    }
    if sources.is_empty() {
        return Err(FolderError::Empty(folder.display().to_string()));
    }
    Ok(sources.into_iter().map(|(path, text)| Source { path, text }).collect())
}

impl Folder {
    pub(super) fn orders(&self) -> &[TenantOrder] {
        &self.orders
    }

    /// Returns the objections to a plan, with the places of their fields.
    pub(super) fn faults(&self, objections: &[Objection]) -> Vec<FolderFault> {
        objections
            .iter()
            .filter_map(|(order, error)| Some(self.sources.get(*order)?.fault(error)))
            .collect()
    }
}

impl Source {
    fn order(&self) -> Result<TenantOrder, Vec<FolderFault>> {
        let file = self.parse().map_err(|fault| vec![fault])?;
        TenantOrder::from_file(&file)
            .map_err(|errors| errors.iter().map(|error| self.fault(error)).collect())
    }

    fn parse(&self) -> Result<TenantFile, FolderFault> {
        let document = toml::Deserializer::parse(&self.text)
            .map_err(|error| self.fault_at(error.span(), String::new(), error.message()))?;
        serde_path_to_error::deserialize(document).map_err(|error| {
            let field = error.path().to_string();
            let field = if field == "." { String::new() } else { field };
            self.fault_at(error.inner().span(), field, error.inner().message())
        })
    }

    fn fault(&self, error: &FieldError) -> FolderFault {
        let document = DeTable::parse(&self.text).ok();
        let span = document.and_then(|document| span(document.get_ref(), &error.pointer));
        self.fault_at(span, dotted(&error.pointer), &error.reason)
    }

    fn fault_at(&self, span: Option<Range<usize>>, field: String, reason: &str) -> FolderFault {
        let before = span.and_then(|span| self.text.get(..span.start)).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        FolderFault {
            path: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            field,
            reason: reason.to_owned(),
        }
    }
}

/// Returns the place of the value at `pointer`; if it is absent, the place of its parent.
fn span(document: &DeTable<'_>, pointer: &str) -> Option<Range<usize>> {
    let mut parts = pointer.split('/').skip(1);
    let mut found: &Spanned<DeValue<'_>> = document.get(parts.next()?)?;
    for part in parts {
        let inner = match found.get_ref() {
            DeValue::Table(table) => table.get(part),
            DeValue::Array(array) => part.parse().ok().and_then(|index: usize| array.get(index)),
            _ => None,
        };
        match inner {
            Some(inner) => found = inner,
            None => break,
        }
    }
    Some(found.span())
}
