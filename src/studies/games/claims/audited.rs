//! What the checks of bounds share: an audit turned into a check, with the tightness that it must show.

use crate::Result;
use crate::games::auditor::{Effort, Instance, audit};
use crate::games::equilibrium::{Equilibrium, equilibrium};
use crate::games::game::Game;
use crate::games::learner::{Arena, Exact, Iterate, Learner};
use crate::games::policy::kl;
use crate::lab::{Check, Sampling};
use crate::prob::Law;
use serde_json::json;

/// Random instances a bound; climbs from the best and moves of each.
pub const EFFORT: Effort = Effort { draws: 1500, climbs: 6, moves: 150 };

/// Slack of a one-step ratio: the equilibrium decides the last digits.
pub const SLACK: f64 = 1e-9;

/// Below this divergence the error of the equilibrium decides a ratio.
pub const RESOLVED: f64 = 1e-10;

/// The check that observed <= bound on random and climbed instances, and that the ratio exceeds `bracket` somewhere.
pub fn bound(
    sampling: &Sampling,
    subject: &str,
    what: &str,
    bracket: f64,
    evaluate: impl Fn(&Instance) -> Result<Option<(f64, f64)>> + Sync,
) -> Result<Check> {
    bound_with(sampling, EFFORT, subject, what, bracket, evaluate)
}

/// The same with another effort.
pub fn bound_with(
    sampling: &Sampling,
    effort: Effort,
    subject: &str,
    what: &str,
    bracket: f64,
    evaluate: impl Fn(&Instance) -> Result<Option<(f64, f64)>> + Sync,
) -> Result<Check> {
    let mut check = Check::bound(subject, &format!("{what}; the worst ratio exceeds {bracket}"))
        .tolerance(SLACK, "relative: the error of the equilibrium at divergences above 1e-10");
    let address = sampling.executor.address(what);
    let Some(found) = audit(&address, effort, evaluate)? else { return Ok(check.finish()) };
    for (rank, ratio) in found.ratios.iter().enumerate() {
        check.at_most(*ratio, 1.0, 1.0, || if rank == 0 { json!(found.random) } else { json!({"rank": rank}) });
    }
    check.at_most(found.improved.ratio, 1.0, 1.0, || json!(found.improved));
    let worst = &found.improved;
    check.at_most(bracket, worst.ratio, 0.0, || json!({"instances": found.instances, "worst": worst}));
    Ok(check.finish())
}

/// The control: a bound that is false must be seen to fail on some random instance.
pub fn control(
    sampling: &Sampling,
    subject: &str,
    what: &str,
    draws: u64,
    evaluate: impl Fn(&Instance) -> Result<Option<(f64, f64)>> + Sync,
) -> Result<Check> {
    let mut check = Check::ordering(subject, &format!("control: {what} is violated somewhere"));
    let address = sampling.executor.address(what);
    let effort = Effort { draws, climbs: 0, moves: 0 };
    if let Some(found) = audit(&address, effort, evaluate)? {
        let share = found.violations as f64 / found.instances as f64;
        check.at_most(1.0 + SLACK, found.random.ratio, 1.0, || json!({"share violated": share, "worst": found.random}));
    }
    Ok(check.finish())
}

/// An instance with its equilibrium and its start.
pub struct Solved {
    /// The game.
    pub game: Game,
    /// Its equilibrium.
    pub star: Equilibrium,
    /// The start.
    pub start: Iterate,
}

impl Solved {
    /// Solves an instance.
    pub fn new(instance: &Instance) -> Result<Solved> {
        let game = instance.game()?;
        Ok(Solved { star: equilibrium(&game)?, start: instance.start(&game)?, game })
    }

    /// What the learner may know.
    pub fn arena(&self) -> Arena<'_> {
        Arena { log_reference: self.game.reference().log_probs(), beta: self.game.beta() }
    }

    /// One exact iteration.
    pub fn advance(&self, learner: &mut dyn Learner, iterate: &mut Iterate) -> Result<()> {
        learner.advance(&self.arena(), &mut Exact(self.game.preference()), iterate)
    }

    /// The policy of an iterate.
    pub fn law(&self, iterate: &Iterate) -> Result<Law> {
        iterate.law(self.game.reference())
    }

    /// $D(\pi^*\|\pi)$.
    pub fn kl(&self, iterate: &Iterate) -> Result<f64> {
        Ok(kl(&self.star.policy, &self.law(iterate)?))
    }
}
