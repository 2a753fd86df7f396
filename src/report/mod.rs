//! Floor 6: from records to files that people read.
