//! The binary: all it does is hand over to [`mcpscan::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    mcpscan::cli::main()
}
