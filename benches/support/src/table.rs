//! Tables to read in a terminal.

/// Prints a title, then `rows`, the first of which are the headings, in columns.
pub fn print(title: &str, rows: &[Vec<String>]) {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
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

/// Three digits and a unit.
pub fn nanoseconds(ns: f64) -> String {
    let (value, unit) = match ns {
        ..1e3 => (ns, "ns"),
        ..1e6 => (ns / 1e3, "µs"),
        _ => (ns / 1e6, "ms"),
    };
    format!("{} {unit}", three_digits(value))
}

pub fn millions(rate: f64) -> String {
    three_digits(rate / 1e6)
}

pub fn percent(share: f64) -> String {
    format!("{} %", three_digits(share * 100.0))
}

fn three_digits(value: f64) -> String {
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$}")
}
