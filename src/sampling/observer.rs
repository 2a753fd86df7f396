//! Progress, seen from outside: the library prints nothing, it tells an observer.

/// What an executor reports. Every method does nothing unless overridden; calls come from any thread, and blocks in any
/// order.
pub trait Observer: Send + Sync {
    /// A cell begins; it has at most `blocks` blocks.
    fn cell_started(&self, cell: &str, blocks: u64) {
        let _ = (cell, blocks);
    }

    /// A block is done; `resumed` if it came out of the journal.
    fn block_done(&self, cell: &str, block: u64, resumed: bool) {
        let _ = (cell, block, resumed);
    }

    /// A cell is done after so many repetitions.
    fn cell_done(&self, cell: &str, repetitions: u64) {
        let _ = (cell, repetitions);
    }
}

/// The observer that ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
