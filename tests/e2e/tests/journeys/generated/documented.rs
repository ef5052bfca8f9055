//! The tables of `docs/sending-events.md`.

use std::sync::LazyLock;

/// The page for senders.
const PAGE: &str = include_str!("../../../../../docs/sending-events.md");

/// A field that an event may have.
pub(super) struct Field {
    /// The canonical name; a field of an item begins with `items[].`.
    pub(super) name: &'static str,
    /// All names, in the order in which they count.
    pub(super) names: Vec<&'static str>,
    /// The place in `context` where it is read as well.
    pub(super) context: Option<&'static str>,
    /// What is accepted.
    pub(super) accepted: &'static str,
}

/// Returns the rows of the table with this head, each with its cells.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let (_, table) = PAGE.split_once(head).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('|').skip(1).map(str::trim).collect()).collect()
}

fn quoted(cell: &'static str) -> impl Iterator<Item = &'static str> {
    cell.split('`').skip(1).step_by(2)
}

/// Returns every field.
pub(super) fn fields() -> &'static [Field] {
    static FIELDS: LazyLock<Vec<Field>> =
        LazyLock::new(|| rows("| field | other names |").into_iter().map(field).collect());
    &FIELDS
}

fn field(cells: Vec<&'static str>) -> Field {
    let name = quoted(cells[0]).next().unwrap();
    let (paths, mut names): (Vec<_>, Vec<_>) =
        quoted(cells[1]).partition(|name| name.starts_with("context."));
    names.insert(0, name.trim_start_matches("items[]."));
    let context = paths.first().map(|path| path.trim_start_matches("context."));
    Field { name, names, context, accepted: cells[2] }
}

/// Returns a field by its name in the table.
pub(super) fn named(name: &str) -> &'static Field {
    fields().iter().find(|field| field.name == name).unwrap()
}

impl Field {
    /// Returns the field with some of its names only.
    pub(super) fn only(&self, is_read: impl Fn(&str) -> bool) -> Self {
        let names = self.names.iter().copied().filter(|name| is_read(name)).collect();
        Self { names, ..*self }
    }
}

/// Returns every built-in type of event, with all its names.
pub(super) fn types() -> Vec<(&'static str, Vec<&'static str>)> {
    let named = |cells: Vec<&'static str>| {
        let name = cells[0].trim_matches('`');
        let others = cells[1].split(',').map(|other| other.trim().trim_matches('`'));
        // Segment's `page` call is not a name.
        let others = others.filter(|other| !other.is_empty() && !other.contains('`'));
        (name, [name].into_iter().chain(others).collect())
    };
    let types = rows("| type | other names |").into_iter().map(named);
    types.filter(|(name, _)| !name.starts_with("custom.")).collect()
}
