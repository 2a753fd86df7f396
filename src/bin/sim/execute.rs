//! One run of a study: from a plan to a stored record.

use crate::arguments::{Level, Threads};
use crate::failure::{Failure, guarded};
use crate::plan::{Plan, quoted};
use crate::progress::Progress;
use crate::terminal::Terminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use tilt::lab::{Record, Report, Run, SCHEMA_VERSION};
use tilt::report::{read_run, write_run};
use tilt::sampling::{Executor, Journal};
use tilt::{Error, Result};

/// Version of the numbers: part of a run's identity.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A run that is stored.
pub struct Finished {
    pub folder: PathBuf,
    pub record: Record,
    pub report: Report,
    /// It was there already.
    pub stored: bool,
}

/// The identifier of a plan's run.
pub fn run_id(plan: &Plan) -> String {
    Record::run_id(plan.study.name, &plan.parameters, plan.seed, VERSION)
}

/// Sets the number of threads of everything that follows.
pub fn use_threads(threads: &Threads) -> Result<(), Failure> {
    let Some(threads) = threads.threads else { return Ok(()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    pool.map_err(|error| Failure::input(format!("--threads {threads}: {error}"), None))
}

/// Runs a plan; nothing is kept but what goes into the journal.
pub fn compute(
    plan: &Plan,
    journal: Journal,
    interrupt: &Arc<AtomicBool>,
    terminal: &Terminal,
) -> Result<(Record, Report), Failure> {
    let progress = Progress::new(terminal, plan.study.name);
    let executor = Executor::new(plan.seed, plan.study.name)
        .with_journal(journal)
        .with_interrupt(interrupt.clone())
        .with_observer(progress.clone());
    let start = Instant::now();
    let result = guarded(|| plan.study.run(&plan.parameters, &Run { executor: &executor }));
    progress.done();
    let report = result.map_err(|error| plan.explain(error))?;
    let record = Record {
        schema_version: SCHEMA_VERSION,
        study: plan.study.name.to_string(),
        parameters: plan.parameters.clone(),
        seed: plan.seed,
        version: VERSION.to_string(),
        commit: env!("TILT_COMMIT").to_string(),
        command: plan.command()?,
        host: host(),
        threads: rayon::current_num_threads(),
        wall_seconds: start.elapsed().as_secs_f64(),
    };
    Ok((record, report))
}

/// Runs a plan into `folder`, with a journal there while it runs. With `resume`, what an interrupted run left is used, and
/// a finished run is only read.
pub fn execute(
    plan: &Plan,
    folder: &Path,
    resume: bool,
    interrupt: &Arc<AtomicBool>,
    terminal: &Terminal,
) -> Result<Finished, Failure> {
    let folder = folder.to_path_buf();
    let path = folder.join("journal.jsonl");
    if resume && !path.exists() && folder.join("record.json").exists() {
        let (record, report) = read_run(&folder)?;
        return Ok(Finished { folder, record, report, stored: true });
    }
    let made: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists()).collect();
    std::fs::create_dir_all(&folder).map_err(|error| file_error(&folder, &error))?;
    let fingerprint = format!("{} {} seed {} version {VERSION}", plan.study.name, plan.parameters, plan.seed);
    let journal = match resume {
        true => Journal::open(&path, &fingerprint)?,
        false => fresh_journal(&path, &fingerprint)?,
    };
    terminal.log(Level::Info, format!("{}: {} results in {}", plan.study.name, journal.len(), path.display()));
    let (record, report) = match compute(plan, journal, interrupt, terminal) {
        Ok(run) => run,
        Err(Failure::Interrupted(_)) => {
            let kept = format!("interrupted; what is finished is kept in {}", folder.display());
            return Err(Failure::Interrupted(format!("{kept}\nto go on: {}", resume_command())));
        }
        Err(failure) => {
            // Leave no trace of a run that could not begin; a folder with results in it stays.
            if std::fs::read(&path).is_ok_and(|text| text.iter().filter(|&&byte| byte == b'\n').count() <= 1) {
                let folders = || made.iter().try_for_each(std::fs::remove_dir);
                let _ = std::fs::remove_file(&path).and_then(|()| folders());
            }
            return Err(failure);
        }
    };
    write_run(&folder, &record, &report)?;
    std::fs::remove_file(&path).map_err(|error| file_error(&path, &error))?;
    Ok(Finished { folder, record, report, stored: false })
}

/// An empty journal; one left by an earlier run goes, unless that run is still at work.
fn fresh_journal(path: &Path, fingerprint: &str) -> Result<Journal> {
    if path.exists() {
        match Journal::open(path, fingerprint) {
            Err(Error::File { path, message }) if message.starts_with("in use") => {
                return Err(Error::File { path, message });
            }
            _ => std::fs::remove_file(path).map_err(|error| file_error(path, &error))?,
        }
    }
    Journal::open(path, fingerprint)
}

pub fn file_error(path: &Path, error: &std::io::Error) -> Error {
    Error::File { path: path.display().to_string(), message: error.to_string() }
}

/// This very command, to be given again.
fn resume_command() -> String {
    let mut words: Vec<String> = std::env::args().skip(1).map(|word| quoted(&word)).collect();
    if words.first().is_some_and(|command| command == "run") && !words.iter().any(|word| word == "--resume") {
        words.push("--resume".to_string());
    }
    format!("sim {}", words.join(" ")).trim_end().to_string()
}

/// The machine: name, architecture, system.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let name = name.map(|name| name.trim().to_string()).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| "unknown".to_string());
    format!("{name}, {}, {}", std::env::consts::ARCH, std::env::consts::OS)
}
