//! The scripts of the demo.
#![cfg(test)]

use std::{io::Write, path::Path, process::Command};

#[test]
fn a_log_of_the_demo_stays_bounded_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("services.log");
    let mut log = std::fs::File::options().create(true).append(true).open(&path).unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/local");
    let bound = || {
        let status = Command::new("bash")
            .args(["-euc", "source \"$0/logs.sh\"; bound_logs 1000 \"$1\" \"$1.missing\""])
            .args([&scripts, &path])
            .status();
        assert!(status.unwrap().success());
    };
    let size = |path: &Path| std::fs::metadata(path).map(|file| file.len()).unwrap_or(0);
    for round in 0..3_u64 {
        log.write_all(&[b'x'; 900]).unwrap();
        bound();
        assert_eq!(size(&path), 900, "round {round}: below the limit");
        log.write_all(&[b'y'; 900]).unwrap();
        bound();
        assert_eq!(size(&path), 0, "round {round}");
        assert_eq!(size(&folder.path().join("services.log.1")), 1_800, "round {round}");
    }
    log.write_all(b"the writer continues at the start\n").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"the writer continues at the start\n");
}
