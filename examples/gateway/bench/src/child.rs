//! A gateway that the load generator starts, asks, and ends.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ringway::Kind;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::sleep;

pub(super) struct Gateway {
    /// Of its only input.
    pub(super) address: SocketAddr,
    operations: SocketAddr,
    process: Child,
    log: Lines<BufReader<ChildStderr>>,
}

pub(super) struct Ended {
    pub(super) account: Totals,
    /// In bytes; where the system says it.
    pub(super) peak_memory: Option<u64>,
}

/// The account that a gateway leaves, as far as it is of interest.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Totals {
    pub(super) received: u64,
    copied: u64,
    pub(super) delivered: u64,
    duplicate: u64,
    reduced: u64,
    pub(super) evicted: u64,
    pub(super) rejected: u64,
    expired: u64,
}

impl Totals {
    pub(super) fn balance(&self) -> bool {
        let Self { received, copied, delivered, duplicate, reduced, .. } = self;
        let ended = delivered + duplicate + reduced + self.evicted + self.rejected + self.expired;
        received + copied == ended
    }
}

/// What is of interest in a line of its log.
#[derive(Deserialize)]
struct Line {
    message: String,
    address: Option<SocketAddr>,
    account: Option<Totals>,
}

impl Gateway {
    pub(super) async fn start(
        program: &Path,
        scheme: &str,
        queue: Kind,
        output: &str,
    ) -> Result<Self, crate::Error> {
        let mut command = Command::new(program);
        command.args([
            "run",
            "--operations",
            "127.0.0.1:0",
            "--log-format",
            "json",
            "--drain",
            "60s",
        ]);
        command.args([
            "--input",
            &format!("{scheme}://0"),
            "--queue",
            &queue.to_string(),
            "--output",
            output,
        ]);
        if queue == Kind::MutexVec {
            // What a queue without a bound costs is to be seen.
            command.args(["--queue-bytes", "1TiB"]);
        }
        // What is set for another gateway is not for this one.
        std::env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| name.to_string_lossy().starts_with("GATEWAY_"))
            .for_each(|name| {
                command.env_remove(name);
            });
        let mut process = command.kill_on_drop(true).stderr(Stdio::piped()).spawn()?;
        let stderr = process.stderr.take().ok_or("its log is missing")?;
        let mut log = BufReader::new(stderr).lines();
        let (mut address, mut operations) = (None, None);
        while let Some(text) = log.next_line().await? {
            let line: Line = serde_json::from_str(&text).map_err(|_| text)?;
            match line.message.as_str() {
                "listening" => address = line.address,
                "operations" => operations = line.address,
                "ready" => break,
                _ => {}
            }
        }
        let (address, operations) = address.zip(operations).ok_or("the gateway did not start")?;
        Ok(Self { address, operations, process, log })
    }

    /// The histogram of the ages at delivery.
    pub(super) async fn ages(&self) -> Result<Ages, crate::Error> {
        let text =
            reqwest::get(format!("http://{}/metrics", self.operations)).await?.text().await?;
        let buckets = text.lines().filter_map(|line| {
            let labels = line.strip_prefix("gateway_delivery_age_seconds_bucket{")?;
            let (bound, count) = labels.split_once("le=\"")?.1.split_once("\"} ")?;
            Some((bound.parse().unwrap_or(f64::INFINITY), count.parse().ok()?))
        });
        Ok(Ages(buckets.collect()))
    }

    pub(super) async fn end(mut self) -> Result<Ended, crate::Error> {
        // What datagrams are still in the system's buffer are read by then.
        sleep(Duration::from_millis(100)).await;
        let id = self.process.id().ok_or("the gateway has ended by itself")?;
        let pid = Pid::from_raw(i32::try_from(id)?).ok_or("the gateway has no id")?;
        // Before the signal: there is no looking once it has ended. But it may grow while it
        // drains.
        let (mut account, mut peak_memory) = (None, peak(id));
        kill_process(pid, Signal::TERM)?;
        while let Some(text) = self.log.next_line().await? {
            peak_memory = peak(id).or(peak_memory);
            account =
                serde_json::from_str::<Line>(&text).ok().and_then(|line| line.account).or(account);
        }
        self.process.wait().await?;
        Ok(Ended { account: account.ok_or("the gateway left no account")?, peak_memory })
    }
}

/// Its peak of resident memory.
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let kib: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .trim()
        .strip_suffix(" kB")?
        .parse()
        .ok()?;
    Some(kib * 1024)
}

/// Upper bounds, and how many are below them.
pub(super) struct Ages(Vec<(f64, u64)>);

impl Ages {
    pub(super) fn quantile(&self, quantile: f64) -> Option<f64> {
        let all = self.0.last()?.1;
        let wanted = (all as f64 * quantile).ceil() as u64;
        self.0.iter().find(|(_, below)| *below >= wanted && all > 0).map(|(bound, _)| *bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_bound_of_the_bucket_in_which_it_is() {
        let ages = Ages(vec![(0.1, 50), (0.2, 98), (0.4, 100), (f64::INFINITY, 100)]);
        assert_eq!(
            [0.5, 0.51, 0.98, 0.99].map(|q| ages.quantile(q).unwrap()),
            [0.1, 0.2, 0.2, 0.4]
        );
        assert_eq!(Ages(vec![(0.1, 0), (f64::INFINITY, 0)]).quantile(0.5), None);
    }
}
