//! Tables to read in a terminal.

/// Prints a title, then `rows`, the first of which are the headings, in columns.
pub(crate) fn print(title: &str, rows: &[Vec<String>]) {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    println!("\n{title}");
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = width(column).unwrap_or(0);
            // Names on the left, numbers on the right.
            if column == 0 { print!("  {cell:<width$}") } else { print!("  {cell:>width$}") }
        }
        println!();
    }
}

/// A row of cells.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($cell.to_string()),*] };
}
pub(crate) use row;

/// Three digits and a unit.
pub(crate) fn nanoseconds(ns: f64) -> String {
    let (value, unit) = match ns {
        ..1e3 => (ns, "ns"),
        ..1e6 => (ns / 1e3, "µs"),
        _ => (ns / 1e6, "ms"),
    };
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$} {unit}")
}
