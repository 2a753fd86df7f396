//! Engine: KL-constrained reinforcement learning, best-of-N and large deviations.
