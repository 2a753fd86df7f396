//! Criterion benchmarks of the engine's throughput tasks.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn tasks(criterion: &mut Criterion) {
    for task in tilt::laboratory().tasks.iter().filter(|task| task.name.starts_with("rewards/")) {
        let mut work = (task.prepare)();
        let units = work().units as u64;
        let mut group = criterion.benchmark_group(task.name);
        group.throughput(Throughput::Elements(units));
        group.bench_function(task.unit, |bencher| bencher.iter(|| black_box(work())));
        group.finish();
    }
}

criterion_group!(benches, tasks);
criterion_main!(benches);
