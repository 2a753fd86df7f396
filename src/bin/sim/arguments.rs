//! The one definition of all commands and flags; help, completions and the man page are made from it.

use crate::settings::Setting;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use tilt::lab::Route;

/// A laboratory for the theory of language-model alignment.
///
/// Without a command: the tour. The flagship study of every engine at quick size, with a table of verdicts, figures, and
/// an HTML report whose path is the last line.
#[derive(Parser)]
#[command(name = "sim", version, propagate_version = true, after_help = STATUS)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const STATUS: &str = "Exit status: 0 done; 1 a check came out otherwise than recorded, or a line of `eval` failed; \
2 bad usage or bad input; 130 interrupted (finished work is kept).";

#[derive(Args)]
pub struct Global {
    /// No progress and no notes: results and errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Results as JSON, one object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Colours in tables and messages
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
    /// Least important messages shown on standard error
    #[arg(long, global = true, value_name = "LEVEL", value_enum, default_value_t = Level::Warn)]
    pub log: Level,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Level {
    Off,
    Warn,
    Info,
    Debug,
}

#[derive(Subcommand)]
pub enum Command {
    /// List the studies, with paper, claims and cost
    List,
    /// Run studies; finished work survives an interrupt
    Run(RunArguments),
    /// Run the checks of the claims and the cross-checks of the quantities
    Check(CheckArguments),
    /// List the claims: source, checks that cover them, last verdict
    Claims(ClaimsArguments),
    /// List the quantities and their routes, or show the JSON Schema of one
    Quantities(QuantitiesArguments),
    /// Answer questions about quantities: JSON Lines in, JSON Lines out
    Eval(EvalArguments),
    /// Repeat a stored run and compare tables, figures and checks byte for byte
    Rerun(RerunArguments),
    /// Remake the gallery of figures
    Figures(FiguresArguments),
    /// Make one HTML page of the stored runs in a folder
    Report(ReportArguments),
    /// Measure throughput on this machine
    Bench(BenchArguments),
    /// Print the completions of a shell
    Completions(CompletionsArguments),
    /// Print the man page
    Man,
}

#[derive(Args)]
pub struct Threads {
    /// Number of threads; they do not change the numbers [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

#[derive(Args)]
pub struct Out {
    /// Folder of the results
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
}

#[derive(Args)]
pub struct RunArguments {
    /// Names of studies, parameter files, globs, or folders of parameter files
    #[arg(required = true, value_name = "STUDY|FILE|GLOB|FOLDER")]
    pub targets: Vec<String>,
    /// Override a parameter; VALUE is TOML, or else a string
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<Setting>,
    /// Apply the overrides of the quick table: a run of seconds
    #[arg(long)]
    pub quick: bool,
    /// Seed of all draws [default: that of the file, or 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub out: Out,
    /// Go on where an interrupted run stopped; finished runs are shown as stored
    #[arg(long)]
    pub resume: bool,
}

#[derive(Args)]
pub struct CheckArguments {
    /// Only claims and quantities whose name matches: a glob with *, or a part of the name
    pub pattern: Option<String>,
    /// Seed of all draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Draws of a simulated route
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(2..))]
    pub samples: u64,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub out: Out,
}

#[derive(Args)]
pub struct ClaimsArguments {
    #[command(flatten)]
    pub out: Out,
}

#[derive(Args)]
pub struct QuantitiesArguments {
    /// The quantity
    pub name: Option<String>,
    /// Print the JSON Schema of its input and output
    #[arg(long, requires = "name")]
    pub schema: bool,
}

#[derive(Args)]
pub struct EvalArguments {
    /// The quantity of lines that name none; such a line may be the bare input
    pub name: Option<String>,
    /// The route of lines that name none
    #[arg(long, default_value_t = Route::Exact)]
    pub route: Route,
    /// Seed of simulated routes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Draws of simulated routes
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(2..))]
    pub samples: u64,
}

#[derive(Args)]
pub struct RerunArguments {
    /// A stored run: its folder, or the record.json in it
    #[arg(value_name = "RECORD")]
    pub record: PathBuf,
    #[command(flatten)]
    pub threads: Threads,
    /// Folder of the repeated run
    #[arg(long, value_name = "DIR", default_value = "out/rerun")]
    pub out: PathBuf,
}

#[derive(Args)]
pub struct FiguresArguments {
    /// Only the figures of these studies
    #[arg(value_name = "STUDY")]
    pub studies: Vec<String>,
    /// Apply the overrides of the quick tables
    #[arg(long)]
    pub quick: bool,
    #[command(flatten)]
    pub threads: Threads,
    /// Folder of the gallery
    #[arg(long, value_name = "DIR", default_value = "figures")]
    pub out: PathBuf,
}

#[derive(Args)]
pub struct ReportArguments {
    /// Folder below which the stored runs lie
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Args)]
pub struct BenchArguments {
    /// Names or globs of tasks [default: all]
    #[arg(value_name = "TASK")]
    pub tasks: Vec<String>,
    /// Number of threads, each with a model of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
}

#[derive(Args)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
