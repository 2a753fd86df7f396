//! A judge that scores with noise: when to be cold, and when to stop.
//!
//! Paper: Halder and Pehlevan 2025, language-model experiments (not reproducible here: GSM8K answers of Llama-3-8B judged from 0
//! to 10 by Mistral-7B, selection by softmax of score/T, the judge degraded by clip(score + 10 eps N(0,1), 0, 10)). Claims: R13,
//! R13c, R13d, in a discrete stand-in. Model: prompts with laws over (score, correct); wrong answers that the judge rates highest
//! play the part of misspecification. Accuracy exact, by the Laplace identity over score levels, and simulated by drawing
//! answers and noise. Cost: one sum over levels a temperature and number of answers.

use super::super::grid;
use crate::judge::discrete::DiscreteJudge;
use crate::judge::model::Candidates;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table, z_limit};
use crate::sampling::{Categorical, Plan, Stream, VectorMoments};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// One kind of prompt.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// Share of the prompts; shares are divided by their sum.
    share: f64,
    /// Probabilities of the kinds of answer.
    p: Vec<f64>,
    /// Score that the judge without noise gives each; 0 to 10.
    score: Vec<f64>,
    /// Probability that each is correct.
    correct: Vec<f64>,
}

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The kinds of prompts.
    prompts: Vec<Prompt>,
    /// Noise eps of the judge: its score moves by 10 eps standard normals, then is clipped to 0..10; one curve each.
    noise: Vec<f64>,
    /// Cells of the noisy score; 10 to 1000.
    cells: usize,
    /// Number of answers of the curves against temperature; 2 to 10,000.
    candidates: u64,
    /// Smallest temperature, in points of the score; > 0.
    temp_min: f64,
    /// Largest temperature.
    temp_max: f64,
    /// Points a curve; >= 3.
    points: usize,
    /// Temperature of the curves against the number of answers, in points of the score; >= 0.
    temp: f64,
    /// Largest number of answers there; 2 to 1,000,000.
    candidates_max: u64,
    /// Numbers of answers that are simulated, ascending; at most 1000.
    simulated_candidates: Vec<u64>,
    /// Draws of the simulation; >= 2.
    draws: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("judge/noisy", include_str!("../../../sims/judge/noisy.toml"), run).about(
        "At what temperature, and for how long, should one sample under a noisy judge?",
        "Halder, Pehlevan, arXiv 2512.19905, language-model experiments (a synthetic stand-in; theirs are not reproducible here)",
        &["judge/R13", "judge/R13c", "judge/R13d"],
        "2 s",
    )
}

/// The judges of all prompts at one noise, with their shares.
fn judges(parameters: &Parameters, noise: f64) -> Result<Vec<(f64, DiscreteJudge)>> {
    let total: f64 = parameters.prompts.iter().map(|prompt| prompt.share).sum();
    let one = |(i, prompt): (usize, &Prompt)| {
        let judge = DiscreteJudge::new(&prompt.p, &prompt.score, &prompt.correct)
            .and_then(|judge| judge.with_noise(10.0 * noise, 0.0, 10.0, parameters.cells))
            .map_err(|error| error.in_field("p", &format!("prompts[{i}].p")))?;
        Ok((prompt.share / total, judge))
    };
    parameters.prompts.iter().enumerate().map(one).collect()
}

fn accuracy(judges: &[(f64, DiscreteJudge)], k: Candidates, temp: f64) -> Result<f64> {
    judges.iter().try_fold(0.0, |sum, (share, judge)| Ok(sum + share * judge.accuracy(k, temp)?))
}

/// A prompt that answers are drawn from.
struct Sampler<'a> {
    prompt: &'a Prompt,
    answers: Categorical,
}

impl Sampler<'_> {
    /// Adds the softmax-weighted correctness among the first k answers to `out`, for every k of `counts`.
    fn draw(&self, noise: f64, temp: f64, counts: &[u64], stream: &mut Stream, out: &mut [f64]) {
        let (mut from, mut top, mut weights, mut correct) = (0, f64::NEG_INFINITY, 0.0, 0.0);
        for (out, &k) in out.iter_mut().zip(counts) {
            for _ in from..k {
                let answer = self.answers.draw(stream);
                let score = (self.prompt.score[answer] + 10.0 * noise * stream.normal()).clamp(0.0, 10.0);
                if score > top {
                    // at temperature 0 only the best score counts, ties in equal parts
                    let shrink = if temp > 0.0 { ((top - score) / temp).exp() } else { 0.0 };
                    (top, weights, correct) = (score, weights * shrink, correct * shrink);
                }
                let weight = match temp > 0.0 {
                    true => ((score - top) / temp).exp(),
                    false => f64::from(score == top),
                };
                weights += weight;
                correct += weight * self.prompt.correct[answer];
            }
            from = k;
            *out = correct / weights;
        }
    }
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    grid::size("cells", parameters.cells, 10, 1000)?;
    grid::size("candidates", parameters.candidates as usize, 2, 10_000)?;
    grid::size("candidates_max", parameters.candidates_max as usize, 2, 1_000_000)?;
    let counts = &parameters.simulated_candidates;
    let ascending = counts.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || counts.first().is_none_or(|k| *k == 0) || counts.last() > Some(&1000) {
        return Err(Error::invalid("simulated_candidates", format!("{counts:?}"), "1 to 1,000, ascending"));
    }
    if parameters.prompts.is_empty()
        || parameters.prompts.iter().any(|prompt| prompt.share.is_nan() || prompt.share <= 0.0)
    {
        return Err(Error::invalid("prompts", "without a share", "prompts with shares > 0"));
    }
    let mut temperatures = Table::new(
        "temperatures",
        "Accuracy of the chosen answer against temperature.",
        &[
            ("noise", "noise eps of the judge"),
            ("temp", "temperature, in points of the score"),
            ("accuracy", "share of chosen answers that are correct"),
        ],
    );
    let mut answers = Table::new(
        "answers",
        "Accuracy of the chosen answer against the number of answers.",
        &[
            ("noise", "noise eps of the judge"),
            ("k", "number of answers"),
            ("accuracy", "share of chosen answers that are correct"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Simulated accuracy.",
        &[
            ("noise", "noise eps of the judge"),
            ("k", "number of answers"),
            ("accuracy", "mean softmax-weighted correctness"),
            ("standard_error", "its standard error"),
        ],
    );
    let mut optima = Table::new(
        "optima",
        "Best temperature at the number of answers of the left panel, best number at the temperature of the right one.",
        &[
            ("noise", "noise eps of the judge"),
            ("best_temp", "temperature of the largest accuracy, in points of the score"),
            ("accuracy_at_best_temp", "accuracy there"),
            ("best_k", "number of answers of the largest accuracy"),
            ("accuracy_at_best_k", "accuracy there"),
        ],
    );
    let mut agree = Check::agreement("judge/R4", "simulated answers and noise against the exact accuracy").tolerance(
        1.0,
        "z standard errors, z from the false-alarm budget, and the cells of the noisy score, (10/cells)^2",
    );
    let mut interior = Check::bound(
        "judge/R13d",
        "where the best temperature is inside: accuracy at T = 0 and at the hottest, and 1e-3, against the best",
    )
    .tolerance(1e-12, "rounding");
    let mut ideal =
        Check::ordering("judge/R13c", "a judge that knows what is correct: accuracy rises with the number of answers")
            .tolerance(1e-12, "rounding");
    let grid_temp = grid::logarithmic("points", parameters.temp_min, parameters.temp_max, parameters.points)?;
    let ks = grid::whole("points", 1, parameters.candidates_max, parameters.points)?;
    let k = Candidates::new(parameters.candidates)?;
    let mut words = Vec::new();
    for &noise in &parameters.noise {
        let judges = judges(parameters, noise)?;
        let along_temp = context.executor.map(&grid_temp, |&temp| accuracy(&judges, k, temp))?;
        let along_k = context.executor.map(&ks, |&k| accuracy(&judges, Candidates::new(k)?, parameters.temp))?;
        let best = |values: &[f64]| (0..values.len()).max_by(|i, j| values[*i].total_cmp(&values[*j])).unwrap_or(0);
        let (i, j) = (best(&along_temp), best(&along_k));
        for (&temp, &accuracy) in grid_temp.iter().zip(&along_temp) {
            temperatures.push([noise, temp, accuracy].map(Into::into));
        }
        for (&k, &accuracy) in ks.iter().zip(&along_k) {
            answers.push([noise, k as f64, accuracy].map(Into::into));
        }
        optima.push([noise, grid_temp[i], along_temp[i], ks[j] as f64, along_k[j]].map(Into::into));
        if i > 0 {
            let ends = accuracy(&judges, k, 0.0)?.max(along_temp[along_temp.len() - 1]);
            interior.at_most(ends + 1e-3, along_temp[i], 1.0, || json!({"noise": noise, "temp": grid_temp[i]}));
        }
        words.push(format!("eps = {noise}: best at T = {:.2}, and at k = {}", grid_temp[i], ks[j]));
        let total: f64 = parameters.prompts.iter().map(|prompt| prompt.share).sum();
        for (at, prompt) in parameters.prompts.iter().enumerate() {
            let sampler = Sampler { prompt, answers: Categorical::new(&prompt.p)? };
            let label = format!("noise={noise}/prompt={at}");
            let plan = Plan::fixed(parameters.draws);
            let moments = context.executor.run(
                &label,
                &plan,
                || VectorMoments::new(counts.len()),
                |block, moments| {
                    let mut out = vec![0.0; counts.len()];
                    for mut stream in block.streams() {
                        sampler.draw(noise, parameters.temp, counts, &mut stream, &mut out);
                        moments.add(&out);
                    }
                    Ok(())
                },
            )?;
            for (i, &k) in counts.iter().enumerate() {
                let exact = judges[at].1.accuracy(Candidates::new(k)?, parameters.temp)?;
                let allowed = z_limit() * moments.standard_errors()[i] + (10.0 / parameters.cells as f64).powi(2);
                let instance = || json!({"noise": noise, "prompt": at, "k": k, "draws": parameters.draws});
                agree.equal(moments.means()[i], exact, allowed, instance);
            }
            // stratified over prompts: means add by share, variances by its square
            let share = prompt.share / total;
            let start = simulated.rows.len() - if at == 0 { 0 } else { counts.len() };
            for (i, &k) in counts.iter().enumerate() {
                let (mean, error) = (share * moments.means()[i], share * moments.standard_errors()[i]);
                if at == 0 {
                    simulated.push([noise, k as f64, mean, error].map(Into::into));
                } else {
                    let row = &mut simulated.rows[start + i];
                    let (before, spread) = (row[2].number().unwrap_or(0.0), row[3].number().unwrap_or(0.0));
                    row[2] = (before + mean).into();
                    row[3] = spread.hypot(error).into();
                }
            }
        }
    }
    for prompt in &parameters.prompts {
        let judge = DiscreteJudge::new(&prompt.p, &prompt.correct, &prompt.correct)?;
        let mut before = 0.0;
        for &k in &ks {
            let here = judge.accuracy(Candidates::new(k)?, parameters.temp / 10.0)?;
            ideal.at_most(before, here, 1.0, || json!({"k": k, "p": prompt.p}));
            before = here;
        }
    }
    Ok(Report {
        finding: format!("{}.", words.join("; ")),
        tables: vec![temperatures, answers, simulated, optima],
        figures: vec![figure(parameters)],
        checks: [agree, interior, ideal].into_iter().map(|check| check.finish()).filter(|c| c.instances > 0).collect(),
        warnings: vec!["a synthetic stand-in: shapes, not the values of the published experiments".to_string()],
    })
}

fn figure(parameters: &Parameters) -> Figure {
    let mut temperatures = Panel::new(
        &format!("{} answers", parameters.candidates),
        Axis::log("temperature T (points of the score)"),
        Axis::linear("accuracy"),
    );
    let mut answers = Panel::new(&format!("T = {}", parameters.temp), Axis::log("answers k"), Axis::linear("accuracy"));
    for (colour, &noise) in parameters.noise.iter().enumerate() {
        let bars = Mark::ErrorBars { standard_error: "standard_error".into() };
        let name = format!("eps = {noise}");
        temperatures = temperatures
            .with(Layer::new(&name, "temperatures", "temp", "accuracy", Mark::Line, colour).only("noise", noise));
        answers = answers
            .with(
                Layer::new(&format!("{name}: exact"), "answers", "k", "accuracy", Mark::Line, colour)
                    .only("noise", noise),
            )
            .with(
                Layer::new(&format!("{name}: simulation"), "simulated", "k", "accuracy", bars, colour)
                    .only("noise", noise),
            );
    }
    Figure::new(
        "noisy",
        "A judge that can be fooled is best warm, and with a finite number of answers",
        "Accuracy of the chosen answer under a judge whose score carries noise eps and that rates some wrong answers highest. Left: \
         against temperature. Right: against the number of answers, exact and simulated.",
    )
    .with(temperatures)
    .with(answers)
}
