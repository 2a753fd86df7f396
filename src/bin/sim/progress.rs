//! A progress bar on standard error that counts the blocks of the executor.

use crate::terminal::Terminal;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tilt::sampling::Observer;

/// Shows the blocks of all cells begun so far. Without a terminal it shows nothing.
pub struct Progress {
    bar: ProgressBar,
    /// Blocks announced and not yet done, by cell: an adaptive cell may end early.
    left: Mutex<HashMap<String, u64>>,
}

impl Progress {
    pub fn new(terminal: &Terminal, title: &str) -> Arc<Progress> {
        let target = if terminal.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_bar} {pos}/{len} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(title.to_string());
        if terminal.progress {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Arc::new(Progress { bar, left: Mutex::default() })
    }

    /// `print` with the bar out of the way.
    pub fn hidden<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }

    fn left(&self) -> std::sync::MutexGuard<'_, HashMap<String, u64>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Progress {
    fn cell_started(&self, cell: &str, blocks: u64) {
        self.left().insert(cell.to_string(), blocks);
        self.bar.inc_length(blocks);
        self.bar.set_message(cell.to_string());
    }

    fn block_done(&self, cell: &str, _: u64, _: bool) {
        if let Some(left) = self.left().get_mut(cell) {
            *left = left.saturating_sub(1);
        }
        self.bar.inc(1);
    }

    fn cell_done(&self, cell: &str, _: u64) {
        if let Some(left) = self.left().remove(cell) {
            self.bar.inc(left);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done();
    }
}
