//! The executor's promises: the same bits for any number of threads, after a resume, and for both kinds of plan.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tilt::sampling::{
    Block, Estimator, Executor, Histogram, Journal, Moments, Observer, Plan, Quantiles, VectorMoments,
};
use tilt::{Error, Result};

type Everything = (Moments, VectorMoments, Histogram, Quantiles);

fn fresh() -> Everything {
    (Moments::new(), VectorMoments::new(2), Histogram::uniform(-3.0, 3.0, 10).unwrap(), Quantiles::new())
}

fn kernel(block: &Block, everything: &mut Everything) -> Result<()> {
    for mut lanes in block.lanes(20) {
        let mut x = vec![0.0; 2 * lanes.width()];
        let (first, second) = x.split_at_mut(lanes.width());
        lanes.normals(first);
        lanes.exponentials(second);
        everything.0.extend(first);
        everything.2.extend(first);
        everything.3.extend(second);
        everything.1.add_lanes(&x);
    }
    Ok(())
}

fn text(estimator: &impl Estimator) -> String {
    serde_json::to_string(estimator).unwrap()
}

/// A folder of its own for each test, emptied at the start.
fn folder(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("tilt-sampling-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let plan = Plan::fixed(1003).blocks_of(50);
    let with = |threads| {
        let executor = Executor::new(5, "test").with_threads(threads).unwrap();
        text(&executor.run("cell", &plan, fresh, kernel).unwrap())
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(7));
}

#[test]
fn adaptive_plan_stops_at_a_doubling_with_the_bits_of_a_fixed_plan() {
    let run = |label: &str, plan: Plan| {
        let draws = plan.with_draws_of("shared").blocks_of(50);
        Executor::new(5, "test").run(label, &draws, Moments::new, |block, moments| {
            block.streams().for_each(|mut stream| moments.add(stream.normal()));
            Ok(())
        })
    };
    let adaptive = run("a", Plan::until(0.025, 100, 100_000)).unwrap();
    // Unit variance: the target is met at about 1600 draws, within a factor set by the noise of the sample variance
    // (sqrt(2/1600) = 3.5 in 100), so at 1600 = 32 blocks or at 3200.
    assert!(adaptive.standard_error() <= 0.025 && [1600, 3200].contains(&adaptive.count()));
    assert_eq!(adaptive, run("b", Plan::fixed(adaptive.count())).unwrap());
    let exhausted = run("c", Plan::until(1e-9, 100, 1030)).unwrap();
    assert_eq!(exhausted, run("d", Plan::fixed(1030)).unwrap());
}

#[test]
fn every_repetition_is_simulated_once_in_order() {
    for (repetitions, size) in [(1, 1), (1, 100), (7, 2), (64, 8), (65, 8), (100, 1)] {
        let plan = Plan::fixed(repetitions).blocks_of(size);
        // A list is the free monoid: it shows the order of merging.
        #[derive(Clone, serde::Serialize, serde::Deserialize)]
        struct Seen(Vec<u64>);
        impl Estimator for Seen {
            fn merge(&mut self, later: &Self) {
                self.0.extend(&later.0);
            }
        }
        let seen = Executor::new(1, "test")
            .run(
                "cell",
                &plan,
                || Seen(vec![]),
                |block, seen| {
                    seen.0.extend(block.repetitions.clone());
                    Ok(())
                },
            )
            .unwrap();
        assert_eq!(seen.0, (0..repetitions).collect::<Vec<_>>());
    }
}

#[test]
fn resumes_from_a_journal_cut_at_any_byte() {
    let folder = folder("cut");
    let path = folder.join("journal.jsonl");
    let plan = Plan::fixed(230).blocks_of(50);
    let run = || {
        let executor = Executor::new(5, "test").with_threads(1)?.with_journal(Journal::open(&path, "parameters")?);
        let result = executor.run("cell", &plan, fresh, kernel)?;
        let exact = executor.memo("exact", || Ok(vec![0.1, -0.0, 5e-324]))?;
        Ok::<_, Error>((text(&result), exact))
    };
    let uninterrupted = run().unwrap();
    let whole = fs::read(&path).unwrap();
    assert_eq!(run().unwrap(), uninterrupted);
    assert_eq!(fs::read(&path).unwrap(), whole, "nothing to add");
    // The last two lines, and the head.
    let ends: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
    let tail = ends[ends.len() - 3] + 1;
    for cut in (0..=ends[0] + 2).chain(tail..=whole.len()) {
        fs::write(&path, &whole[..cut]).unwrap();
        assert_eq!(run().unwrap(), uninterrupted, "cut at byte {cut}");
        assert_eq!(fs::read(&path).unwrap(), whole, "cut at byte {cut}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn interrupt_keeps_finished_blocks_and_resumes() {
    struct StopAfter(Arc<AtomicBool>, AtomicU64, AtomicU64);
    impl Observer for StopAfter {
        fn block_done(&self, _: &str, _: u64, resumed: bool) {
            let counter = if resumed { &self.2 } else { &self.1 };
            if counter.fetch_add(1, Ordering::SeqCst) + 1 == 6 && !resumed {
                self.0.store(true, Ordering::SeqCst);
            }
        }
    }
    let plan = Plan::fixed(1000).blocks_of(50);
    let flag = Arc::new(AtomicBool::new(false));
    let watch = Arc::new(StopAfter(flag.clone(), AtomicU64::new(0), AtomicU64::new(0)));
    let executor = Executor::new(5, "test")
        .with_threads(2)
        .unwrap()
        .with_journal(Journal::in_memory())
        .with_interrupt(flag.clone())
        .with_observer(watch.clone());
    assert_eq!(executor.run("cell", &plan, fresh, kernel).err(), Some(Error::Interrupted));
    assert_eq!(executor.memo("exact", || Ok(1)), Err(Error::Interrupted));
    let finished = watch.1.load(Ordering::SeqCst);
    assert!((6..20).contains(&finished), "at most one more block a thread");
    flag.store(false, Ordering::SeqCst);
    let resumed = executor.run("cell", &plan, fresh, kernel).unwrap();
    assert_eq!((watch.1.load(Ordering::SeqCst), watch.2.load(Ordering::SeqCst)), (20, finished));
    assert_eq!(text(&resumed), text(&Executor::new(5, "test").run("cell", &plan, fresh, kernel).unwrap()));
}

#[test]
fn a_failing_block_is_reported_and_stops_the_cell() {
    for threads in [1, 4] {
        let executor = Executor::new(1, "test").with_threads(threads).unwrap();
        let fail = |block: &Block, _: &mut Moments| match block.repetitions.start {
            30 => Err(Error::invalid("x", 1, "2")),
            _ => Ok(()),
        };
        let result = executor.run("cell", &Plan::fixed(100).blocks_of(10), Moments::new, fail);
        assert_eq!(result, Err(Error::invalid("x", 1, "2")));
        let squares = executor.map(&[1, 2, 3], |&i| Ok(i * i)).unwrap();
        assert_eq!(squares, [1, 4, 9]);
        let failed = executor.map(&[1, 2, 3], |&i| if i == 2 { Err(Error::invalid("i", i, "odd")) } else { Ok(i) });
        assert_eq!(failed, Err(Error::invalid("i", 2, "odd")));
    }
}

#[test]
fn labels_scopes_and_draws() {
    let executor = Executor::new(1, "test");
    let first = |executor: &Executor, label: &str, plan: Plan| {
        executor.run(label, &plan, Moments::new, |block, moments| {
            block.streams().for_each(|mut stream| moments.add(stream.uniform()));
            Ok(())
        })
    };
    let plan = || Plan::fixed(1);
    let a = first(&executor, "a", plan()).unwrap();
    assert_eq!(a.mean(), executor.address("a").stream(0).uniform());
    assert!(first(&executor, "a", plan()).is_err(), "a label is used once");
    assert_ne!(first(&executor, "b", plan()).unwrap(), a);
    assert_eq!(first(&executor, "c", plan().with_draws_of("a")).unwrap(), a);
    assert_ne!(first(&executor.within("scope"), "a", plan()).unwrap(), a);
    assert!(first(&executor, "scope/a", plan()).is_err());
    assert_ne!(first(&Executor::new(2, "test"), "a", plan()).unwrap(), a);
    assert_ne!(first(&Executor::new(1, "other"), "a", plan()).unwrap(), a);
    assert!(executor.run("d", &Plan::until(0.1, 1, 2), Quantiles::new, |_, _| Ok(())).is_err(), "no mean to stop by");
}

#[test]
fn journal_refuses_other_parameters_and_other_files() {
    let folder = folder("refuse");
    let path = folder.join("journal.jsonl");
    let journal = Journal::open(&path, "seed 1").unwrap();
    assert_eq!(journal.memo("a", || Ok(1)), Ok(1));
    assert!(matches!(Journal::open(&path, "seed 1"), Err(Error::File { .. })), "in use");
    drop(journal);
    let before = fs::read(&path).unwrap();
    let refused = Journal::open(&path, "seed 2").unwrap_err();
    assert!(refused.to_string().contains("seed 1") && refused.to_string().contains("seed 2"), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
    let again = Journal::open(&path, "seed 1").unwrap();
    assert_eq!(again.memo("a", || unreachable!()), Ok(1));
    assert!(again.get::<String>("a").is_err(), "of another type");
    drop(again);
    for other in ["some notes", "some notes\n", "{\"tilt_journal\":1,\"fingerprint\":\"seed 1\"}\nnot json\n"] {
        fs::write(&path, other).unwrap();
        assert!(matches!(Journal::open(&path, "seed 1"), Err(Error::File { .. })), "{other}");
        assert_eq!(fs::read_to_string(&path).unwrap(), other);
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn journal_says_at_once_what_it_cannot_give_back() {
    let journal = Journal::in_memory();
    assert!(matches!(journal.memo("kl", || Ok(f64::INFINITY)), Err(Error::InvalidInput { .. })));
    let exact = tilt::sampling::exact::Exact(f64::INFINITY);
    assert_eq!(journal.memo("kl", || Ok(exact)), Ok(exact));
    assert_eq!(journal.memo("kl", || unreachable!()), Ok(exact));
    assert_eq!(journal.memo::<u8>("fails", || Err(Error::Interrupted)), Err(Error::Interrupted));
    assert_eq!(journal.len(), 1);
}
