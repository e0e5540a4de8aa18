//! Parses arguments, calls a command, maps its error to an exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    portcullis::cli::main()
}
