use std::{fs, path::Path};

use crate::{exit::Failure, output};

/// Writes the documents, or compares them with the files.
pub(crate) fn run(check: bool, folder: &Path) -> Result<(), Failure> {
    let described = [("collector.json", collector::openapi()), ("api.json", api::openapi())];
    let mut differing = Vec::new();
    for (name, description) in described {
        let path = folder.join(name);
        let text = description.to_pretty_json().map_err(Failure::other)? + "\n";
        if fs::read_to_string(&path).is_ok_and(|file| file == text) {
            continue;
        }
        if check {
            differing.push(path.display().to_string());
            continue;
        }
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| Failure::Other(format!("cannot write {}: {error}", path.display())))?;
        output::line(&format!("wrote {}", path.display()));
    }
    if differing.is_empty() {
        return Ok(());
    }
    let files = differing.join(" and ");
    Err(Failure::Rejected(format!("{files} differ from the code: run `footfall openapi`")))
}
