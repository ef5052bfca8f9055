use std::{fs, path::Path};

use super::super::{FolderError, FolderFault, read_folder};

const RIGHT: &str = r#"
id = "acme"
name = "Acme"
isolation = "shared"
cluster = "shared"
time_zone = "Europe/Warsaw"
currency = "EUR"
"#;

fn faults(text: &str) -> Vec<FolderFault> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("acme.toml"), text).unwrap();
    match read_folder(folder.path()).unwrap_err() {
        FolderError::Faults(faults) => faults,
        other => panic!("{other:?}"),
    }
}

/// Returns line, column, field and reason of each fault.
fn messages(text: &str) -> Vec<String> {
    let short = |fault: &FolderFault| {
        let text = fault.to_string();
        text.split_once("acme.toml:").unwrap().1.to_owned()
    };
    faults(text).iter().map(short).collect()
}

#[test]
fn the_tenants_of_the_demonstration_are_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants");
    let folder = read_folder(Path::new(folder)).unwrap();
    let ids: Vec<_> = folder.orders().iter().map(|order| order.client_id.as_str()).collect();
    assert_eq!(ids, ["eshop", "northwind", "open-bandit", "southridge"]);
}

#[test]
fn every_wrong_value_is_reported_with_its_place_and_what_would_be_correct() {
    let text = r#"id = "Acme"
name = ""
isolation = "private"
cluster = "shared"
time_zone = "Warsaw"
currency = "euro"
retention_days = 0

[limits]
concurrent_queries = 0

[[advertisers]]
id = "nova"
name = "Nova"

[[campaigns]]
id = "spring"
name = "Spring"
advertiser = "novva"

[[campaigns]]
id = "spring"
name = "Spring again"

[[users]]
email = "ann at acme"
role = "admin"

[[users]]
email = "bob@acme.example"
role = "advertiser"

[[keys]]
name = "shop"
kind = "collect"
campaigns = ["spring"]

[[dimensions]]
name = "device"
pointer = "/loyalty/tier"
type = "number"
"#;
    assert_eq!(
        messages(text),
        [
            "1:6: id must be 1 to 40 characters of a-z, 0-9 and inner '-', such as spring-sale",
            "2:8: name must be a text of 1 to 200 characters, none of them a control character",
            "3:13: isolation must be one of shared, schema, dedicated",
            "5:13: time_zone must be an IANA time zone such as Europe/Warsaw",
            "6:12: currency must be an ISO 4217 code of three upper-case letters, such as EUR",
            "7:18: retention_days must be 1 to 36500 days",
            "10:22: limits.concurrent_queries must be at least 1",
            "19:14: campaigns[0].advertiser must be the id of one of the advertisers of this file",
            "22:6: campaigns[1].id must be another campaign than campaigns[0].id",
            "39:8: dimensions[0].name must be another name: a built-in dimension has this one",
            "40:11: dimensions[0].pointer must be a JSON pointer below /properties, such as /properties/loyalty/tier",
            "41:8: dimensions[0].type must be one of string, integer, boolean",
            "26:9: users[0].email must be an email address such as ann@acme.example",
            "27:8: users[0].role must be one of owner, analyst, advertiser",
            "29:1: users[1].advertiser must name the advertiser this user belongs to",
            "36:13: keys[0].campaigns must be left out: only keys of kind read are limited to campaigns",
        ]
    );
}

#[test]
fn an_unknown_key_is_reported_with_the_known_ones() {
    let messages = messages(&format!("{RIGHT}isolaton = \"shared\"\n"));
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0].starts_with("8:1: isolaton unknown field `isolaton`, expected one of `id`")
    );
}

#[test]
fn a_value_of_the_wrong_type_is_reported_with_the_expected_one() {
    let messages = messages(&format!("{RIGHT}[[campaigns]]\nid = 5\nname = \"Five\"\n"));
    assert_eq!(messages, ["9:6: campaigns[0].id invalid type: integer `5`, expected a string"]);
}

#[test]
fn a_missing_field_is_reported() {
    let unnamed = format!("{RIGHT}[[campaigns]]\nid = \"spring\"\n");
    assert_eq!(messages(&unnamed), ["8:1: campaigns[0] missing field `name`"]);
    let without = RIGHT.replace("currency = \"EUR\"\n", "");
    assert_eq!(messages(&without), ["1:1: missing field `currency`"]);
}

#[test]
fn invalid_toml_is_reported_with_its_line() {
    let messages = messages("id = \"acme\nname = \"Acme\"\n");
    assert_eq!(messages.len(), 1);
    assert!(messages[0].starts_with("1:11: "), "{messages:?}");
}

#[test]
fn the_faults_of_all_files_are_reported_together() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        let text = RIGHT.replace("EUR", "euro");
        fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    fs::write(folder.path().join("notes.txt"), "not a tenant").unwrap();
    let text = read_folder(folder.path()).unwrap_err().to_string();
    assert!(text.contains("a.toml:7:12:") && text.contains("b.toml:7:12:"), "{text}");
}

#[test]
fn a_folder_without_files_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(read_folder(folder.path()), Err(FolderError::Empty(_))));
    let missing = folder.path().join("missing");
    assert!(matches!(read_folder(&missing), Err(FolderError::Unreadable { .. })));
}
