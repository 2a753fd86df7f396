//! Floor 1: finite laws in log space.
