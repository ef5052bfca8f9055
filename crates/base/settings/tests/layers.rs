//! The layers of settings, from an operator's view.
#![cfg(test)]

use std::{collections::BTreeMap, io::Write, path::Path};

use serde::Deserialize;
use settings::{Origin, Secret, SettingsError, Source, load, load_explained};

const DEFAULTS: &str = r#"
[server]
bind = "127.0.0.1:80"
workers = 4
format = "text"
hosts = ["a", "b"]
[store]
password = "hunter2"
"#;

#[derive(Debug, Deserialize)]
struct Whole {
    server: Server,
    store: Store,
    #[serde(default)]
    clusters: BTreeMap<String, Cluster>,
}

#[derive(Debug, Deserialize)]
struct Server {
    bind: std::net::SocketAddr,
    workers: u16,
    format: Format,
    hosts: Vec<String>,
    verbose: Option<bool>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Deserialize)]
struct Store {
    password: Secret,
}

#[derive(Debug, Deserialize)]
struct Cluster {
    url: String,
    user: String,
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    let owned: Vec<_> =
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    owned.into_iter()
}

fn refused(path: Option<&Path>, pairs: &[(&str, &str)]) -> String {
    load::<Whole>(DEFAULTS, path, environment(pairs)).unwrap_err().to_string()
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = file("[server]\nbind = \"0.0.0.0:81\"\nworkers = 8\n");
    let pairs = [("FOOTFALL__SERVER__WORKERS", "16"), ("footfall__server__verbose", "true")];
    let whole: Whole = load(DEFAULTS, Some(file.path()), environment(&pairs)).unwrap();
    assert_eq!(whole.server.bind.to_string(), "0.0.0.0:81");
    assert_eq!(whole.server.workers, 16);
    assert_eq!(whole.server.verbose, Some(true));
    assert_eq!(whole.server.format, Format::Text);
    assert_eq!(whole.server.hosts, ["a", "b"]);
}

#[test]
fn a_list_in_the_environment_is_separated_by_commas() {
    let pairs = [("FOOTFALL__SERVER__HOSTS", "x, y")];
    let whole: Whole = load(DEFAULTS, None, environment(&pairs)).unwrap();
    assert_eq!(whole.server.hosts, ["x", "y"]);
}

#[test]
fn a_name_chosen_by_the_user_has_a_dash_where_its_variable_has_an_underscore() {
    let file = file("[clusters.eu-west]\nurl = \"http://old\"\nuser = \"writer\"\n");
    let pairs = [
        ("FOOTFALL__CLUSTERS__EU_WEST__URL", "http://new"),
        ("FOOTFALL__CLUSTERS__US_EAST__URL", "http://us"),
        ("FOOTFALL__CLUSTERS__US_EAST__USER", "writer"),
    ];
    let whole: Whole = load(DEFAULTS, Some(file.path()), environment(&pairs)).unwrap();
    assert_eq!(whole.clusters["eu-west"].url, "http://new");
    assert_eq!(whole.clusters["eu-west"].user, "writer");
    assert_eq!(whole.clusters["us-east"].url, "http://us");
}

#[test]
fn an_unknown_key_is_refused_with_its_source_and_the_nearest_known_name() {
    let file = file("\n[server]\nwokers = 3\n");
    let path = file.path().display().to_string();
    assert_eq!(
        refused(Some(file.path()), &[]),
        format!("{path}:3: there is no setting `server.wokers`, did you mean `server.workers`?")
    );
    assert_eq!(
        refused(None, &[("FOOTFALL__STOER__PASSWORD", "x")]),
        "environment variable FOOTFALL__STOER__PASSWORD: there is no setting `stoer`, \
         did you mean `store`?"
    );
    assert_eq!(
        refused(None, &[("FOOTFALL__SERVER__ZZZ", "x")]),
        "environment variable FOOTFALL__SERVER__ZZZ: there is no setting `server.zzz`"
    );
}

#[test]
fn a_wrong_type_names_the_key_its_source_and_the_expected_type() {
    for (variable, value, reason) in [
        ("WORKERS", "many", "must be a whole number from 0 to 65535, is string \"many\""),
        ("WORKERS", "70000", "must be a whole number from 0 to 65535, is integer `70000`"),
        ("WORKERS", "-1", "must be a whole number from 0 to 65535, is integer `-1`"),
        ("VERBOSE", "yes", "must be true or false, is string \"yes\""),
        ("FORMAT", "xml", "must be one of text, json, is \"xml\""),
        ("BIND", "nowhere", "invalid socket address syntax"),
    ] {
        let name = format!("FOOTFALL__SERVER__{variable}");
        let key = variable.to_lowercase();
        assert_eq!(
            refused(None, &[(&name, value)]),
            format!("environment variable {name}: `server.{key}`: {reason}")
        );
    }
    let file = file("[server]\nworkers = \"four\"\n");
    assert!(
        refused(Some(file.path()), &[]).contains(":2: `server.workers`: must be a whole number")
    );
    assert!(refused(None, &[("FOOTFALL__SERVER", "x")]).contains("`server`: must be a section"));
    assert!(
        refused(None, &[("FOOTFALL__SERVER__BIND__X", "x")]).contains("`server.bind`: must be")
    );
}

#[test]
fn a_missing_setting_is_named_with_its_variable() {
    let message = refused(None, &[("FOOTFALL__CLUSTERS__EU_WEST__URL", "http://new")]);
    assert_eq!(
        message,
        "`clusters.eu_west.user` is not set: set it in the file, or as \
         FOOTFALL__CLUSTERS__EU_WEST__USER"
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_by_line_without_quoting_it() {
    let broken = file("[store]\npassword = hunter3\n");
    let message = refused(Some(broken.path()), &[]);
    assert!(message.contains("not valid TOML: line 2"), "{message}");
    assert!(!message.contains("hunter3"), "{message}");
    let absent = Path::new("/nowhere/footfall.toml");
    let error = load::<Whole>(DEFAULTS, Some(absent), environment(&[])).unwrap_err();
    assert!(matches!(error, SettingsError::Unreadable { .. }));
}

#[test]
fn a_secret_appears_in_no_message_and_no_listing() {
    let file = file("[store]\npassword = 31337\n");
    let message = refused(Some(file.path()), &[]);
    assert!(message.ends_with("`store.password`: must be a text"), "{message}");

    let (whole, origins) = load_explained::<Whole>(DEFAULTS, None, environment(&[])).unwrap();
    assert_eq!(whole.store.password.expose(), "hunter2");
    assert_eq!(
        format!("{} {:?}", whole.store.password, whole.store),
        "*** Store { password: *** }"
    );
    assert!(!format!("{origins:?}").contains("hunter2"));
    let origin = |key: &str, value: &str| Origin {
        key: key.to_owned(),
        value: value.to_owned(),
        source: Source::Defaults,
    };
    assert!(origins.contains(&origin("store.password", "***")));
    assert!(origins.contains(&origin("server.workers", "4")));
    assert!(origins.contains(&origin("server.hosts", r#"["a", "b"]"#)));
}

#[test]
fn a_variable_with_wrong_underscores_is_refused_with_the_right_name() {
    let cluster = [
        ("FOOTFALL__CLUSTERS__EU_WEST__URL", "http://db"),
        ("FOOTFALL__CLUSTERS__EU_WEST__USER", "u"),
    ];
    let cases = [
        ("FOOTFALL_SERVER_BIND", "FOOTFALL__SERVER__BIND"),
        ("FOOTFALL_SERVER__BIND", "FOOTFALL__SERVER__BIND"),
        ("FOOTFALL__SERVER_BIND", "FOOTFALL__SERVER__BIND"),
        ("FOOTFALL___SERVER__BIND", "FOOTFALL__SERVER__BIND"),
        ("footfall_server_bind", "FOOTFALL__SERVER__BIND"),
        ("FOOTFALL_SERVER_WORKER", "FOOTFALL__SERVER__WORKERS"),
        // It has no default.
        ("FOOTFALL_SERVER_VERBOSE", "FOOTFALL__SERVER__VERBOSE"),
        ("FOOTFALL_CLUSTERS_EU_WEST_URL", "FOOTFALL__CLUSTERS__EU_WEST__URL"),
        ("FOOTFALL_CLUSTERS_US__URL", "FOOTFALL__CLUSTERS__<NAME>__<SETTING>"),
    ];
    for (variable, right) in cases {
        let pairs = [&cluster[..], &[(variable, "1")]].concat();
        let expected =
            format!("environment variable {variable} sets nothing: did you mean {right}?");
        assert_eq!(refused(None, &pairs), expected);
    }
}

#[test]
fn a_missing_setting_is_found_under_its_misspelt_name() {
    let defaults = DEFAULTS.replace("password = \"hunter2\"", "");
    let pairs = [("FOOTFALL_STORE_PASSWORD", "hunter2")];
    let error = load::<Whole>(&defaults, None, environment(&pairs)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "environment variable FOOTFALL_STORE_PASSWORD sets nothing: \
         did you mean FOOTFALL__STORE__PASSWORD?"
    );
}

#[test]
fn variables_of_scripts_and_commands_are_accepted() {
    let names = [
        "FOOTFALL_SERVER",
        "FOOTFALL_SERVER_KEY",
        "FOOTFALL_STACK_DIR",
        "FOOTFALL_CONFIG",
        "FOOTFALL_KEY",
        "FOOTFALL",
        "FOOTFALL_",
        "FOOTFALLING",
        "SERVER_BIND",
    ];
    let pairs = names.map(|name| (name, "x"));
    load::<Whole>(DEFAULTS, None, environment(&pairs)).unwrap();
}
