//! Configuration: flags beat the environment, which beats a TOML file, which beats the defaults.
//!
//! There is one list of settings, that of the flags, in `settings`. A file's values become the
//! defaults of the flags of the same names, and a variable is named like its flag, so `clap` checks
//! and documents all three alike.

mod address;
mod check;
mod endpoint;
mod header;
mod names;
mod secrets;
mod settings;
mod source;
mod target;
mod units;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub(crate) use address::Address;
pub(crate) use endpoint::{Endpoint, Scheme};
#[cfg(feature = "http")]
pub(crate) use header::Header;
pub(crate) use names::directives;
#[cfg(feature = "file")]
pub(crate) use settings::FileOptions;
#[cfg(feature = "nats")]
pub(crate) use settings::NatsOptions;
pub(crate) use settings::{Config, LogFormat, Parse, Pipeline};
#[cfg(feature = "http")]
pub(crate) use settings::{Encoding, HttpOptions};
use source::Variables;
pub(crate) use target::{Target, Targets};
pub(crate) use units::MaxAge;

/// A stateless ingest gateway: inputs, queues that keep the newest, processing, outputs
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
}

/// What the command line, the environment and the file ask for.
pub(crate) fn load(arguments: &[OsString]) -> Result<Command, clap::Error> {
    read(arguments).map_err(secrets::hide)
}

fn read(arguments: &[OsString]) -> Result<Command, clap::Error> {
    let (cli, variables) = source::with_environment(Cli::command(), std::env::vars_os());
    let Some(first_look) = first_look(&cli, arguments) else {
        return Ok(Cli::from_arg_matches(&cli.try_get_matches_from(arguments)?)?.command);
    };
    variables.all_are_known(&cli)?;
    load_run(cli, &variables, first_look.get_one::<PathBuf>("config"), arguments)
}

/// Whether errors are to be written as JSON, of which the configuration may be one.
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    let (cli, _) = source::with_environment(Cli::command(), std::env::vars_os());
    let of = |name: &str| {
        // One flag by itself, so that no error in another hides it.
        let flag = format!("--{name}");
        let at =
            arguments.iter().position(|argument| argument.to_string_lossy().starts_with(&flag));
        let given = at.map_or(&[][..], |at| &arguments[at..arguments.len().min(at + 2)]);
        first_look(&cli, &[&["gateway".into(), "run".into()], given].concat())
    };
    let file = of("config").and_then(|run| run.get_one::<PathBuf>("config").cloned());
    let in_file = || source::has(file?.as_path(), "log-format", "json").then_some(LogFormat::Json);
    let format = of("log-format").and_then(|run| {
        let is_default = run.value_source("log_format") == Some(ValueSource::DefaultValue);
        run.get_one::<LogFormat>("log_format").copied().filter(|_| !is_default)
    });
    format.or_else(in_file) == Some(LogFormat::Json)
}

/// What can be found out about `run` though something else may be wrong.
fn first_look(cli: &clap::Command, arguments: &[OsString]) -> Option<clap::ArgMatches> {
    let matches = cli.clone().ignore_errors(true).try_get_matches_from(arguments).ok()?;
    matches.subcommand_matches("run").cloned()
}

fn load_run(
    cli: clap::Command,
    variables: &Variables,
    file: Option<&PathBuf>,
    arguments: &[OsString],
) -> Result<Command, clap::Error> {
    let (cli, file) = match file {
        None => (cli, None),
        Some(path) => source::with_file(cli, path).map(|(cli, file)| (cli, Some(file)))?,
    };
    let named = |error| variables.named(error, &cli, file.as_ref(), arguments);
    let matches = cli.clone().try_get_matches_from(arguments).map_err(named)?;
    let mut command = Cli::from_arg_matches(&matches).map_err(named)?.command;
    let Command::Run(config) = &mut command;
    if let Some(run) = matches.subcommand_matches("run") {
        if let Some(file) = &file {
            config.topics = file.topics(&cli, run)?;
        }
        config.check().map_err(|error| cli.clone().error(ErrorKind::ValueValidation, error))?;
    }
    Ok(command)
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
    use std::time::Duration;

    use super::*;

    fn run(file: &str, arguments: &[&str]) -> Result<Config, String> {
        let folder = std::env::temp_dir().join(format!(
            "gateway-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("gateway.toml");
        std::fs::write(&path, file).unwrap();
        let (cli, variables) = source::with_environment(Cli::command(), std::iter::empty());
        let arguments: Vec<_> =
            ["gateway", "run"].iter().chain(arguments).map(OsString::from).collect();
        let loaded = load_run(cli, &variables, Some(&path), &arguments);
        std::fs::remove_dir_all(folder).unwrap();
        match loaded {
            Ok(Command::Run(config)) => Ok(*config),
            Err(error) => Err(secrets::hide(error).to_string()),
        }
    }

    #[test]
    fn the_command_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_beat_the_file_which_beats_the_defaults() {
        let file = "capacity = 5\nmax-message = 77\ninput = ['udp://1', 'http://2']\nidle = '3s'";
        let config = run(file, &["--capacity", "6"]).unwrap();
        assert_eq!(
            (config.pipeline.capacity, config.max_message, config.pipeline.batch_size),
            (6, 77, 1024)
        );
        assert_eq!(config.idle, Duration::from_secs(3));
        assert_eq!(config.inputs, ["udp://1".parse().unwrap(), "http://2".parse().unwrap()]);
    }

    #[test]
    fn topics_inherit_what_they_do_not_set() {
        let file = "capacity = 5\noutput = 'null'\n\
                    [topic.alarms]\nqueue = 'channel'\noutput = ['null:1s', 'stdout']";
        let config = run(file, &["--batch-size", "9"]).unwrap();
        let [(name, alarms)] = &config.topics[..] else { panic!("{:?}", config.topics) };
        assert_eq!(
            (name.as_str(), alarms.capacity, alarms.batch_size, alarms.targets().count()),
            ("alarms", 5, 9, 2)
        );
        assert_ne!(alarms.queue, config.pipeline.queue);
        assert_eq!(config.pipeline.targets().count(), 1);
    }

    #[test]
    fn errors_name_the_file_unless_a_flag_is_wrong() {
        for (file, why) in [
            ("capacitty = 5", "there is no setting `capacitty`"),
            ("config = 'other.toml'", "there is no setting `config`"),
            ("capacity = true", "capacity: a string, a number"),
            ("input = []", "input: the list is empty"),
            ("batch-size = 0", "it must be at least 1"),
            ("[topic.a]\ncapacity = 0", "topic.a: "),
            ("[topic.a]\ninput = 'udp://7'", "topic.a: there is no setting `input`"),
            ("topic = 5", "topic"),
            ("http-header = 'a: ${NO_SUCH_VARIABLE}'", "variable `NO_SUCH_VARIABLE`"),
            ("http-header = 'a: ${'", "without its `}`"),
            ("nats-subject = 'a b'", "without blanks"),
        ] {
            let error = run(file, &[]).unwrap_err();
            assert!(error.contains(why) && error.contains("gateway.toml"), "{error}");
        }
        let error = run("capacity = 7", &["--capacity", "x"]).unwrap_err();
        assert!(!error.contains("gateway.toml"), "{error}");
        for (file, why) in [
            ("input = ['http://7', 'tcp+lines://7']", "are on one port"),
            ("operations = '7'\ninput = 'http://0.0.0.0:7'", "are on one port"),
            ("unfinished-bytes = '1MB'", "--unfinished-bytes is 1000000"),
        ] {
            let error = run(file, &[]).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        // One port of TCP and the same of UDP are two.
        assert!(run("input = ['tcp+lines://7', 'udp://7']", &[]).is_ok());
    }

    #[test]
    fn a_file_may_ask_for_what_is_in_the_environment() {
        // One that is always there while tests run.
        let config = run("topic-field = '<${CARGO_PKG_NAME}>'", &[]).unwrap();
        assert_eq!(config.topic_field.as_deref(), Some("<ringway-gateway>"));
    }

    #[test]
    fn no_error_has_a_secret() {
        let secret = "p#s3cr3t";
        let url = format!("nats://user:{secret}@host");
        let header = format!("Authorization Bearer {secret}");
        for arguments in [
            &["--output", &url][..],
            &["--outptu", &url],
            &[&format!("--outptu={url}")],
            &[&url],
            &["--http-header", &header],
            &["--http-header", "a: b", &header],
        ] {
            let error = run("", arguments).unwrap_err();
            assert!(!error.contains("s3cr3t"), "{error}");
        }
        for file in [
            format!("output = '{url}'"),
            format!("output = '{url}"),
            format!("output = {url}"),
            format!("http-header = '{header}'"),
            format!("[topic.a]\noutput = '{url}'"),
            format!("[topic.a]\nhttp-header = ['a: b', '{header}']"),
        ] {
            let error = run(&file, &[]).unwrap_err();
            assert!(!error.contains("s3cr3t"), "{error}");
        }
        let config = run("output = 'nats://user:s3cr3t@host'", &["--http-header", "a: s3cr3t"]);
        assert!(!format!("{config:?}").contains("s3cr3t"));
    }
}
