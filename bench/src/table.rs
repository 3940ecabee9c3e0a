//! Tables to read in a terminal.

/// Prints a title, then `rows`, the first of which are the headings, in columns.
pub(crate) fn print(title: &str, rows: &[Vec<String>]) {
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
pub(crate) fn nanoseconds(ns: f64) -> String {
    let (value, unit) = match ns {
        ..1e3 => (ns, "ns"),
        ..1e6 => (ns / 1e3, "µs"),
        _ => (ns / 1e6, "ms"),
    };
    format!("{} {unit}", three_digits(value))
}

pub(crate) fn millions(rate: f64) -> String {
    three_digits(rate / 1e6)
}

pub(crate) fn percent(share: f64) -> String {
    format!("{} %", three_digits(share * 100.0))
}

fn three_digits(value: f64) -> String {
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn digits() {
        let cases = [
            (0.0, "0.00 ns"),
            (9.996, "10.0 ns"),
            (99.96, "100 ns"),
            (1234.0, "1.23 µs"),
            (2e6, "2.00 ms"),
        ];
        for (ns, text) in cases {
            assert_eq!(nanoseconds(ns), text);
        }
    }
}
