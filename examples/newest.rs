//! Reads lines in one thread and lets a slow consumer print the newest; says what was dropped.
//!
//! ```text
//! seq 100000 | cargo run --example newest
//! cargo run --example newest -- --queue mutex-ring --capacity 4 --delay 50 some.log
//! ```

use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use ringway::{Kind, Pushed, Queue, Receiver, Sender};

const USAGE: &str = "usage: newest [--queue mutex-vec|channel|mutex-ring|atomic-ring] \
                     [--capacity N] [--delay MILLISECONDS] [FILE]";

struct Options {
    kind: Kind,
    capacity: usize,
    delay: Duration,
    file: Option<String>,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            kind: Kind::AtomicRing,
            capacity: 8,
            delay: Duration::from_millis(1),
            file: None,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
            let number = |text: String| {
                text.parse::<u64>().map_err(|_| format!("{text} is not a number\n{USAGE}"))
            };
            match arg.as_str() {
                "--queue" => options.kind = value()?.parse().map_err(|error| format!("{error}"))?,
                "--capacity" => {
                    options.capacity =
                        usize::try_from(number(value()?)?).map_err(|e| e.to_string())?
                }
                "--delay" => options.delay = Duration::from_millis(number(value()?)?),
                "--help" => return Err(USAGE.into()),
                _ if arg.starts_with("--") => return Err(format!("{arg} is not known\n{USAGE}")),
                _ => options.file = Some(arg),
            }
        }
        Ok(options)
    }
}

/// A queue of any kind.
type Lines = Box<dyn Queue<String>>;

#[derive(Default)]
struct Input {
    lines: u64,
    evicted: u64,
    rejected: u64,
}

/// Sends every line, and never waits for the consumer. At its end the sender is dropped, which
/// closes the channel.
fn read(input: impl BufRead, lines: Sender<String, Lines>) -> io::Result<Input> {
    let mut account = Input::default();
    for line in input.lines() {
        account.lines += 1;
        match lines.push(line?) {
            Pushed::Stored => {}
            Pushed::Evicted(_old) => account.evicted += 1,
            Pushed::Rejected(_new) => account.rejected += 1,
            Pushed::Closed(_line) => break, // The consumer is gone, and says why.
        }
    }
    Ok(account)
}

/// Prints a line every `delay`, until the channel is closed and empty.
fn print(lines: Receiver<String, Lines>, delay: Duration) -> io::Result<u64> {
    let mut out = io::stdout().lock();
    let mut printed = 0;
    for line in lines {
        writeln!(out, "{line}")?;
        printed += 1;
        thread::sleep(delay);
    }
    Ok(printed)
}

fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let (sender, receiver) = ringway::channel(options.kind.build(options.capacity)?);
    let input: Box<dyn BufRead> = match options.file {
        Some(file) => {
            Box::new(BufReader::new(File::open(&file).map_err(|error| format!("{file}: {error}"))?))
        }
        None => Box::new(BufReader::new(io::stdin())),
    };
    let consumer = thread::spawn(move || print(receiver, options.delay));
    let account = read(input, sender);
    let printed = consumer.join().expect("the consumer does not panic")?;
    let Input { lines, evicted, rejected } = account?;
    eprintln!(
        "{}: {lines} read = {printed} printed + {evicted} evicted + {rejected} rejected",
        options.kind
    );
    assert_eq!(lines, printed + evicted + rejected, "nothing else is lost");
    Ok(())
}

fn main() -> ExitCode {
    let result = Options::parse(env::args().skip(1)).map_err(Into::into).and_then(run);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
