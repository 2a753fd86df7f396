//! The bound auditor: searches games, references, starts and strengths for the largest ratio observed / bound.
//!
//! Random instances of every awkward kind first ($Y$ from 2 to 8; uniform, sign, Beta(0.2, 0.2), Bradley-Terry of log-uniform
//! scale, cyclic and nearly tied preferences; references and starts with logits $N(0, s^2)$, $s \in \{0, 1, 6, 20\}$, or a start
//! near the equilibrium; $\beta$ log-uniform on $10^{-2.5} .. 10^{1.3}$), then hill climbing from the best of them: one thing is
//! moved at a time (or the strength and all logits together), an improvement is kept. A ratio above 1 is a counter-example, one near 1 shows that the bound is tight;
//! either way the instance comes back. Draw $i$ depends on the address and $i$ alone, so draws may run in any order.

use super::equilibrium::equilibrium;
use super::families::{bradley_terry, cyclic};
use super::game::Game;
use super::learner::Iterate;
use super::policy::Reference;
use super::preference::Preference;
use crate::Result;
use crate::sampling::{Address, Stream};
use rand_distr::Distribution;
use rayon::prelude::*;

/// A game with a start and a free number, to be audited.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Instance {
    /// The preference as rows.
    #[serde(rename = "P")]
    pub p: Vec<Vec<f64>>,
    /// $\log\pi_{ref}$ up to a constant.
    pub reference_logits: Vec<f64>,
    /// $\log\pi_0$ up to a constant.
    pub start_logits: Vec<f64>,
    /// The strength.
    pub beta: f64,
    /// Uniform on (0, 1): a step, a mixture, whatever the bound leaves free.
    pub knob: f64,
}

impl Instance {
    /// The game.
    ///
    /// # Errors
    /// Never for an instance of the auditor; those of the constructors otherwise.
    pub fn game(&self) -> Result<Game> {
        Game::new(Preference::new(&self.p)?, Reference::from_logits(&self.reference_logits)?, self.beta)
    }

    /// The start as an iterate of `game`.
    ///
    /// # Errors
    /// As [`game`](Self::game).
    pub fn start(&self, game: &Game) -> Result<Iterate> {
        let start = Reference::from_logits(&self.start_logits)?;
        Iterate::of_policy(game.reference(), start.law())
    }
}

/// The instance with the largest ratio.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    /// observed / bound.
    pub ratio: f64,
    /// The left side.
    pub observed: f64,
    /// The right side.
    pub bound: f64,
    /// Where.
    pub instance: Instance,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Audit {
    /// The largest ratio among the random instances.
    pub random: Finding,
    /// The largest after climbing.
    pub improved: Finding,
    /// Instances on which the bound was compared.
    pub instances: u64,
    /// The ratios of all random instances, largest first.
    pub ratios: Vec<f64>,
    /// Random instances with a ratio above 1.
    pub violations: u64,
}

/// How hard an audit looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Random instances.
    pub draws: u64,
    /// Climbs, each from one of the best random instances.
    pub climbs: u64,
    /// Moves tried a climb.
    pub moves: u64,
}

/// The preference of a random instance.
fn random_preference(size: usize, stream: &mut Stream) -> Result<Preference> {
    Ok(match (stream.uniform() * 6.0) as u32 {
        0 => Preference::from_upper(size, |_, _| stream.uniform() - 0.5),
        1 => Preference::from_upper(size, |_, _| if stream.uniform() < 0.5 { 0.5 } else { -0.5 }),
        2 => match rand_distr::Beta::new(0.2, 0.2) {
            Ok(law) => Preference::from_upper(size, |_, _| law.sample(stream) - 0.5),
            Err(_) => Preference::from_upper(size, |_, _| 0.0),
        },
        3 => {
            let scale = (3.0 * stream.normal()).exp();
            bradley_terry(&(0..size).map(|_| scale * stream.normal()).collect::<Vec<_>>(), 1.0)?
        }
        4 => cyclic(size, 2.0 * stream.uniform() - 1.0)?,
        _ => {
            let scale = 10f64.powf(-4.0 * stream.uniform());
            Preference::from_upper(size, |_, _| scale * (stream.uniform() - 0.5))
        }
    })
}

fn logits(size: usize, stream: &mut Stream) -> Vec<f64> {
    let scale = [0.0, 1.0, 6.0, 20.0][(stream.uniform() * 4.0) as usize % 4];
    (0..size).map(|_| scale * stream.normal()).collect()
}

/// A random instance.
///
/// # Errors
/// Those of the equilibrium, for a start near it.
pub fn random_instance(stream: &mut Stream) -> Result<Instance> {
    let size = 2 + (stream.uniform() * 7.0) as usize;
    let p = random_preference(size, stream)?.matrix();
    let reference_logits = logits(size, stream);
    let beta = 10f64.powf(-2.5 + 3.8 * stream.uniform());
    let knob = stream.uniform();
    let mut instance = Instance { p, start_logits: reference_logits.clone(), reference_logits, beta, knob };
    match (stream.uniform() * 4.0) as u32 {
        0 => {}
        1 => {
            let star = equilibrium(&instance.game()?)?;
            let scale = 10f64.powf(-4.0 + 4.0 * stream.uniform());
            instance.start_logits = star.policy.log_probs().iter().map(|l| l + scale * stream.normal()).collect();
        }
        _ => instance.start_logits = logits(size, stream),
    }
    Ok(instance)
}

/// The instance with one thing moved.
fn neighbour(instance: &Instance, stream: &mut Stream) -> Instance {
    let mut moved = instance.clone();
    let size = moved.p.len();
    let pick = |n: usize, stream: &mut Stream| ((stream.uniform() * n as f64) as usize).min(n - 1);
    let scale = 10f64.powf(-3.0 + 3.5 * stream.uniform());
    match (stream.uniform() * 6.0) as u32 {
        0 => {
            let (i, j) = (pick(size, stream), pick(size, stream));
            if i != j {
                let value = (moved.p[i][j] + 0.3 * scale * stream.normal()).clamp(0.0, 1.0);
                (moved.p[i][j], moved.p[j][i]) = (value, 1.0 - value);
            }
        }
        1 => moved.reference_logits[pick(size, stream)] += scale * stream.normal(),
        2 => moved.start_logits[pick(size, stream)] += scale * stream.normal(),
        3 => moved.beta = (moved.beta * (0.3 * scale * stream.normal()).exp()).clamp(1e-3, 30.0),
        4 => {
            // Logits scale as 1/beta: along this ridge nothing moves alone.
            let factor = (0.3 * scale * stream.normal()).exp().clamp(1e-3 / moved.beta, 30.0 / moved.beta);
            moved.beta *= factor;
            moved.reference_logits.iter_mut().chain(&mut moved.start_logits).for_each(|l| *l /= factor);
        }
        _ => moved.knob = (moved.knob + 0.1 * scale * stream.normal()).clamp(1e-6, 1.0),
    }
    moved
}

/// Searches for the largest ratio of what `evaluate` returns as (observed, bound); `None` is an instance on which the bound
/// says nothing. Returns `None` if no instance was comparable.
///
/// # Errors
/// The first of `evaluate` on a random instance; a failure while climbing only ends that move.
///
/// ```
/// use tilt::{games::auditor::{Effort, audit}, games::equilibrium::equilibrium, games::policy::kl, sampling::Address};
/// // R5: KL(pi*||ref) <= 1/(2 beta).
/// let found = audit(&Address::new(1, "example", "R5"), Effort { draws: 50, climbs: 1, moves: 50 }, |instance| {
///     let game = instance.game()?;
///     Ok(Some((kl(&equilibrium(&game)?.policy, game.reference().law()), 0.5 / game.beta())))
/// })?;
/// assert!(found.unwrap().improved.ratio <= 1.0);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn audit(
    address: &Address,
    effort: Effort,
    evaluate: impl Fn(&Instance) -> Result<Option<(f64, f64)>> + Sync,
) -> Result<Option<Audit>> {
    let one = |draw: u64| -> Result<Option<Finding>> {
        let instance = random_instance(&mut address.stream(draw))?;
        Ok(evaluate(&instance)?.map(|sides| finding(sides, instance)))
    };
    let results: Vec<Result<Option<Finding>>> = (0..effort.draws).into_par_iter().map(one).collect();
    let mut findings: Vec<Finding> = results.into_iter().filter_map(Result::transpose).collect::<Result<_>>()?;
    let instances = findings.len() as u64;
    let violations = findings.iter().filter(|f| f.ratio > 1.0).count() as u64;
    findings.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    let Some(random) = findings.first().cloned() else { return Ok(None) };
    let climb = |start: u64| -> Finding {
        let mut stream = address.stream(effort.draws + start);
        let mut best = findings[start as usize % findings.len()].clone();
        for _ in 0..effort.moves {
            let moved = neighbour(&best.instance, &mut stream);
            if let Ok(Some(sides)) = evaluate(&moved) {
                let new = finding(sides, moved);
                if new.ratio > best.ratio {
                    best = new;
                }
            }
        }
        best
    };
    let climbed: Vec<Finding> = (0..effort.climbs).into_par_iter().map(climb).collect();
    let improved = climbed.into_iter().fold(random.clone(), |a, b| if b.ratio > a.ratio { b } else { a });
    let ratios = findings.iter().map(|f| f.ratio).collect();
    Ok(Some(Audit { random, improved, instances, ratios, violations }))
}

fn finding((observed, bound): (f64, f64), instance: Instance) -> Finding {
    // A NaN is the worst of all: it must come to the top.
    let ratio = if observed == 0.0 { 0.0 } else { observed / bound };
    Finding { ratio: if ratio.is_nan() { f64::INFINITY } else { ratio }, observed, bound, instance }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::policy::kl;

    #[test]
    fn a_false_bound_is_found_and_a_tight_one_reached() {
        let address = Address::new(1, "test", "auditor");
        let effort = Effort { draws: 300, climbs: 4, moves: 200 };
        let divergence = |instance: &Instance, bound: &dyn Fn(f64) -> f64| -> Result<Option<(f64, f64)>> {
            let game = instance.game()?;
            Ok(Some((kl(&equilibrium(&game)?.policy, game.reference().law()), bound(game.beta()))))
        };
        // R5 with its constant: tight, and true.
        let tight = audit(&address, effort, |i| divergence(i, &|beta| 0.5 / beta)).unwrap().unwrap();
        assert!(tight.improved.ratio <= 1.0 && tight.improved.ratio > 0.95, "{}", tight.improved.ratio);
        assert!(tight.improved.ratio >= tight.random.ratio && tight.violations == 0 && tight.instances == 300);
        // A tenth less: false, and found.
        let false_bound = audit(&address, effort, |i| divergence(i, &|beta| 0.45 / beta)).unwrap().unwrap();
        assert!(false_bound.improved.ratio > 1.0);
        assert!(audit(&address, effort, |_| Ok(None)).unwrap().is_none());
    }
}
