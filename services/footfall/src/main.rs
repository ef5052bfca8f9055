//! Footfall.

fn main() -> std::process::ExitCode {
    footfall::main()
}
