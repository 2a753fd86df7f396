//! Criterion benchmarks of the engine's throughput tasks, and of the exact laws behind its studies.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tilt::asymptotics::{memoryless::Memoryless, reward_law::reward_law};

fn tasks(criterion: &mut Criterion) {
    for task in tilt::laboratory().tasks.iter().filter(|task| task.name.starts_with("asymptotics/")) {
        let mut work = (task.prepare)();
        let units = work().units as u64;
        let mut group = criterion.benchmark_group(task.name);
        group.throughput(Throughput::Elements(units));
        group.bench_function(task.unit, |bencher| bencher.iter(|| black_box(work())));
        group.finish();
    }
}

fn exact_laws(criterion: &mut Criterion) {
    let p = [0.5, 0.3, 0.2];
    let mut group = criterion.benchmark_group("asymptotics/reward-law");
    group.sample_size(10);
    for (name, s, n) in [("lattice", [0.0, 1.0, 2.0], 10_000), ("types", [0.0, 1.0, 1.8384776310850235], 1_000)] {
        let model = Memoryless::new(&p, &s, n).expect("a valid model");
        group.bench_function(format!("{name}-{n}"), |bencher| bencher.iter(|| black_box(reward_law(&model))));
    }
    group.finish();
}

criterion_group!(benches, tasks, exact_laws);
criterion_main!(benches);
