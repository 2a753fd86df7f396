//! `sim`: the command line of the laboratory. It parses, resolves names, calls the library and prints; it does no
//! mathematics.
//!
//! Results go to standard output, progress and notes to standard error. Exit status: 0 done; 1 a check came out otherwise
//! than recorded, or a line of `eval` failed; 2 bad usage or bad input; 130 interrupted.

mod arguments;
mod bench;
mod check;
mod claims;
mod eval;
mod execute;
mod failure;
mod figures;
mod glob;
mod interrupt;
mod list;
mod plan;
mod progress;
mod quantities;
mod report;
mod rerun;
mod run;
mod settings;
mod shell;
mod source;
mod terminal;
mod tour;
mod verdicts;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::{Failure, Outcome};
use std::process::ExitCode;
use terminal::Terminal;

fn main() -> ExitCode {
    let Arguments { global, command } = Arguments::parse();
    let terminal = Terminal::new(&global);
    failure::print_with(&terminal);
    match dispatch(command, &terminal) {
        Ok(outcome) => outcome.into(),
        Err(failure) => failure.exit(),
    }
}

fn dispatch(command: Option<Command>, terminal: &Terminal) -> Result<Outcome, Failure> {
    let laboratory = tilt::laboratory();
    match command {
        None => tour::tour(&laboratory, terminal),
        Some(Command::List) => list::list(&laboratory, terminal),
        Some(Command::Run(arguments)) => run::run(&laboratory, &arguments, terminal),
        Some(Command::Check(arguments)) => check::check(&laboratory, &arguments, terminal),
        Some(Command::Claims(arguments)) => claims::claims(&laboratory, &arguments, terminal),
        Some(Command::Quantities(arguments)) => quantities::quantities(&laboratory, &arguments, terminal),
        Some(Command::Eval(arguments)) => eval::eval(&laboratory, &arguments),
        Some(Command::Rerun(arguments)) => rerun::rerun(&laboratory, &arguments, terminal),
        Some(Command::Figures(arguments)) => figures::figures(&laboratory, &arguments, terminal),
        Some(Command::Report(arguments)) => report::report(&arguments, terminal),
        Some(Command::Bench(arguments)) => bench::bench(&laboratory, &arguments, terminal),
        Some(Command::Completions(arguments)) => shell::completions(&arguments),
        Some(Command::Man) => shell::man(),
    }
}
