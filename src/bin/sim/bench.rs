//! `sim bench`: throughput of the tasks that other libraries are timed on.
//!
//! A task is warmed up once and repeated at least three times and half a second; the fastest repetition counts. With N
//! threads every thread has a model of its own, and a repetition lasts until the last thread is done.

use crate::arguments::BenchArguments;
use crate::failure::{Failure, Outcome};
use crate::terminal::{Terminal, short};
use crate::{glob, interrupt};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tilt::lab::{Laboratory, Task, Work, nearest};

const REPETITIONS: usize = 3;
const DURATION: Duration = Duration::from_millis(500);

pub fn bench(laboratory: &Laboratory, arguments: &BenchArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    for name in &arguments.tasks {
        if !laboratory.tasks.iter().any(|task| glob::matches(name, task.name, false)) {
            let names: Vec<&str> = laboratory.tasks.iter().map(|task| task.name).collect();
            let near = nearest(name, names.iter().copied()).map_or(String::new(), |near| format!("{near}, or "));
            let help = format!("expected {near}one of: {}", names.join(", "));
            return Err(Failure::input(format!("there is no task {name:?}"), Some(help)));
        }
    }
    interrupt::at_once();
    let wanted = |task: &&Task| {
        arguments.tasks.is_empty() || arguments.tasks.iter().any(|name| glob::matches(name, task.name, false))
    };
    let mut table = terminal.table(&["task", "params", "seconds", "units/s", "unit", "threads", "check"]);
    for task in laboratory.tasks.iter().filter(wanted) {
        terminal.note(task.name);
        let (seconds, works) = measure(task, arguments.threads)?;
        let units: f64 = works.iter().map(|work| work.units).sum();
        let check = works.first().map(|work| work.check.clone());
        let line = json!({
            "task": task.name,
            "params": (task.parameters)(),
            "seconds": seconds,
            "units_per_second": units / seconds,
            "unit": task.unit,
            "threads": arguments.threads,
            "check": check,
        });
        if terminal.json {
            terminal.print_json(&line)?;
        }
        table.add_row([
            task.name.to_string(),
            line["params"].to_string(),
            short(seconds),
            format!("{:.3e}", units / seconds),
            task.unit.to_string(),
            arguments.threads.to_string(),
            line["check"].to_string(),
        ]);
    }
    if !terminal.json {
        terminal.print(table.trim_fmt())?;
    }
    Ok(Outcome::Done)
}

/// Seconds of the fastest repetition, and the work that each thread does in one.
fn measure(task: &Task, threads: u16) -> Result<(f64, Vec<Work>), Failure> {
    let barrier = Barrier::new(usize::from(threads));
    let stop = AtomicBool::new(false);
    let (best, works) = (Mutex::new(f64::INFINITY), Mutex::new(Vec::new()));
    // A pool of one: what a task does in parallel inside stays on its own thread.
    let pools = (0..threads).map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build());
    let pools = pools.collect::<Result<Vec<_>, _>>();
    let pools = pools.map_err(|error| Failure::input(format!("--threads {threads}: {error}"), None))?;
    let one = |leader: bool| {
        let mut work = (task.prepare)();
        let warm = work();
        works.lock().unwrap_or_else(PoisonError::into_inner).push(warm);
        let (begin, mut repetitions) = (Instant::now(), 0);
        loop {
            barrier.wait();
            if stop.load(Ordering::SeqCst) {
                return;
            }
            let start = Instant::now();
            std::hint::black_box(work());
            barrier.wait();
            if leader {
                let mut best = best.lock().unwrap_or_else(PoisonError::into_inner);
                *best = best.min(start.elapsed().as_secs_f64());
                repetitions += 1;
                stop.store(repetitions >= REPETITIONS && begin.elapsed() >= DURATION, Ordering::SeqCst);
            }
        }
    };
    std::thread::scope(|scope| {
        for (i, pool) in pools.iter().enumerate() {
            let one = &one;
            scope.spawn(move || pool.install(|| one(i == 0)));
        }
    });
    let best = best.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((best, works.into_inner().unwrap_or_else(PoisonError::into_inner)))
}
