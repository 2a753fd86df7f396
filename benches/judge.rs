//! Criterion benchmarks of the judge: one table and every number of candidates from it, averages, trials of the regression.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tilt::judge::average::average;
use tilt::judge::best_of_k::best_of_k;
use tilt::judge::equivalents::Regression;
use tilt::judge::every_k::every_k;
use tilt::judge::finite_dimension::Experiment;
use tilt::judge::model::{BiasLaw, Candidates, Reduced};
use tilt::judge::softmax::SoftmaxTable;
use tilt::judge::trials::{CandidateDraws, Trials, WIDTH};
use tilt::sampling::Address;

/// Reduced temperatures: best of k, nearly so, and the range of the studies.
const TEMPERATURES: [f64; 6] = [0.0, 1e-12, 0.1, 1.0, 5.0, 100.0];

fn selection(criterion: &mut Criterion) {
    let point = Reduced::new(0.2, -1.8).expect("a valid point");
    let million = Candidates::new(1_000_000).expect("positive");
    let mut group = criterion.benchmark_group("judge/every-k-to-1e6");
    group.sample_size(20).throughput(Throughput::Elements(1_000_000));
    let mut losses = vec![0.0; 1_000_000];
    for t in TEMPERATURES {
        group.bench_function(format!("t={t}"), |bencher| {
            bencher.iter(|| every_k(black_box(&point), t, &mut losses).expect("a valid temperature"))
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("judge/one-selection");
    group.bench_function("best-of-k", |bencher| bencher.iter(|| black_box(best_of_k(black_box(&point), million))));
    for t in &TEMPERATURES[1..] {
        let table = SoftmaxTable::new(&point, *t, million).expect("a valid temperature");
        group.bench_function(format!("table/t={t}"), |bencher| {
            bencher.iter(|| black_box(SoftmaxTable::new(black_box(&point), *t, million)))
        });
        group.bench_function(format!("value/t={t}"), |bencher| {
            let k = Candidates::new(1000).expect("positive");
            bencher.iter(|| black_box(table.at(black_box(k))))
        });
    }
    group.finish();
}

fn averages(criterion: &mut Criterion) {
    let law = BiasLaw::new(0.1, 0.2, 0.9, 1.0).expect("a valid law");
    let k = Candidates::new(100).expect("positive");
    let mut group = criterion.benchmark_group("judge/average");
    group.sample_size(10);
    for temp in [0.0, 4.0] {
        group.bench_function(format!("temp={temp}"), |bencher| bencher.iter(|| black_box(average(&law, temp, k))));
    }
    group.finish();
}

fn regression(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("judge/trials-d16-n64-k32");
    group.throughput(Throughput::Elements(WIDTH as u64));
    let address = Address::new(1, "judge/benches", "trials");
    for draws in [CandidateDraws::All, CandidateDraws::Best] {
        let mut trials = Trials::new(16, 64, 32, 0.5, draws).expect("valid sizes");
        let mut gold = [0.0; WIDTH];
        group.bench_function(format!("{draws:?}"), |bencher| {
            bencher.iter_batched(
                || address.lanes(0..WIDTH as u64),
                |mut lanes| trials.run(&mut lanes, black_box(&mut gold)),
                BatchSize::SmallInput,
            )
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("judge/training-set");
    group.sample_size(10);
    for d in [50, 200, 800] {
        let ones = vec![1.0; d];
        let task = Regression::new(&ones, &ones, &ones, 2 * d as u64, 0.5, 1.0).expect("a valid task");
        let experiment = Experiment::new(&task).expect("a small dimension");
        let address = Address::new(1, "judge/benches", "training");
        group.bench_function(format!("d={d}"), |bencher| {
            bencher.iter(|| black_box(experiment.training_set(&mut address.stream(0)).map(|set| set.bias_covariance())))
        });
    }
    group.finish();
}

criterion_group!(benches, selection, averages, regression);
criterion_main!(benches);
