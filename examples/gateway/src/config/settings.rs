//! All settings there are, and what is said about them in the help.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ringway::Kind;

#[cfg(feature = "http")]
use super::Header;
use super::units::{MaxAge, bytes, count, max_age, some_time, time};
use super::{Address, Endpoint, Target, Targets, names};

const DEFAULT_INPUTS: &[&str] = &[
    "http://8080",
    #[cfg(feature = "grpc")]
    "grpc://8081",
    #[cfg(feature = "websocket")]
    "ws://8082",
    "tcp+lines://7001",
    "tcp+frames://7002",
    "udp://7003",
];

const INPUTS: &str = "Inputs";
const TOPICS: &str = "Topics and queues";
const PROCESSING: &str = "Processing";
const DELIVERY: &str = "Delivery";
const OUTPUTS: &str = "Outputs";
const OPERATIONS: &str = "Operations";

#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    /// TOML file with any of these settings, by their long names
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Only say whether the configuration is valid
    #[arg(long)]
    pub(crate) check_config: bool,

    /// Inputs, any number: http, grpc, ws, tcp+lines, tcp+frames, udp; with TLS https, grpcs, wss,
    /// tls+lines, tls+frames; as SCHEME://HOST:PORT, or SCHEME://PORT on the loopback address.
    /// `?topic=NAME` gives its messages a topic; with `?full=wait` senders wait while the queue is
    /// full, and nothing is evicted for them
    #[arg(help_heading = INPUTS)]
    #[arg(long = "input", value_name = "ENDPOINT", value_delimiter = ',')]
    #[arg(default_values = DEFAULT_INPUTS)]
    pub(crate) inputs: Vec<Endpoint>,

    /// Metrics, health, readiness and the log level, over HTTP: HOST:PORT, or PORT on the loopback
    /// address
    #[arg(help_heading = OPERATIONS)]
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9090")]
    pub(crate) operations: Address,

    /// The largest message that is taken
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "BYTES", default_value = "1MiB", value_parser = bytes)]
    pub(crate) max_message: usize,

    /// The largest HTTP body of several messages, a line each
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "BYTES", default_value = "4MiB", value_parser = bytes)]
    pub(crate) max_body: usize,

    /// How many bytes of messages that are not whole yet all inputs hold together; who sends more is
    /// told to come later
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "BYTES", default_value = "64MiB", value_parser = bytes)]
    pub(crate) unfinished_bytes: usize,

    /// How many connections there may be, of all inputs; fewer if the system allows fewer files to
    /// be open
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "N", default_value = "10000", value_parser = count)]
    pub(crate) max_connections: usize,

    /// How long a connection may be silent, or not read, before it is closed; a WebSocket is pinged
    /// at half of it
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = some_time)]
    pub(crate) idle: Duration,

    /// How long one request, one message or one handshake may take to come in
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = some_time)]
    pub(crate) message_timeout: Duration,

    /// What the system is asked to keep of UDP until it is read
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "BYTES", default_value = "8MiB", value_parser = bytes)]
    pub(crate) udp_buffer: usize,

    /// Certificate chain for inputs with TLS
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "PEM")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Its private key
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "PEM")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Authorities of client certificates: with it, inputs with TLS take nothing from clients
    /// without one
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "PEM")]
    pub(crate) tls_client_ca: Option<PathBuf>,

    /// A file of tokens, a line each: with it, inputs for HTTP, gRPC and WebSocket take nothing from
    /// requests without `Authorization: Bearer TOKEN`
    #[arg(help_heading = INPUTS)]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// The member of a JSON object that names its topic
    #[arg(help_heading = TOPICS)]
    #[arg(long, value_name = "NAME")]
    pub(crate) topic_field: Option<String>,

    #[command(flatten)]
    pub(crate) pipeline: Pipeline,

    /// What is logged: a level, or directives such as `info,gateway=debug`
    #[arg(help_heading = OPERATIONS)]
    #[arg(long, value_name = "FILTER", default_value = "info", value_parser = names::directives)]
    pub(crate) log: String,

    /// How it is logged, to standard error
    #[arg(help_heading = OPERATIONS)]
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,

    /// How many lines of one kind are logged in a second
    #[arg(help_heading = OPERATIONS)]
    #[arg(long, value_name = "LINES", default_value = "10", value_parser = count)]
    pub(crate) log_rate: usize,

    /// How long inputs stay open after `/readyz` has begun to say that the gateway is shutting down
    #[arg(help_heading = OPERATIONS)]
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time)]
    pub(crate) shutdown_delay: Duration,

    /// How long a shutdown may take after that: half of it for inputs to end, the rest for the
    /// queues to drain
    #[arg(help_heading = OPERATIONS)]
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(crate) drain: Duration,

    /// Topics with settings of their own; only a file can have them.
    #[arg(skip)]
    pub(crate) topics: Vec<(String, Pipeline)>,
}

/// What happens to the messages of one topic: its queue, its stages, its outputs.
#[derive(Args, Clone, Debug)]
pub(crate) struct Pipeline {
    /// Where messages go: null, null:DELAY (a batch), stdout, file:PATH, http(s)://…, mqtt://HOST:PORT/TOPIC
    /// or nats://…;
    /// with several, each gets all; nats://A,nats://B are servers of one cluster
    #[arg(help_heading = OUTPUTS)]
    #[arg(long = "output", value_name = "TARGET", default_value = "stdout")]
    pub(crate) outputs: Vec<Targets>,

    /// mutex-vec, channel, mutex-ring or atomic-ring
    #[arg(help_heading = TOPICS)]
    #[arg(long, value_name = "KIND", default_value_t = Kind::AtomicRing)]
    pub(crate) queue: Kind,

    /// How many messages the queue holds; a mutex-vec has no such limit
    #[arg(help_heading = TOPICS)]
    #[arg(long, value_name = "MESSAGES", default_value = "10000", value_parser = count)]
    pub(crate) capacity: usize,

    /// How many bytes of messages the queue holds, whatever its kind
    #[arg(help_heading = TOPICS)]
    #[arg(long, value_name = "BYTES", default_value = "32MiB", value_parser = bytes)]
    pub(crate) queue_bytes: usize,

    /// What a message is: raw bytes, or a JSON value, and malformed if it is none
    #[arg(help_heading = PROCESSING)]
    #[arg(long, value_enum, default_value_t = Parse::Raw)]
    pub(crate) parse: Parse,

    /// Leave out a message that came before in the same bucket of this length of time
    #[arg(help_heading = PROCESSING)]
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    pub(crate) dedupe: Option<Duration>,

    /// Of JSON objects with the same value of this member, keep the first in each bucket of
    /// `--reduce-every`
    #[arg(help_heading = PROCESSING)]
    #[arg(long, value_name = "NAME")]
    pub(crate) reduce_by: Option<String>,

    /// How long a bucket is
    #[arg(help_heading = PROCESSING)]
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = some_time)]
    pub(crate) reduce_every: Duration,

    /// Add to JSON objects what is known about the value of this member in `--enrich-from`
    #[arg(help_heading = PROCESSING)]
    #[arg(long, value_name = "NAME")]
    pub(crate) enrich_by: Option<String>,

    /// A JSON object of objects: what is known about each value
    #[arg(help_heading = PROCESSING)]
    #[arg(long, value_name = "FILE")]
    pub(crate) enrich_from: Option<PathBuf>,

    /// How many messages the output gets at once, at most
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "MESSAGES", default_value = "1024", value_parser = count)]
    pub(crate) batch_size: usize,

    /// How many bytes the messages of a batch have together, at most; a larger message is sent
    /// alone
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "BYTES", default_value = "512KiB", value_parser = bytes)]
    pub(crate) batch_bytes: usize,

    /// How long a batch waits for more messages; by default it has what is there
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) batch_wait: Option<Duration>,

    /// Try a failed delivery again until messages are older than this; with `none` there is one
    /// attempt, and no limit of age
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = max_age)]
    pub(crate) max_age: MaxAge,

    /// The pause before the first retry; then it doubles
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = some_time)]
    pub(crate) retry_first: Duration,

    /// The longest pause between retries
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = some_time)]
    pub(crate) retry_longest: Duration,

    /// Leave the output alone for a while after so many failures in a row
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "FAILURES", value_parser = count)]
    pub(crate) breaker_after: Option<usize>,

    /// How long that is; and how long `/readyz` tells of a failure if no success follows
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = some_time)]
    pub(crate) breaker_pause: Duration,

    /// How long one attempt at delivery may take
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = some_time)]
    pub(crate) output_timeout: Duration,

    /// A file of JSON lines for messages that are malformed, or that the output will not have
    #[cfg(feature = "file")]
    #[arg(help_heading = DELIVERY)]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,

    /// Certificates of the authorities that outputs with TLS trust besides the system's
    #[arg(help_heading = OUTPUTS)]
    #[arg(long, value_name = "PEM")]
    pub(crate) output_ca: Option<PathBuf>,

    #[cfg(feature = "file")]
    #[command(flatten)]
    pub(crate) file: FileOptions,

    #[cfg(feature = "http")]
    #[command(flatten)]
    pub(crate) http: HttpOptions,

    #[cfg(feature = "nats")]
    #[command(flatten)]
    pub(crate) nats: NatsOptions,
}

impl Pipeline {
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.outputs.iter().flat_map(|Targets(targets)| targets)
    }
}

#[cfg(feature = "file")]
#[derive(Args, Clone, Debug)]
pub(crate) struct FileOptions {
    /// Output file: begin another one at this size
    #[arg(help_heading = OUTPUTS)]
    #[arg(long, value_name = "BYTES", default_value = "64MiB", value_parser = bytes)]
    pub(crate) rotate_size: usize,

    /// Output file: how many earlier ones are kept
    #[arg(help_heading = OUTPUTS)]
    #[arg(long, value_name = "FILES", default_value_t = 5)]
    pub(crate) rotate_keep: u32,
}

#[cfg(feature = "http")]
#[derive(Args, Clone, Debug)]
pub(crate) struct HttpOptions {
    /// Output HTTP: a header of each request, such as `Authorization: Bearer …`
    #[arg(help_heading = OUTPUTS)]
    #[arg(long = "http-header", value_name = "HEADER")]
    pub(crate) http_headers: Vec<Header>,

    /// Output HTTP: a file with more headers, a line each, so that no secret is in the command line
    #[arg(help_heading = OUTPUTS)]
    #[arg(long, value_name = "FILE")]
    pub(crate) http_header_file: Option<PathBuf>,

    /// Output HTTP: close a connection that was not used for this time; it should be less than the
    /// receiver's own limit
    #[arg(help_heading = OUTPUTS)]
    #[arg(long, value_name = "TIME", default_value = "4s", value_parser = some_time)]
    pub(crate) http_idle: Duration,

    /// Output HTTP: compress what is sent
    #[arg(help_heading = OUTPUTS)]
    #[arg(long, value_name = "ENCODING", value_enum)]
    pub(crate) http_encoding: Option<Encoding>,
}

#[cfg(feature = "nats")]
#[derive(Args, Clone, Debug)]
pub(crate) struct NatsOptions {
    /// Output NATS: the subject of the messages
    #[arg(help_heading = OUTPUTS)]
    #[arg(long, value_name = "SUBJECT", default_value = "gateway", value_parser = names::subject)]
    pub(crate) nats_subject: String,

    /// Output NATS: make a JetStream stream of this name for the subject, if there is none
    #[arg(help_heading = OUTPUTS)]
    #[arg(long, value_name = "NAME", value_parser = names::stream)]
    pub(crate) nats_stream: Option<String>,

    /// Output NATS: a file of credentials (`.creds`); a user and a password, or a token, may be in
    /// the URL instead
    #[arg(help_heading = OUTPUTS)]
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_credentials: Option<PathBuf>,
}

#[cfg(feature = "http")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Encoding {
    Gzip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Parse {
    Raw,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}
