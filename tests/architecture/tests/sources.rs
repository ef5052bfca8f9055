//! Rules for source files.
#![cfg(test)]

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Returns every file under `folder` with this ending, except build products and the packages of others.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules"].contains(&&*name) && !name.starts_with('.') {
                found.extend(files(&path, ending));
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

#[test]
fn every_report_binds_the_tenant() {
    let queries = root().join("crates/stores/warehouse/queries");
    let platform = queries.join("platform");
    let reports: Vec<_> =
        files(&queries, ".sql").into_iter().filter(|path| !path.starts_with(&platform)).collect();
    assert!(!reports.is_empty());
    for path in reports {
        let sql = fs::read_to_string(&path).unwrap();
        assert!(sql.contains("client_id = {client_id:String}"), "{}", shown(&path));
    }
}

#[test]
fn queries_across_tenants_read_no_personal_columns() {
    let platform = root().join("crates/stores/warehouse/queries/platform");
    for path in files(&platform, ".sql") {
        let sql = fs::read_to_string(&path).unwrap();
        let columns = ["visitor_id", "customer_id", "session_id", "properties", "revenue"];
        for column in columns {
            assert!(!sql.contains(column), "{} reads {column}", shown(&path));
        }
    }
}

#[test]
fn there_is_one_clippy_toml() {
    // A crate-local file silently replaces the root's bans.
    let found = files(&root(), "clippy.toml");
    assert_eq!(found, [root().join("clippy.toml")]);
}

#[test]
fn no_file_is_too_long() {
    let tests = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "tests");
    let long: Vec<_> = files(&root(), ".rs")
        .into_iter()
        .filter(|path| !tests(path))
        .filter_map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
            (lines > 400).then(|| format!("{} has {lines} lines", shown(&path)))
        })
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_crate_has_a_readme_that_is_its_documentation() {
    for manifest in files(&root(), "Cargo.toml") {
        let folder = manifest.parent().unwrap();
        let entry = [folder.join("src/lib.rs"), folder.join("src/main.rs")];
        let Some(entry) = entry.iter().find(|path| path.exists()) else {
            continue;
        };
        let text = fs::read_to_string(entry).unwrap();
        let included = text.contains(r#"#![doc = include_str!("../README.md")]"#);
        assert!(included && folder.join("README.md").exists(), "{}", shown(entry));
    }
}

#[test]
fn versions_are_in_the_root_table_only() {
    for manifest in files(&root(), "Cargo.toml") {
        let text = fs::read_to_string(&manifest).unwrap();
        if manifest == root().join("Cargo.toml") {
            continue;
        }
        let wrong: Vec<_> = text.lines().filter(|line| line.contains("version = \"")).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", shown(&manifest));
    }
}

#[test]
fn every_problem_code_has_a_page() {
    let folder = root().join("docs/errors");
    for code in problem::Code::ALL {
        let page = folder.join(format!("{}.md", code.as_str()));
        let text = fs::read_to_string(&page).unwrap_or_default();
        assert!(text.contains(code.title()), "{} does not explain {code:?}", shown(&page));
    }
    let pages = files(&folder, ".md").len();
    assert_eq!(pages, problem::Code::ALL.len() + 1, "pages without a code (README.md is one more)");
}
