//! On what, and of what, the measurements are.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use crate::results::Machine;
use bench_support::cores;

impl Machine {
    pub(crate) fn this(pinned: bool) -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let mut lines = cpuinfo.lines();
            lines.find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(": "))
        };
        // The name alone does not always tell the generation.
        let processor = match (field("model name"), field("cpu family"), field("model")) {
            (Some(name), Some(family), Some(model)) => {
                format!("{name}, family {family}, model {model}")
            }
            _ => env::consts::ARCH.into(),
        };
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            processor,
            cores: cores::count(),
            pinned,
            // What comes after the first dash is whose build it is.
            system: format!(
                "{} {}",
                env::consts::OS,
                kernel.trim().split('-').next().unwrap_or_default()
            )
            .trim()
            .into(),
            rustc: output(Command::new("rustc").arg("--version")),
        }
    }
}

/// The commit of the sources, as git describes it.
pub(crate) fn version() -> String {
    output(
        Command::new("git")
            .args(["describe", "--always", "--dirty"])
            .current_dir(env!("CARGO_MANIFEST_DIR")),
    )
}

fn output(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    output.map_or("unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().into())
}

/// Where results are written if nothing else is said, `latest.json` among them: in the target
/// folder of the running program.
pub(crate) fn results_folder() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    // Cargo marks its target folders by this file.
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map_or("target".into(), PathBuf::from).join("compare")
}
