//! Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that the first Ctrl-C sets, so that finished work is kept; the second ends the process at once.
pub fn flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = flag.clone();
    // Without a handler the system's own ends the process: that is no reason to refuse the run.
    let _ = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        eprintln!("stopping after the work in hand; Ctrl-C again stops at once");
    });
    flag
}

/// Ctrl-C ends the process with status 130: for commands that keep nothing.
pub fn at_once() {
    let _ = ctrlc::set_handler(|| std::process::exit(130));
}
