//! The executor: cuts repetitions into blocks, computes them on any number of threads, merges them in one fixed tree.
//!
//! **Tree.** The result of blocks $[a, b)$ is the merge of $[a, a+2^k)$ and $[a+2^k, b)$, $2^k$ the
//! largest power of two below $b-a$. It depends on the number of blocks alone, so the bits do not depend on threads,
//! their timing, or what came out of the journal; and the tree of $2^k$ blocks is the left branch of the tree of
//! more, so an adaptive plan that stops after n blocks gives the bits of a fixed plan of n blocks. Memory: one estimator a
//! tree level and thread.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Address, Estimator, Journal, Lanes, Observer, Plan, Silent, Stream, stable_hash};
use crate::{Error, Result};

/// A run of consecutive repetitions of one cell: what a kernel is asked to simulate.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Where the draws live.
    pub address: Address,
    /// Which repetitions.
    pub repetitions: Range<u64>,
}

impl Block {
    /// The stream of each repetition, in order.
    pub fn streams(&self) -> impl Iterator<Item = Stream> + use<> {
        let cell = self.address.stream(0);
        self.repetitions.clone().map(move |repetition| cell.of_repetition(repetition))
    }

    /// The repetitions as lanes, `width` at a time (the last time fewer).
    pub fn lanes(&self, width: usize) -> impl Iterator<Item = Lanes> + use<> {
        let (address, end, width) = (self.address, self.repetitions.end, width.max(1));
        self.repetitions
            .clone()
            .step_by(width)
            .map(move |first| address.lanes(first..first.saturating_add(width as u64).min(end)))
    }

    /// The number of repetitions.
    pub fn len(&self) -> u64 {
        self.repetitions.end - self.repetitions.start
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.repetitions.is_empty()
    }
}

/// Runs the cells of one study. Cheap to clone; clones share journal, threads, interrupt and observer.
///
/// ```
/// use tilt::sampling::{Executor, Moments, Plan};
/// let executor = Executor::new(1, "example");
/// let pi = executor.run("quarter disc", &Plan::fixed(20_000), Moments::new, |block, moments| {
///     for mut stream in block.streams() {
///         let (x, y) = (stream.uniform(), stream.uniform());
///         moments.add(if x * x + y * y < 1.0 { 4.0 } else { 0.0 });
///     }
///     Ok(())
/// })?;
/// assert!((pi.mean() - std::f64::consts::PI).abs() < 5.0 * pi.standard_error());
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone)]
pub struct Executor {
    seed: u64,
    study: u64,
    scope: String,
    pool: Option<Arc<rayon::ThreadPool>>,
    observer: Arc<dyn Observer>,
    interrupt: Arc<AtomicBool>,
    journal: Arc<Journal>,
    labels: Arc<Mutex<HashSet<String>>>,
}

impl Executor {
    /// The executor of a study under a seed: rayon's threads, no journal, no observer, never interrupted.
    pub fn new(seed: u64, study: &str) -> Self {
        Executor {
            seed,
            study: stable_hash(study),
            scope: String::new(),
            pool: None,
            observer: Arc::new(Silent),
            interrupt: Arc::default(),
            journal: Arc::new(Journal::none()),
            labels: Arc::default(),
        }
    }

    /// The same with `threads` threads of its own; 0 for one a core. Without this, the threads of the rayon pool that the
    /// caller is in.
    pub fn with_threads(self, threads: usize) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| {
            Error::invalid("threads", format!("{threads}: {error}"), "threads that the system grants")
        })?;
        Ok(Executor { pool: Some(Arc::new(pool)), ..self })
    }

    /// The same, reporting to `observer`.
    pub fn with_observer(self, observer: Arc<dyn Observer>) -> Self {
        Executor { observer, ..self }
    }

    /// The same, stopping with [`Error::Interrupted`] before the next block once `flag` is true.
    pub fn with_interrupt(self, flag: Arc<AtomicBool>) -> Self {
        Executor { interrupt: flag, ..self }
    }

    /// The same, keeping finished blocks and values in `journal`.
    pub fn with_journal(self, journal: Journal) -> Self {
        Executor { journal: Arc::new(journal), ..self }
    }

    /// The same executor for a part of the study: its labels are below `scope` ("N=64" makes "ucb" into "N=64/ucb"). For
    /// handing to a route that has labels of its own.
    pub fn within(&self, scope: &str) -> Self {
        Executor { scope: format!("{}{scope}/", self.scope), ..self.clone() }
    }

    /// Where the draws of `label` live.
    pub fn address(&self, label: &str) -> Address {
        Address { seed: self.seed, study: self.study, cell: stable_hash(&format!("{}{label}", self.scope)) }
    }

    /// Simulates the repetitions of the cell `label`: `kernel` adds those of a block to an estimator fresh from `fresh`.
    ///
    /// The result is a function of (seed, study, label, plan) and the kernel alone. Stops with [`Error::Interrupted`]
    /// between blocks, with the finished ones in the journal; with the error of the kernel if one fails; with
    /// [`Error::InvalidInput`] for a plan that cannot run, or a label used before (its draws and its journal entries would
    /// be the same; to share draws on purpose, see [`Plan::with_draws_of`]).
    pub fn run<E, F, K>(&self, label: &str, plan: &Plan, fresh: F, kernel: K) -> Result<E>
    where
        E: Estimator,
        F: Fn() -> E + Sync,
        K: Fn(&Block, &mut E) -> Result<()> + Sync,
    {
        plan.check()?;
        if plan.target.is_some() && fresh().standard_error().is_none() {
            return Err(Error::invalid("plan", "a target standard error", "an estimator of a mean, to stop by"));
        }
        let name = format!("{}{label}", self.scope);
        if !self.labels().insert(name.clone()) {
            return Err(Error::invalid("cell label", &name, "a label not used before in this run"));
        }
        let cell = Cell {
            executor: self,
            address: self.address(plan.draws.as_deref().unwrap_or(label)),
            name: &name,
            plan,
            fresh,
            kernel,
            failed: AtomicBool::new(false),
        };
        self.observer.cell_started(&name, plan.blocks());
        let result = self.install(|| cell.rounds());
        match &result {
            Ok((_, repetitions)) => self.observer.cell_done(&name, *repetitions),
            Err(_) => _ = self.labels().remove(&name),
        }
        result.map(|(estimate, _)| estimate)
    }

    /// The value of an exact cell, from the journal if it is there. Its key must not be used for another value of the run.
    pub fn memo<T: Serialize + DeserializeOwned>(&self, key: &str, compute: impl FnOnce() -> Result<T>) -> Result<T> {
        self.proceed()?;
        self.journal.memo(&format!("{}{key}", self.scope), compute)
    }

    /// `compute` on every item, in parallel, results in the order of the items. Items not begun when one fails or the
    /// interrupt comes are left out; the first error by order is returned. `compute` may call this executor.
    pub fn map<I: Sync, T: Send>(&self, items: &[I], compute: impl Fn(&I) -> Result<T> + Sync) -> Result<Vec<T>> {
        use rayon::prelude::*;
        let failed = AtomicBool::new(false);
        let one = |item: &I| {
            if failed.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            let result = self.proceed().and_then(|()| compute(item));
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            result
        };
        let results: Vec<Result<T>> = self.install(|| items.par_iter().map(one).collect());
        // What failed by itself comes before what was merely stopped.
        if let Some(error) = results.iter().filter_map(|r| r.as_ref().err()).find(|&e| *e != Error::Interrupted) {
            return Err(error.clone());
        }
        results.into_iter().collect()
    }

    fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    fn proceed(&self) -> Result<()> {
        if self.interrupt.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    fn labels(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call of [`Executor::run`].
struct Cell<'a, F, K> {
    executor: &'a Executor,
    address: Address,
    name: &'a str,
    plan: &'a Plan,
    fresh: F,
    kernel: K,
    /// Some block failed: the others need not begin.
    failed: AtomicBool,
}

impl<F: Sync, K: Sync> Cell<'_, F, K> {
    /// The estimate and the repetitions that it took.
    fn rounds<E>(&self) -> Result<(E, u64)>
    where
        E: Estimator,
        F: Fn() -> E,
        K: Fn(&Block, &mut E) -> Result<()>,
    {
        let mut done: Option<(E, u64)> = None;
        for blocks in self.plan.looks() {
            let estimate = match done.take() {
                None => self.tree(0..blocks)?,
                Some((mut earlier, first)) => {
                    earlier.merge(&self.tree(first..blocks)?);
                    earlier
                }
            };
            let reached = match self.plan.target {
                Some(target) => estimate.standard_error().is_some_and(|e| e <= target.standard_error),
                None => false,
            };
            done = Some((estimate, blocks));
            if reached {
                break;
            }
        }
        let (estimate, blocks) = done.ok_or(Error::Interrupted)?;
        Ok((estimate, self.repetitions(blocks - 1).end))
    }

    fn tree<E>(&self, blocks: Range<u64>) -> Result<E>
    where
        E: Estimator,
        F: Fn() -> E,
        K: Fn(&Block, &mut E) -> Result<()>,
    {
        let length = blocks.end - blocks.start;
        if length == 1 {
            return self.block(blocks.start);
        }
        let middle = blocks.start + (1 << (length - 1).ilog2());
        match rayon::join(|| self.tree(blocks.start..middle), || self.tree(middle..blocks.end)) {
            (Ok(mut first), Ok(later)) => {
                first.merge(&later);
                Ok(first)
            }
            (Err(Error::Interrupted), Err(error)) | (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    fn block<E>(&self, index: u64) -> Result<E>
    where
        E: Estimator,
        F: Fn() -> E,
        K: Fn(&Block, &mut E) -> Result<()>,
    {
        self.executor.proceed()?;
        if self.failed.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        let block = Block { address: self.address, repetitions: self.repetitions(index) };
        let key = format!("{} [{}, {})", self.name, block.repetitions.start, block.repetitions.end);
        let mut resumed = true;
        let result = self.executor.journal.memo(&key, || {
            resumed = false;
            let mut estimator = (self.fresh)();
            (self.kernel)(&block, &mut estimator)?;
            Ok(estimator)
        });
        match &result {
            Ok(_) => self.executor.observer.block_done(self.name, index, resumed),
            Err(_) => self.failed.store(true, Ordering::Relaxed),
        }
        result
    }

    fn repetitions(&self, index: u64) -> Range<u64> {
        let start = index * self.plan.block_size;
        start..start.saturating_add(self.plan.block_size).min(self.plan.repetitions)
    }
}
