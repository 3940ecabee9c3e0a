//! Where settings come from besides flags: variables and a file. What is wrong is said with the
//! name of its place.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{Pipeline, secrets};

const PREFIX: &str = "GATEWAY_";

/// The variables that begin with `GATEWAY_`, and whether they have a value; one without a value is
/// as good as none.
pub(super) struct Variables(BTreeMap<String, bool>);

fn variable(argument: &Arg) -> Option<String> {
    Some(format!("{PREFIX}{}", argument.get_long()?.replace('-', "_").to_uppercase()))
}

/// Gives each flag of `run` its variable.
pub(super) fn with_environment(
    cli: Command,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> (Command, Variables) {
    let variables: BTreeMap<_, _> = environment
        .filter_map(|(name, value)| Some((name.into_string().ok()?, !value.is_empty())))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    let cli = cli.mut_subcommand("run", |run| {
        run.mut_args(|argument| match variable(&argument) {
            Some(name) if variables.get(&name) != Some(&false) => {
                argument.env(name).hide_env_values(true)
            }
            _ => argument,
        })
    });
    (cli, Variables(variables))
}

impl Variables {
    pub(super) fn all_are_known(&self, cli: &Command) -> Result<(), clap::Error> {
        let run = cli.find_subcommand("run").expect("there is such a command");
        let known: Vec<_> = run.get_arguments().filter_map(variable).collect();
        match self.0.keys().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => {
                let text = format!("there is no setting for the environment variable {name}");
                Err(cli.clone().error(ErrorKind::UnknownArgument, text))
            }
        }
    }

    /// The same error, and where the value comes from that is wrong, unless from a flag.
    pub(super) fn named(
        &self,
        error: clap::Error,
        cli: &Command,
        file: Option<&File>,
        arguments: &[OsString],
    ) -> clap::Error {
        let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
            return error;
        };
        let flag = shown.split([' ', '=']).next().unwrap_or_default();
        let is_it = |argument: &OsStr| {
            argument.to_str().is_some_and(|text| text.split('=').next() == Some(flag))
        };
        if error.kind() == ErrorKind::UnknownArgument
            || arguments.iter().any(|argument| is_it(argument))
        {
            return error;
        }
        let name = flag.trim_start_matches('-');
        let variable = format!("{PREFIX}{}", name.replace('-', "_").to_uppercase());
        let place = if self.0.get(&variable) == Some(&true) {
            format!("the environment variable {variable}")
        } else {
            match file {
                Some(file) if file.settings.contains_key(name) => file.path.display().to_string(),
                _ => return error,
            }
        };
        let kind = error.kind();
        let text = secrets::hide(error).to_string();
        cli.clone()
            .error(kind, format!("{place}: {}", text.trim_start_matches("error: ").trim_end()))
    }
}

/// A TOML file of settings.
pub(super) struct File {
    path: PathBuf,
    settings: toml::Table,
    topics: toml::Table,
}

/// Makes the settings of a file the defaults of the flags of the same names.
pub(super) fn with_file(cli: Command, path: &Path) -> Result<(Command, File), clap::Error> {
    let read = || {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let mut settings: toml::Table = text.parse().map_err(|error| malformed(&text, &error))?;
        let topics = match settings.remove("topic") {
            None => toml::Table::new(),
            Some(toml::Value::Table(topics)) => topics,
            Some(_) => {
                return Err("topic: tables are needed, such as [topic.alarms]".into());
            }
        };
        let mut cli = cli.clone();
        let run = cli.find_subcommand_mut("run").expect("there is such a command");
        *run = with_defaults(run.clone(), &settings)?;
        Ok((cli, File { path: path.into(), settings, topics }))
    };
    read().map_err(|error: String| {
        cli.clone().error(ErrorKind::Io, format!("{}: {error}", path.display()))
    })
}

/// Without the line itself, in which a password may be.
fn malformed(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message())
}

/// Whether a file sets this to that.
pub(super) fn has(path: &Path, name: &str, value: &str) -> bool {
    let settings =
        std::fs::read_to_string(path).ok().and_then(|text| text.parse::<toml::Table>().ok());
    settings.is_some_and(|settings| settings.get(name).and_then(toml::Value::as_str) == Some(value))
}

impl File {
    /// What the topics are to be: what they do not set themselves is as it is in general.
    pub(super) fn topics(
        &self,
        cli: &Command,
        general: &ArgMatches,
    ) -> Result<Vec<(String, Pipeline)>, clap::Error> {
        let topic = |(name, value): (&String, &toml::Value)| {
            let toml::Value::Table(settings) = value else {
                return Err("a table is needed".to_string());
            };
            let inherited = Pipeline::augment_args(Command::new("topic").no_binary_name(true))
                .mut_args(|argument| match general.get_raw(argument.get_id().as_str()) {
                    Some(values) => {
                        argument.default_values(values.map(OsString::from).collect::<Vec<_>>())
                    }
                    None => argument,
                });
            let matches = with_defaults(inherited, settings)?.try_get_matches_from([""; 0]);
            let pipeline = matches.and_then(|matches| Pipeline::from_arg_matches(&matches));
            let text = |error: clap::Error| {
                let text = secrets::hide(error).to_string();
                text.trim_start_matches("error: ").trim_end().to_string()
            };
            Ok((name.clone(), pipeline.map_err(text)?))
        };
        let each = self.topics.iter().map(|each| {
            topic(each).map_err(|error| {
                let text = format!("{}: topic.{}: {error}", self.path.display(), each.0);
                cli.clone().error(ErrorKind::ValueValidation, text)
            })
        });
        each.collect()
    }
}

fn with_defaults(command: Command, settings: &toml::Table) -> Result<Command, String> {
    settings.iter().try_fold(command, |command, (name, value)| {
        let only_flags = ["config", "check-config"];
        let known = command.get_arguments().find(|argument| argument.get_long() == Some(name));
        let known = known.filter(|_| !only_flags.contains(&name.as_str()));
        let id = known.ok_or_else(|| format!("there is no setting `{name}`"))?.get_id().clone();
        let values = match value {
            toml::Value::Array(values) if values.is_empty() => Err("the list is empty".to_string()),
            toml::Value::Array(values) => values.iter().map(plain).collect(),
            value => plain(value).map(|value| vec![value]),
        };
        let values = values.map_err(|error| format!("{name}: {error}"))?;
        Ok(command.mut_arg(id, |argument| argument.default_values(values)))
    })
}

fn plain(value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => expanded(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        other => Err(format!(
            "a string, a number or a list of them is needed, this is a {}",
            other.type_str()
        )),
    }
}

/// With the values of the environment in place of each `${NAME}`.
fn expanded(text: &str) -> Result<String, String> {
    let mut pieces = text.split("${");
    let mut expanded = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').ok_or("a `${` is without its `}`")?;
        let value = std::env::var(name)
            .map_err(|_| format!("there is no environment variable `{name}`"))?;
        expanded += &value;
        expanded += rest;
    }
    Ok(expanded)
}
