//! Footfall as `tests/faults` starts it: it aborts or freezes at the failpoints that are set.

fn main() -> std::process::ExitCode {
    footfall::main()
}
