use std::{collections::HashMap, fs};

use tenancy::{Destination, Isolation, Placement};
use testkit::Platform;
use uuid::Uuid;

use crate::Failure;

/// A tenant in the shared tables.
#[derive(Clone, Debug)]
pub(crate) struct SharedTenant {
    /// Its id.
    pub(crate) id: String,
    /// An API key that reads reports.
    pub(crate) read_key: String,
}

/// Returns the ids of so many tenants; no other run has them.
pub(crate) fn tenant_ids(count: u32) -> Vec<String> {
    let run = Uuid::now_v7().simple().to_string();
    // The end is random.
    let run: String = run.chars().rev().take(12).collect();
    (0..count).map(|number| format!("t{run}-{number}")).collect()
}

/// Creates tenants in the shared tables by their files, each with the campaigns `campaign-0` and so on. They
/// have no users; only an operator may create keys that read reports in their place.
///
/// # Errors
/// A file cannot be written, or a tenant has no key.
pub(crate) fn create_tenants(
    platform: &Platform,
    ids: &[String],
    campaigns: usize,
) -> Result<Vec<SharedTenant>, Failure> {
    let folder = platform.folder().join("benchmark-tenants");
    fs::create_dir_all(&folder)?;
    let campaigns: String = (0..campaigns)
        .map(|number| format!("[[campaigns]]\nid = \"campaign-{number}\"\nname = \"{number}\"\n"))
        .collect();
    for id in ids {
        let file = format!("{}{campaigns}", include_str!("tenant.toml").replace("{id}", id));
        fs::write(folder.join(format!("{id}.toml")), file)?;
    }
    let folder = folder.to_str().ok_or("a folder whose name is not UTF-8")?;
    let made = platform.run(&["tenant", "apply", folder]);
    let keys: HashMap<_, _> = made.lines().filter_map(|line| line.split_once('=')).collect();
    let tenant = |id: &String| {
        let name = format!("{}_READ_KEY", id.to_uppercase().replace('-', "_"));
        let key = keys.get(name.as_str()).ok_or("a tenant has no key")?;
        Ok(SharedTenant { id: id.clone(), read_key: (*key).to_owned() })
    };
    ids.iter().map(tenant).collect()
}

/// Returns the shared tables.
///
/// # Errors
/// None is known: the names are valid.
pub(crate) fn shared() -> Result<Destination, Failure> {
    let placement =
        Placement { isolation: Isolation::Shared, cluster: "shared".parse()?, route_version: 1 };
    Ok(placement.destination(&"anybody".parse()?))
}
