//! Footfall as the program of faults starts it: it aborts or freezes where it is told to.

fn main() -> std::process::ExitCode {
    footfall::main()
}
