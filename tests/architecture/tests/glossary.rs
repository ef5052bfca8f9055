//! One word, one meaning: the types and the language of `docs/glossary.md`.
#![cfg(test)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Idioms that say less than the trade's own words, and those words.
const IDIOMS: [(&str, &str); 12] = [
    ("stands still", "is halted"),
    ("stand still", "be halted"),
    ("made anew", "recreated"),
    ("built anew", "rebuilt"),
    ("let go of", "expired or released"),
    ("is away", "is unavailable"),
    ("are away", "are unavailable"),
    ("told apart", "distinguished"),
    ("put right", "repaired"),
    ("put back", "restored"),
    ("whoever", "the process, the client, the caller"),
    ("nobody's", "without a tenant"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Returns every file under `folder` with one of these endings, except build products and the packages of others.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules"].contains(&&*name) && !name.starts_with('.') {
                found.extend(files(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// Returns the types of the glossary: the crate and the name of each.
fn glossary() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("docs/glossary.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let last = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    last.filter_map(|cell| cell.trim().strip_prefix('`')?.strip_suffix('`')?.rsplit_once("::"))
        .map(|(krate, name)| (krate.to_owned(), name.to_owned()))
        .collect()
}

/// Returns, by name, the crates in whose sources `names_in` finds it.
fn crates_by_name(names_in: impl Fn(&str) -> Vec<String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut crates = BTreeMap::<_, BTreeSet<_>>::new();
    let folders = ["crates", "services"].into_iter();
    for path in folders.flat_map(|folder| files(&root().join(folder), &[".rs"])) {
        let shown = shown(&path);
        let Some((folder, _)) = shown.split_once("/src/") else { continue };
        let krate = folder.rsplit('/').next().unwrap().replace('-', "_");
        let text = fs::read_to_string(&path).unwrap();
        for name in names_in(text.split("#[cfg(test)]").next().unwrap_or_default()) {
            crates.entry(name).or_default().insert(krate.clone());
        }
    }
    crates
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Returns the names that a file exports by `pub use`.
fn exports(code: &str) -> Vec<String> {
    let statements = code.split("\npub use ").skip(1);
    let lists = statements.filter_map(|rest| rest.split(';').next());
    lists.flat_map(words).map(str::to_owned).collect()
}

/// Returns the names of the types that a file defines for others, by hand or by a macro.
fn definitions(code: &str) -> Vec<String> {
    let is_kind = |word: &&str| ["struct", "enum", "trait", "type"].contains(word);
    let public = code.lines().filter(|line| line.trim_start().starts_with("pub"));
    public
        .filter_map(|line| words(line).skip_while(|word| !is_kind(word)).nth(1))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_type_of_the_glossary_is_where_it_says_and_no_other_crate_exports_the_name() {
    let glossary = glossary();
    assert!(glossary.len() > 30, "the glossary's table was not read: {glossary:?}");
    let exported = crates_by_name(exports);
    let defined = crates_by_name(definitions);
    let mut wrong = Vec::new();
    for (krate, name) in glossary {
        let exporting = exported.get(&name).cloned().unwrap_or_default();
        let defining = defined.get(&name).cloned().unwrap_or_default();
        if !exporting.contains(&krate) && !defining.contains(&krate) {
            wrong.push(format!("{krate} has no {name}"));
        }
        for other in exporting.iter().filter(|other| **other != krate) {
            wrong.push(format!("{other} exports {name}, which is {krate}'s"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn texts_use_the_words_of_the_trade() {
    let mut wrong = Vec::new();
    for path in files(&root(), &[".rs", ".md", ".sql", ".lua", ".sh", ".toml"]) {
        let shown = shown(&path);
        // Applied migrations never change.
        if shown.starts_with("migrations/") || shown.ends_with("tests/glossary.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.to_lowercase();
            for (idiom, word) in IDIOMS {
                if line.contains(idiom) {
                    wrong.push(format!("{shown}:{number}: instead of \"{idiom}\": {word}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
