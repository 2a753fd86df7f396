//! The regression behind the predictive law: ridge, equivalents, posterior, trade-off.

use crate::Result;
use crate::judge::equivalents::{Equivalents, Regression, equivalents};
use crate::judge::posterior::{PathwiseDraws, Posterior, Prediction};
use crate::judge::ridge::{Ridge, renormalised_ridge};
use crate::judge::tradeoff::{Tradeoff, tradeoff};
use crate::lab::{Count, Estimate, Instances, Quantity, Sampling};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RidgeInput {
    /// Eigenvalues of the input covariance, >= 0.
    eigs: Vec<f64>,
    /// Dimension over number of data, > 0.
    alpha: f64,
    /// Ridge >= 0.
    lambda: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EquivalentsInput {
    /// Eigenvalues of the input covariance, >= 0.
    eigs: Vec<f64>,
    /// The teacher in the eigenbasis.
    w_t: Vec<f64>,
    /// The judge in the eigenbasis.
    w_r: Vec<f64>,
    /// Number of training points.
    n: Count,
    /// Deviation of the label noise, > 0.
    sigma: f64,
    /// Deviation of the prior, > 0.
    gamma: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PosteriorInput {
    /// Training inputs, a row each; there may be none.
    x_train: Vec<Vec<f64>>,
    /// Training labels.
    y: Vec<f64>,
    /// Deviation of the label noise, > 0.
    sigma: f64,
    /// Deviation of the prior, > 0.
    gamma: f64,
    /// The input asked about.
    x: Vec<f64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TradeoffInput {
    /// Dimension over number of data, > 0.
    alpha: f64,
    /// Variance of the label noise, > 0.
    sigma2: f64,
    /// Variance of the prior, > 0.
    gamma2: f64,
    /// Variance of an input, > 0.
    #[serde(rename = "S2")]
    input2: f64,
    /// Squared norm of the teacher over the dimension, >= 0.
    w2: f64,
}

fn random_spectrum(draw: &mut Instances) -> Vec<f64> {
    let d = draw.count(1, 6) as usize;
    (0..d).map(|_| if draw.chance(0.1) { 0.0 } else { draw.log_uniform(0.05, 5.0) }).collect()
}

fn random_equivalents(draw: &mut Instances) -> EquivalentsInput {
    let eigs = random_spectrum(draw);
    let mut weights = || eigs.iter().map(|_| draw.uniform(-2.0, 2.0)).collect();
    let (w_t, w_r) = (weights(), weights());
    let (n, sigma, gamma) = (Count(draw.count(1, 40)), draw.log_uniform(0.05, 2.0), draw.log_uniform(0.2, 3.0));
    EquivalentsInput { eigs, w_t, w_r, n, sigma, gamma }
}

fn random_posterior(draw: &mut Instances) -> PosteriorInput {
    let (n, d) = (draw.count(0, 8) as usize, draw.count(1, 5) as usize);
    let mut vector = |length: usize| (0..length).map(|_| draw.uniform(-2.0, 2.0)).collect::<Vec<f64>>();
    let x_train = (0..n).map(|_| vector(d)).collect();
    let (y, x) = (vector(n), vector(d));
    PosteriorInput { x_train, y, sigma: draw.log_uniform(0.2, 2.0), gamma: draw.log_uniform(0.3, 3.0), x }
}

fn simulate_posterior(input: PosteriorInput, sampling: &Sampling) -> Result<Estimate<Prediction>> {
    let draws = PathwiseDraws::new(&input.x_train, &input.y, input.sigma, input.gamma, &input.x)?;
    let moments = sampling.moments(2, |stream, numbers| {
        let value = draws.draw(stream);
        numbers[0] = value;
        numbers[1] = (value - draws.mean()) * (value - draws.mean());
    })?;
    let (mean, error) = (moments.means(), moments.standard_errors());
    Ok(Estimate {
        output: Prediction { m: mean[0], s2: input.sigma * input.sigma + mean[1] },
        stderr: Prediction { m: error[0], s2: error[1] },
        samples: sampling.samples,
    })
}

pub(super) fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<RidgeInput, Ridge>(
            "judge.ridge",
            "renormalised ridge of a spectrum and its degrees of freedom",
            |draw| RidgeInput {
                eigs: random_spectrum(draw),
                alpha: draw.log_uniform(0.01, 10.0),
                lambda: if draw.chance(0.2) { 0.0 } else { draw.log_uniform(1e-4, 3.0) },
            },
        )
        .exact::<RidgeInput, Ridge>(1e-12, |i| renormalised_ridge(&i.eigs, i.alpha, i.lambda)),
        Quantity::new::<EquivalentsInput, Equivalents>(
            "judge.predictive_de",
            "deterministic equivalents of predictive variance and biases, one-point and two-point",
            random_equivalents,
        )
        .exact::<EquivalentsInput, Equivalents>(1e-12, |i| {
            equivalents(&Regression::new(&i.eigs, &i.w_t, &i.w_r, i.n.0, i.sigma, i.gamma)?)
        }),
        Quantity::new::<PosteriorInput, Prediction>(
            "judge.posterior",
            "predictive mean and variance of Bayesian linear regression",
            random_posterior,
        )
        .exact::<PosteriorInput, Prediction>(1e-11, |i| {
            Posterior::new(&i.x_train, &i.y, i.x.len(), i.sigma, i.gamma)?.predict(&i.x)
        })
        .monte_carlo::<PosteriorInput, Prediction>(simulate_posterior),
        Quantity::new::<TradeoffInput, Tradeoff>(
            "judge.tradeoff",
            "what data and what candidates buy: coefficients of k^-2 and their slopes in the number of data",
            |draw| TradeoffInput {
                alpha: draw.log_uniform(0.01, 2.0),
                sigma2: draw.log_uniform(0.1, 3.0),
                gamma2: draw.log_uniform(0.1, 5.0),
                input2: draw.log_uniform(0.3, 3.0),
                w2: if draw.chance(0.1) { 0.0 } else { draw.log_uniform(0.01, 3.0) },
            },
        )
        .exact::<TradeoffInput, Tradeoff>(1e-12, |i| tradeoff(i.alpha, i.sigma2, i.gamma2, i.input2, i.w2)),
    ]
}
