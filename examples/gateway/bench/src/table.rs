//! Results as Markdown.

use std::fmt::Write;

use super::{Cell, Results};

pub(super) fn tables(results: &Results) -> String {
    let mut text = format!("{} cores, the generator's work included.\n\n", results.cores);
    if !results.protocols.is_empty() {
        text += "| input | | bytes | time per message | messages a second | delivered | peak memory |\n";
        text += "|---|---|---:|---:|---:|---:|---:|\n";
        for cell in &results.protocols {
            let Cell { protocol, mode, bytes, .. } = cell;
            let line = if cell.sent == 0 {
                "| too large, refused by the sender | | | ".to_string()
            } else {
                format!(
                    "| {} | {} | {} | {} ",
                    time(cell),
                    thousands(rate(cell)),
                    share(cell),
                    memory(cell)
                )
            };
            let _ = writeln!(text, "| {protocol} | {mode} | {bytes} {line}|");
        }
    }
    if let Some(first) = results.queues.first() {
        let _ = writeln!(
            text,
            "\n{}, {}, {} bytes, with a slow output:\n",
            first.protocol, first.mode, first.bytes
        );
        text += "| queue | messages a second | delivered | evicted | rejected | age, median | 99th | peak memory |\n";
        text += "|---|---:|---:|---:|---:|---:|---:|---:|\n";
        for cell in &results.queues {
            let of = |n: u64| percent(n, cell.received);
            let age =
                |seconds: Option<f64>| seconds.map_or("".into(), |s| format!("≤ {}", duration(s)));
            let (rate, memory) = (thousands(rate(cell)), memory(cell));
            let (median, worst) = (age(cell.age_median), age(cell.age_99th));
            let (delivered, evicted, rejected) =
                (of(cell.delivered), of(cell.evicted), of(cell.rejected));
            let queue = &cell.queue;
            let _ = writeln!(
                text,
                "| `{queue}` | {rate} | {delivered} | {evicted} | {rejected} | {median} | {worst} | {memory} |"
            );
        }
    }
    text
}

fn rate(cell: &Cell) -> u64 {
    (cell.received as f64 / cell.seconds).round() as u64
}

fn time(cell: &Cell) -> String {
    if cell.received == 0 { "".into() } else { duration(cell.seconds / cell.received as f64) }
}

fn share(cell: &Cell) -> String {
    percent(cell.delivered, cell.sent)
}

fn percent(part: u64, whole: u64) -> String {
    match (part, whole) {
        (_, 0) => String::new(),
        (part, whole) if part == whole => "100 %".into(),
        // Rounded down: what is not all must not look like it.
        (part, whole) => format!("{:.1} %", (part as f64 / whole as f64 * 1000.0).floor() / 10.0),
    }
}

fn memory(cell: &Cell) -> String {
    cell.peak_memory.map_or(String::new(), |bytes| format!("{} MiB", bytes.div_ceil(1 << 20)))
}

fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    if value < 10.0 { format!("{value:.2} {unit}") } else { format!("{value:.0} {unit}") }
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<_> =
        digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group)).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_read_them() {
        assert_eq!(
            ["1", "999", "1,000", "1,234,567"],
            [1, 999, 1000, 1_234_567].map(thousands).each_ref().map(String::as_str)
        );
        assert_eq!(duration(0.000_004_2), "4.20 µs");
        assert_eq!(duration(0.012), "12 ms");
        assert_eq!([percent(1, 1), percent(9999, 10_000), percent(1, 0)], ["100 %", "99.9 %", ""]);
    }
}
