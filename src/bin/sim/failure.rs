//! How a command ends: exit status and message.

use crate::terminal::Terminal;
use miette::{Diagnostic, MietteHandlerOpts, NamedSource, SourceSpan};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use tilt::Error;

/// How a command that ran to its end came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Done,
    /// A check came out otherwise than recorded, or a line of `eval` failed. What and where has been printed.
    Otherwise,
}

impl Outcome {
    /// `Done` if `good`.
    pub fn of(good: bool) -> Outcome {
        if good { Outcome::Done } else { Outcome::Otherwise }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Otherwise => 1,
        })
    }
}

/// Why a command did not run to its end.
#[derive(Debug)]
pub enum Failure {
    /// Bad usage or bad input.
    Input(miette::Report),
    /// Stopped on request; the message says what is kept and how to go on.
    Interrupted(String),
    /// The reader of standard output went away: nothing is left to say, and to whom.
    ReaderGone,
}

/// A message about a place in a text.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub struct Located {
    pub message: String,
    #[source_code]
    pub source_code: NamedSource<String>,
    #[label("{label}")]
    pub span: SourceSpan,
    pub label: String,
    #[help]
    pub help: Option<String>,
}

#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
struct Plain {
    message: String,
    #[help]
    help: Option<String>,
}

impl Failure {
    /// Bad usage or input, without a place to point at.
    pub fn input(message: impl Into<String>, help: Option<String>) -> Failure {
        Failure::Input(Plain { message: message.into(), help }.into())
    }

    /// An unknown name, with the nearest that there is.
    pub fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>, listed_by: &str) -> Failure {
        let help = match tilt::lab::nearest(name, known) {
            Some(near) => format!("the nearest name is {near}; `{listed_by}` lists all"),
            None => format!("`{listed_by}` lists all"),
        };
        Failure::input(format!("there is no {what} {name:?}"), Some(help))
    }

    /// Prints the message to standard error and gives the exit status.
    pub fn exit(self) -> ExitCode {
        match self {
            Failure::Input(report) => {
                eprintln!("{report:?}");
                ExitCode::from(2)
            }
            Failure::Interrupted(message) => {
                eprintln!("{message}");
                ExitCode::from(130)
            }
            Failure::ReaderGone => ExitCode::SUCCESS,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Interrupted => Failure::Interrupted("interrupted".to_string()),
            error => Failure::input(error.to_string(), None),
        }
    }
}

impl From<std::io::Error> for Failure {
    /// An error of writing to standard output.
    fn from(error: std::io::Error) -> Failure {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::input(format!("standard output: {error}"), None),
        }
    }
}

/// Sets how errors look: colours and line drawing as the terminal allows.
pub fn print_with(terminal: &Terminal) {
    let (colour, unicode) = (terminal.colour_of_errors, terminal.errors_on_terminal);
    // Fails only if set before.
    let _ = miette::set_hook(Box::new(move |_| {
        let options = MietteHandlerOpts::new().color(colour).unicode(unicode).force_graphical(true);
        let options = options.terminal_links(false).context_lines(1);
        Box::new(if unicode { options } else { options.width(120) }.build())
    }));
}

/// `compute`, with a panic turned into an error: one bad input must not take the process with it.
pub fn guarded<T>(compute: impl FnOnce() -> tilt::Result<T>) -> tilt::Result<T> {
    catch_unwind(AssertUnwindSafe(compute)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Error::NotConverged {
            method: format!("the computation stopped by a fault of the program ({text}) and"),
            iterations: 0,
            residual: f64::INFINITY,
            tolerance: 0.0,
        })
    })
}
