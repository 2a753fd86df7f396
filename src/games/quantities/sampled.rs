//! Monte-Carlo routes: simulated comparisons, one unbiased number a draw.

use super::games::WinRate;
use super::preferences::{Matrix, Payoffs};
use crate::games::contextual::{Contextual, ContextualReport};
use crate::games::families::Family;
use crate::games::game::Game;
use crate::games::intransitivity::{self, Intransitivity};
use crate::games::ipo::{IpoGradient, policy_and_ratio};
use crate::games::low_rank::LowRank;
use crate::games::payoff::Payoff;
use crate::games::preference::Preference;
use crate::lab::{Estimate, Sampling};
use crate::prob::Law;
use crate::sampling::Categorical;
use crate::{Error, Result};

/// $y \sim \pi$, $y' \sim \pi'$, a coin of $P_{yy'}$; regularised by the log-ratios of both.
pub fn win_rate(
    preference: &Preference,
    pi: &Law,
    pi2: &Law,
    game: Option<&Game>,
    sampling: &Sampling,
) -> Result<Estimate<WinRate>> {
    let (first, second) = (Categorical::new(pi.probs())?, Categorical::new(pi2.probs())?);
    let moments = sampling.moments(2, |stream, out| {
        let (y, other) = (first.draw(stream), second.draw(stream));
        let won = f64::from(stream.uniform() < 0.5 + preference.advantage(y, other));
        let cost = game.map_or(0.0, |game| {
            let reference = game.reference().log_probs();
            game.beta() * ((pi2.log_probs()[other] - reference[other]) - (pi.log_probs()[y] - reference[y]))
        });
        (out[0], out[1]) = (won, won + cost);
    })?;
    let (means, errors) = (moments.means(), moments.standard_errors());
    let of = |x: &[f64]| WinRate { win_rate: x[0], regularized: game.map(|_| x[1]) };
    Ok(Estimate { output: of(means), stderr: of(&errors), samples: moments.count() })
}

/// The context drawn from its law; what a policy loses there is exact.
pub fn contextual(model: &Contextual, policies: &[Law], sampling: &Sampling) -> Result<Estimate<ContextualReport>> {
    let exact = model.report(policies)?;
    let stars = model.equilibria()?;
    let losses: Vec<f64> =
        stars.iter().zip(policies).map(|(star, pi)| crate::games::policy::kl(&star.policy, pi)).collect();
    let law = Categorical::new(model.weights())?;
    let moments = sampling.moments(2, |stream, out| {
        let x = law.draw(stream);
        (out[0], out[1]) = (exact.subopt_per_context[x], losses[x]);
    })?;
    let (means, errors) = (moments.means(), moments.standard_errors());
    let stderr = ContextualReport {
        pi_star: exact.pi_star.iter().map(|p| vec![0.0; p.len()]).collect(),
        subopt: errors[0],
        subopt_per_context: vec![0.0; losses.len()],
        kl_star: errors[1],
    };
    let output = ContextualReport { subopt: means[0], kl_star: means[1], ..exact };
    Ok(Estimate { output, stderr, samples: moments.count() })
}

/// A coin of every entry above the diagonal; the annotator drawn first, where there are several, one for all entries.
pub fn preference(family: &Family, sampling: &Sampling) -> Result<Estimate<Matrix>> {
    let n = family.preference()?.size();
    let parts: Vec<(f64, Preference)> = match family {
        Family::Annotators { weights, rewards } => {
            let one = |r: &Vec<f64>| Family::BradleyTerry { rewards: r.clone(), temperature: None }.preference();
            weights.iter().zip(rewards).map(|(w, r)| Ok((*w, one(r)?))).collect::<Result<_>>()?
        }
        Family::Mixture { weights, components } => {
            weights.iter().zip(components).map(|(w, c)| Ok((*w, c.preference()?))).collect::<Result<_>>()?
        }
        other => vec![(1.0, other.preference()?)],
    };
    let law = Categorical::new(&parts.iter().map(|(w, _)| *w).collect::<Vec<_>>())?;
    let moments = sampling.moments(n * n, |stream, out| {
        let part = &parts[law.draw(stream)].1;
        for i in 0..n {
            out[i * n + i] = 0.5;
            for j in i + 1..n {
                let won = f64::from(stream.uniform() < 0.5 + part.advantage(i, j));
                (out[i * n + j], out[j * n + i]) = (won, 1.0 - won);
            }
        }
    })?;
    let of = |x: &[f64]| Matrix { p: x.chunks_exact(n).map(<[f64]>::to_vec).collect() };
    Ok(Estimate { output: of(moments.means()), stderr: of(&moments.standard_errors()), samples: moments.count() })
}

/// The opponent drawn, the same for all rows.
pub fn payoffs(game: &LowRank, pi: &Law, sampling: &Sampling) -> Result<Estimate<Payoffs>> {
    let law = Categorical::new(pi.probs())?;
    let moments = sampling.moments(game.size(), |stream, out| {
        let other = law.draw(stream);
        out.iter_mut().enumerate().for_each(|(i, x)| *x = 0.5 + game.advantage(i, other));
    })?;
    let of = |x: &[f64]| Payoffs { payoff: x.to_vec() };
    Ok(Estimate { output: of(moments.means()), stderr: of(&moments.standard_errors()), samples: moments.count() })
}

/// Uniform triples for the cycles, a uniform opponent a row for the Borda scores.
pub fn intransitivity(preference: &Preference, sampling: &Sampling) -> Result<Estimate<Intransitivity>> {
    let n = preference.size();
    let exact = intransitivity::intransitivity(preference);
    let triples = (n * n.saturating_sub(1) * n.saturating_sub(2)) as f64 / 6.0;
    let beats = |i: usize, j: usize| preference.advantage(i, j) > 0.0;
    let moments = sampling.moments(n + 1, |stream, out| {
        let mut below = |k: usize| ((stream.uniform() * k as f64) as usize).min(k - 1);
        for (i, out) in out[..n].iter_mut().enumerate() {
            *out = match n {
                1 => 0.0,
                _ => {
                    let j = below(n - 1);
                    0.5 + preference.advantage(i, if j < i { j } else { j + 1 })
                }
            };
        }
        out[n] = 0.0;
        if n >= 3 {
            let i = below(n);
            let skip = |x: usize, taken: &[usize]| taken.iter().fold(x, |x, &t| if x >= t { x + 1 } else { x });
            let j = skip(below(n - 1), &[i]);
            let k = skip(below(n - 2), &[i.min(j), i.max(j)]);
            let cycle = (beats(i, j) && beats(j, k) && beats(k, i)) || (beats(j, i) && beats(k, j) && beats(i, k));
            out[n] = triples * f64::from(cycle);
        }
    })?;
    let (means, errors) = (moments.means(), moments.standard_errors());
    // Counts are whole: the estimate is rounded, and its error covers the rounding.
    let rounding = if errors[n] > 0.0 { 0.5 } else { 0.0 };
    let output = Intransitivity { strict_cycles: means[n].round() as u64, borda: means[..n].to_vec(), ..exact.clone() };
    let stderr = Intransitivity {
        condorcet_winner: 0,
        strict_cycles: (errors[n] + rounding).ceil() as u64,
        borda: errors[..n].to_vec(),
        curl_fraction: 0.0,
    };
    Ok(Estimate { output, stderr, samples: moments.count() })
}

/// $y, y' \sim \pi$ and a coin of $P_{yy'}$: both gradients without bias.
pub fn ipo_gradient(game: &Game, logits: &[f64], sampling: &Sampling) -> Result<Estimate<IpoGradient>> {
    let (policy, h) = policy_and_ratio(game, logits)?;
    let law = Categorical::new(&policy).map_err(|error| match error {
        Error::InvalidInput { value, expected, .. } => Error::InvalidInput { field: "logits".into(), value, expected },
        other => other,
    })?;
    let n = policy.len();
    let beta = game.beta();
    let moments = sampling.moments(2 * n, |stream, out| {
        let (y, other) = (law.draw(stream), law.draw(stream));
        let won = f64::from(stream.uniform() < 0.5 + game.preference().advantage(y, other)) - 0.5;
        out[..n].fill(0.0);
        let residual = 2.0 * (h[y] - h[other] - won / beta);
        out[y] += residual;
        out[other] -= residual;
        let weight = won - beta * h[y];
        for k in 0..n {
            out[n + k] = weight * (f64::from(k == y) - policy[k]);
        }
    })?;
    let of = |x: &[f64]| IpoGradient { ipo_grad: x[..n].to_vec(), self_play_grad: x[n..].to_vec() };
    Ok(Estimate { output: of(moments.means()), stderr: of(&moments.standard_errors()), samples: moments.count() })
}
