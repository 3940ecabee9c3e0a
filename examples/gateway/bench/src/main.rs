//! The load generator: starts a gateway for each measurement and asks it in the end what it has
//! got.

mod child;
mod senders;
mod table;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use ringway::Kind;
use serde::Serialize;

use child::Gateway;
use senders::{Mode, Protocol};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Made from `proto/gateway.proto` by the build script.
#[allow(unreachable_pub, clippy::all)]
mod proto {
    tonic::include_proto!("ringway.gateway.v1");
}

/// Send by each protocol and print what arrives
#[derive(Debug, Parser)]
struct Bench {
    /// The gateway; by default, that beside this program
    #[arg(long, value_name = "PATH")]
    gateway: Option<PathBuf>,

    /// Only these protocols, separated by commas
    #[arg(long, value_name = "PROTOCOL", value_delimiter = ',', value_enum)]
    only: Vec<Protocol>,

    /// Only these sizes of messages, in bytes
    #[arg(long, value_name = "BYTES", value_delimiter = ',')]
    #[arg(default_values_t = [18, 4266, 6786, 79_435])]
    sizes: Vec<usize>,

    /// How long each measurement sends
    #[arg(long, value_name = "TIME", default_value = "1s")]
    #[arg(value_parser = humantime::parse_duration)]
    time: Duration,

    /// How many connections send at once, where they are parallel and wait for no answers, or have
    /// many requests under way each
    #[arg(long, value_name = "N", default_value_t = 2)]
    streams: usize,

    /// How many requests are under way at once, where they are parallel and wait for answers
    #[arg(long, value_name = "N", default_value_t = 32)]
    requests: usize,

    /// Leave out the comparison of the queues
    #[arg(long)]
    no_queues: bool,

    /// Where results are written: PATH.json and PATH.md
    #[arg(long, value_name = "PATH", default_value = "gateway-bench")]
    results: PathBuf,
}

/// The input and the output of the comparison of the queues: more comes than goes, and it is long
/// enough for the queue to be full.
const QUEUES_BY: Protocol = Protocol::TcpLines;
const SLOW_OUTPUT: &str = "null:5ms";

/// One measurement.
#[derive(Clone, Debug, Serialize)]
struct Cell {
    protocol: Protocol,
    mode: Mode,
    bytes: usize,
    queue: String,
    seconds: f64,
    sent: u64,
    /// By the sender itself, since no datagram is as large as that.
    refused_by_sender: u64,
    received: u64,
    delivered: u64,
    evicted: u64,
    rejected: u64,
    /// Upper bounds of the histogram's buckets, seconds.
    age_median: Option<f64>,
    age_99th: Option<f64>,
    peak_memory: Option<u64>,
}

#[derive(Serialize)]
struct Results {
    version: &'static str,
    cores: usize,
    protocols: Vec<Cell>,
    queues: Vec<Cell>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let bench = Bench::parse();

    let wanted = |protocol: &Protocol| bench.only.is_empty() || bench.only.contains(protocol);
    let cells: Vec<_> = Protocol::value_variants()
        .iter()
        .copied()
        .filter(wanted)
        .flat_map(|protocol| Mode::ALL.map(|mode| (protocol, mode)))
        .flat_map(|(protocol, mode)| bench.sizes.iter().map(move |&bytes| (protocol, mode, bytes)))
        .collect();
    let kinds = if bench.no_queues { &[] } else { Kind::ALL };
    let bar = ProgressBar::new((cells.len() + kinds.len()) as u64);
    let template = "{elapsed:>4} [{bar:30}] {percent:>3} %, {eta} left  {wide_msg}";
    bar.set_style(ProgressStyle::with_template(template)?.progress_chars("=> "));

    let mut protocols = Vec::new();
    for (protocol, mode, bytes) in cells {
        bar.set_message(format!("{protocol}, {mode}, {bytes} bytes"));
        protocols.push(measure(&bench, protocol, mode, bytes, Kind::AtomicRing, "null").await?);
        bar.inc(1);
    }
    let mut queues = Vec::new();
    for &kind in kinds {
        bar.set_message(format!("{kind}, with a slow output"));
        queues.push(measure(&bench, QUEUES_BY, Mode::Parallel, 18, kind, SLOW_OUTPUT).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();

    let cores = std::thread::available_parallelism()?.get();
    let results = Results { version: env!("CARGO_PKG_VERSION"), cores, protocols, queues };
    let tables = table::tables(&results);
    println!("{tables}");
    let (json, markdown) =
        (bench.results.with_extension("json"), bench.results.with_extension("md"));
    std::fs::write(&json, serde_json::to_string_pretty(&results)? + "\n")?;
    std::fs::write(&markdown, tables)?;
    eprintln!("written to {} and {}", json.display(), markdown.display());
    Ok(())
}

async fn measure(
    bench: &Bench,
    protocol: Protocol,
    mode: Mode,
    bytes: usize,
    queue: Kind,
    output: &str,
) -> Result<Cell, crate::Error> {
    let gateway = {
        let beside = || Ok::<_, Error>(std::env::current_exe()?.with_file_name("gateway"));
        let program = bench.gateway.clone().map_or_else(beside, Ok)?;
        Gateway::start(&program, protocol.scheme(), queue, output).await?
    };
    let (senders, at_once) = match mode {
        Mode::Serial => (1, 1),
        Mode::Parallel if protocol.has_streams() => {
            (bench.streams, bench.requests.div_ceil(bench.streams.max(1)))
        }
        Mode::Parallel if protocol.answers() => (bench.requests, 1),
        Mode::Parallel => (bench.streams, 1),
    };
    // Printable, so that it is one line.
    let message = Bytes::from(vec![b'm'; bytes]);
    let begin = Instant::now();
    let until = begin + bench.time;
    let sending: Vec<_> = (0..senders)
        .map(|_| {
            let (to, message) = (gateway.address, message.clone());
            tokio::spawn(senders::send(protocol, mode, to, message, until, at_once))
        })
        .collect();
    let (mut sent, mut refused_by_sender) = (0, 0);
    for sender in sending {
        let tally = sender.await?.map_err(|error| format!("{protocol}, {bytes} bytes: {error}"))?;
        sent += tally.sent;
        refused_by_sender += tally.refused;
    }
    // All but UDP have an answer by now that says that all was received.
    let seconds = begin.elapsed().as_secs_f64();
    let ages = gateway.ages().await?;
    let ended = gateway.end().await?;
    if !ended.account.balance() {
        return Err(format!(
            "{protocol}, {bytes} bytes: the account is wrong: {:?}",
            ended.account
        )
        .into());
    }
    Ok(Cell {
        protocol,
        mode,
        bytes,
        queue: queue.to_string(),
        seconds,
        sent,
        refused_by_sender,
        received: ended.account.received,
        delivered: ended.account.delivered,
        evicted: ended.account.evicted,
        rejected: ended.account.rejected,
        age_median: ages.quantile(0.5),
        age_99th: ages.quantile(0.99),
        peak_memory: ended.peak_memory,
    })
}
