//! Engine: Nash learning on preference games, from exact equilibria to learners with sampled preferences.
//!
//! | file | object | results |
//! |---|---|---|
//! | `preference`, `low_rank`, `reward_kernel`, `families` | preference models: dense, low rank with a link, rewards, mixtures, cycles | R28 |
//! | `payoff` | one query: the payoff of all actions | |
//! | `policy`, `game` | references, policies in logarithms, the regularised game, best responses | R3, R4 |
//! | `equilibrium`, `low_rank_equilibrium`, `expansion` | the regularised equilibrium: Newton, 2r unknowns, large beta | R1, R2, R5 |
//! | `central_path`, `von_neumann`, `certified_winner`, `rational_winner`, `winner_limit` | the unregularised winner | R24 |
//! | `intransitivity` | how far a preference is from a ranking | |
//! | `step`, `learner` | one step convention and all learners | R6, R7, R12 to R22 |
//! | `tangent`, `local_rate`, `observed_rate` | the spectrum at the equilibrium, local rates, critical steps | R10, R11, R19 |
//! | `bounds` | convergence bounds that need no game | R6, R7, R9, R14, R15, R26 |
//! | `stages` | reference refresh and annealing | R23, R25 |
//! | `ipo` | Online IPO and self-play gradients | R18 |
//! | `batch`, `contextual` | many games at once | |
//! | `auditor` | the search for the worst instance of a bound | all bounds |
//! | `report`, `quantities` | outputs, and the table of quantities: the only file that knows the lab | |

pub mod auditor;
pub mod batch;
pub mod bounds;
pub mod central_path;
pub mod certified_winner;
pub mod contextual;
pub mod equilibrium;
pub mod expansion;
pub mod families;
pub mod game;
pub mod intransitivity;
pub mod ipo;
pub mod learner;
pub mod local_rate;
pub mod low_rank;
pub mod low_rank_equilibrium;
pub mod observed_rate;
pub mod payoff;
pub mod policy;
pub mod preference;
pub mod quantities;
pub mod rational_winner;
pub mod report;
pub mod reward_kernel;
pub mod stages;
pub mod step;
pub mod tangent;
pub mod von_neumann;
pub mod winner_limit;
