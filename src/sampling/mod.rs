//! Floor 2: addressed random streams, estimators and the block executor.
