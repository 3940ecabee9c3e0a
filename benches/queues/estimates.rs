//! The results that criterion has written to its folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// Where criterion puts everything: it does not tell, so this looks where it looks.
pub(crate) fn home() -> PathBuf {
    env::var_os("CRITERION_HOME").map(PathBuf::from).unwrap_or_else(|| {
        let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from).or_else(target_by_cargo);
        target.unwrap_or_else(|| "target".into()).join("criterion")
    })
}

fn target_by_cargo() -> Option<PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO")?);
    let output = cargo.args(["metadata", "--format-version", "1", "--no-deps"]).output().ok()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).ok()?;
    Some(metadata["target_directory"].as_str()?.into())
}

/// The median of a benchmark's last run, in nanoseconds for an iteration.
pub(crate) fn median(home: &Path, group: &str, function: &str, parameter: &str) -> Option<f64> {
    // The one character in our names that criterion replaces.
    let folder = home.join(group.replace('/', "_")).join(function).join(parameter);
    let estimates = fs::read(folder.join("new/estimates.json")).ok()?;
    serde_json::from_slice::<Value>(&estimates).ok()?["median"]["point_estimate"].as_f64()
}
