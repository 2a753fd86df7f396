//! Criterion benchmarks of the engine's throughput tasks, and of its solvers.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tilt::games::{equilibrium::equilibrium, families::sine, game::Game, policy::Reference, von_neumann::von_neumann};

fn tasks(criterion: &mut Criterion) {
    for task in tilt::laboratory().tasks.iter().filter(|task| task.name.starts_with("games/")) {
        let mut work = (task.prepare)();
        let units = work().units as u64;
        let mut group = criterion.benchmark_group(task.name);
        group.sample_size(10);
        group.throughput(Throughput::Elements(units));
        group.bench_function(task.unit, |bencher| bencher.iter(|| black_box(work())));
        group.finish();
    }
}

fn solvers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("games/solvers");
    group.sample_size(10);
    for size in [6, 60, 200] {
        let reference = Reference::uniform(size).expect("at least one action");
        let game = Game::new(sine(size), reference, 0.05).expect("a valid game");
        group.bench_function(format!("equilibrium-{size}"), |bencher| bencher.iter(|| black_box(equilibrium(&game))));
        group.bench_function(format!("von-neumann-{size}"), |bencher| {
            bencher.iter(|| black_box(von_neumann(game.preference(), game.reference())));
        });
    }
    group.finish();
}

criterion_group!(benches, tasks, solvers);
criterion_main!(benches);
