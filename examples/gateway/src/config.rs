//! Configuration: flags beat the environment, which beats a TOML file, which beats the defaults.
//!
//! There is one list of settings, that of the flags. A file's values become the defaults of the flags of the same names, so `clap`
//! checks and documents all three alike.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use ringway::Kind;

use crate::bench::Bench;
use crate::input::Endpoint;
use crate::output::Target;

/// A stateless ingest gateway: inputs, a queue that keeps the newest, processing, outputs
#[derive(Debug, Parser)]
#[command(name = "gateway", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway until SIGTERM or Ctrl-C
    Run(Box<Config>),
    Bench(Bench),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    /// TOML file with any of these settings, by their long names
    #[arg(long, env = "GATEWAY_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Inputs, any number: http, grpc, ws, tcp+lines, tcp+frames, udp; with TLS https, grpcs, wss, tls+lines, tls+frames; as
    /// SCHEME://ADDRESS:PORT, or SCHEME://PORT on the loopback address
    #[arg(long = "input", env = "GATEWAY_INPUT", value_name = "ENDPOINT", value_delimiter = ',')]
    #[arg(default_values = ["http://8080", "grpc://8081", "ws://8082", "tcp+lines://7001", "tcp+frames://7002", "udp://7003"])]
    pub(crate) inputs: Vec<Endpoint>,

    /// Where messages go: null, null:DELAY (a batch), stdout, file:PATH, http(s)://… or nats://…
    #[arg(long, env = "GATEWAY_OUTPUT", value_name = "TARGET", default_value = "stdout")]
    pub(crate) output: Target,

    /// Metrics, health, readiness and the log level, over HTTP
    #[arg(long, env = "GATEWAY_OPERATIONS", value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    pub(crate) operations: SocketAddr,

    /// mutex-vec, channel, mutex-ring or atomic-ring
    #[arg(long, env = "GATEWAY_QUEUE", value_name = "KIND", default_value_t = Kind::AtomicRing)]
    pub(crate) queue: Kind,

    /// How many messages the queue holds; a mutex-vec holds as many as there is memory for
    #[arg(long, env = "GATEWAY_CAPACITY", value_name = "MESSAGES", default_value_t = 10_000)]
    pub(crate) capacity: usize,

    /// The largest message that is taken
    #[arg(long, env = "GATEWAY_MAX_MESSAGE", value_name = "BYTES", default_value_t = 1 << 20)]
    pub(crate) max_message: usize,

    /// How many connections there may be, of all inputs
    #[arg(long, env = "GATEWAY_MAX_CONNECTIONS", value_name = "N", default_value_t = 10_000)]
    pub(crate) max_connections: usize,

    /// How long a connection may be silent, or not read, before it is closed
    #[arg(long, env = "GATEWAY_IDLE", value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    pub(crate) idle: Duration,

    /// Certificate chain for inputs with TLS
    #[arg(long, env = "GATEWAY_TLS_CERT", value_name = "PEM", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Its private key
    #[arg(long, env = "GATEWAY_TLS_KEY", value_name = "PEM", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// What a message is: raw bytes, or a JSON value, and malformed if it is none
    #[arg(long, env = "GATEWAY_PARSE", value_enum, default_value_t = Parse::Raw)]
    pub(crate) parse: Parse,

    /// Leave out a message that came before in the same bucket of this length of time
    #[arg(long, env = "GATEWAY_DEDUPE", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) dedupe: Option<Duration>,

    /// How many messages the output gets at once, at most
    #[arg(long, env = "GATEWAY_BATCH_SIZE", value_name = "MESSAGES", default_value_t = 1024, value_parser = at_least_one)]
    pub(crate) batch_size: usize,

    /// How long a batch waits for more messages; by default it has what is there
    #[arg(long, env = "GATEWAY_BATCH_WAIT", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) batch_wait: Option<Duration>,

    /// Try a failed delivery again until messages are older than this; by default there is one attempt, and no limit of age
    #[arg(long, env = "GATEWAY_MAX_AGE", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) max_age: Option<Duration>,

    /// The pause before the first retry; then it doubles
    #[arg(long, env = "GATEWAY_RETRY_FIRST", value_name = "TIME", default_value = "50ms", value_parser = humantime::parse_duration)]
    pub(crate) retry_first: Duration,

    /// The longest pause between retries
    #[arg(long, env = "GATEWAY_RETRY_LONGEST", value_name = "TIME", default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) retry_longest: Duration,

    /// Leave the output alone for a while after so many failures in a row
    #[arg(long, env = "GATEWAY_BREAKER_AFTER", value_name = "FAILURES")]
    pub(crate) breaker_after: Option<u32>,

    /// How long that is
    #[arg(long, env = "GATEWAY_BREAKER_PAUSE", value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) breaker_pause: Duration,

    /// How long one attempt at delivery may take
    #[arg(long, env = "GATEWAY_OUTPUT_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) output_timeout: Duration,

    /// Output file: begin another one at this size
    #[arg(long, env = "GATEWAY_ROTATE_SIZE", value_name = "BYTES", default_value_t = 64 << 20)]
    pub(crate) rotate_size: u64,

    /// Output file: how many earlier ones are kept
    #[arg(long, env = "GATEWAY_ROTATE_KEEP", value_name = "FILES", default_value_t = 5)]
    pub(crate) rotate_keep: u32,

    /// NATS: the subject of the messages
    #[arg(long, env = "GATEWAY_NATS_SUBJECT", value_name = "SUBJECT", default_value = "gateway")]
    pub(crate) nats_subject: String,

    /// NATS: make a JetStream stream of this name for the subject, if there is none
    #[arg(long, env = "GATEWAY_NATS_STREAM", value_name = "NAME")]
    pub(crate) nats_stream: Option<String>,

    /// What is logged: a level, or directives such as `info,gateway=debug`
    #[arg(long, env = "GATEWAY_LOG", value_name = "FILTER", default_value = "info")]
    pub(crate) log: String,

    /// How it is logged, to standard error
    #[arg(long, env = "GATEWAY_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,

    /// How long a shutdown may take: half of it for inputs to end, the rest for the queue to drain
    #[arg(long, env = "GATEWAY_DRAIN", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) drain: Duration,
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

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be at least 1".into()),
        Ok(n) => Ok(n),
        Err(error) => Err(format!("{error}")),
    }
}

/// What the command line asks for.
pub(crate) fn load(arguments: impl Iterator<Item = OsString>) -> Result<Command, clap::Error> {
    let arguments: Vec<_> = arguments.collect();
    let mut cli = Cli::command();
    // Only to find the file: what is wrong otherwise is said by the second look.
    let first_look = cli.clone().ignore_errors(true).try_get_matches_from(&arguments).ok();
    let file = first_look.as_ref().and_then(|matches| matches.subcommand_matches("run")?.get_one::<PathBuf>("config"));
    if let Some(path) = file {
        let settings = std::fs::read_to_string(path).map_err(|error| error.to_string());
        cli = settings
            .and_then(|text| with_defaults(cli.clone(), &text))
            .map_err(|error| cli.error(ErrorKind::Io, format!("{}: {error}", path.display())))?;
    }
    Ok(Cli::from_arg_matches(&cli.try_get_matches_from(arguments)?)?.command)
}

/// Makes the settings of a file the defaults of the flags of the same names.
fn with_defaults(cli: clap::Command, file: &str) -> Result<clap::Command, String> {
    let settings: toml::Table = file.parse().map_err(|error| format!("{error}"))?;
    settings.into_iter().try_fold(cli, |cli, (name, value)| {
        let run = cli.find_subcommand("run").expect("there is such a command");
        let known = run.get_arguments().find(|argument| argument.get_long() == Some(&name) && name != "config");
        let id = known.ok_or_else(|| format!("there is no setting `{name}`"))?.get_id().clone();
        let values = match value {
            toml::Value::Array(values) => values.into_iter().map(plain).collect::<Result<Vec<_>, _>>(),
            value => plain(value).map(|value| vec![value]),
        };
        let values = values.map_err(|error| format!("{name}: {error}"))?;
        Ok(cli.mut_subcommand("run", |run| run.mut_arg(id, |argument| argument.default_values(values))))
    })
}

fn plain(value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        other => Err(format!("a string, a number or a list of them is needed, this is a {}", other.type_str())),
    }
}

#[cfg(test)]
impl Config {
    /// What the command line would make of these flags.
    pub(crate) fn of(flags: &[&str]) -> Self {
        #[derive(Parser)]
        struct Only {
            #[command(flatten)]
            config: Config,
        }
        Only::parse_from([&["run"], flags].concat()).config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(cli: clap::Command, arguments: &[&str]) -> Result<Config, clap::Error> {
        let matches = cli.try_get_matches_from([&["gateway", "run"], arguments].concat())?;
        match Cli::from_arg_matches(&matches)?.command {
            Command::Run(config) => Ok(*config),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_beat_the_file_which_beats_the_defaults() {
        let file = "capacity = 5\nmax-message = 77\ninput = ['udp://1', 'http://2']\nidle = '3s'";
        let cli = with_defaults(Cli::command(), file).unwrap();
        let config = run(cli, &["--capacity", "6"]).unwrap();
        assert_eq!((config.capacity, config.max_message, config.batch_size), (6, 77, 1024));
        assert_eq!(config.idle, Duration::from_secs(3));
        assert_eq!(config.inputs, ["udp://1".parse().unwrap(), "http://2".parse().unwrap()]);
    }

    #[test]
    fn the_environment_beats_the_file() {
        // `PATH` stands for a variable that is certain to be set: setting one is not safe beside other threads.
        let cli = with_defaults(Cli::command(), "nats-subject = 'file'").unwrap();
        let cli = cli.mut_subcommand("run", |run| run.mut_arg("nats_subject", |argument| argument.env("PATH")));
        assert_eq!(run(cli.clone(), &[]).unwrap().nats_subject, std::env::var("PATH").unwrap());
        assert_eq!(run(cli, &["--nats-subject", "flag"]).unwrap().nats_subject, "flag");
    }

    #[test]
    fn what_is_wrong_in_a_file_is_said() {
        let wrong = |file| with_defaults(Cli::command(), file).unwrap_err();
        assert!(wrong("capacitty = 5").contains("no setting `capacitty`"));
        assert!(wrong("config = 'other.toml'").contains("no setting `config`"));
        assert!(wrong("capacity = true").contains("capacity: a string, a number"));
        let cli = with_defaults(Cli::command(), "batch-size = 0").unwrap();
        assert!(run(cli, &[]).unwrap_err().to_string().contains("it must be at least 1"));
    }
}
