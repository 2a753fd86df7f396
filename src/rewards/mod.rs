//! Engine: distances between rewards, worst-case regret, correlated proxies, reward hacking.
//!
//! | file | object | results |
//! |---|---|---|
//! | `mdp`, `transitions` | the decision process, dense or sparse | |
//! | `policy`, `reward`, `occupancy` | what is played, paid and visited | |
//! | `evaluation`, `optimal` | values of a policy, optimal returns, span | |

pub mod evaluation;
pub mod mdp;
pub mod occupancy;
pub mod optimal;
pub mod policy;
pub mod reward;
pub mod transitions;
