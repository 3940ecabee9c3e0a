use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use ringway_bench::results::Results;

/// # Errors
///
/// Says which file it is about, and what to do.
pub(crate) fn results(path: &Path) -> Result<Results, String> {
    let file = path.display();
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("{file}: no such file; `cargo bench` writes one"),
        _ => format!("{file}: {error}"),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{file}: not a file of results: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;

    #[test]
    fn what_is_no_file_of_results_is_told() {
        let folder = std::env::temp_dir();
        let missing = folder.join("ringway-report-no-such-file.json");
        assert!(results(&missing).unwrap_err().contains("no such file"));

        let file = folder.join(format!("ringway-report-{}.json", std::process::id()));
        for (content, what) in [("", "EOF"), ("{}", "missing field `machine`"), ("[1]", "not a file of results")] {
            fs::write(&file, content).unwrap();
            let error = results(&file).unwrap_err();
            assert!(error.contains("not a file of results") && error.contains(what), "{error}");
        }
        let made_up = made_up::results(Vec::new());
        fs::write(&file, serde_json::to_vec(&made_up).unwrap()).unwrap();
        assert_eq!(results(&file), Ok(made_up));
        fs::remove_file(&file).unwrap();
    }
}
