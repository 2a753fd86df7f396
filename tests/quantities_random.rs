//! Random inputs to every route of every quantity: no panic, no NaN, a repeatable answer or an error that names a field;
//! the other routes agree with the exact one. A new quantity is covered by its entry alone.

use tilt::Error;
use tilt::lab::{Instances, Sampling, Verdict, agreement_checks};
use tilt::sampling::Executor;

#[test]
fn every_route_answers_or_says_what_is_wrong_and_repeats_itself() {
    for quantity in &tilt::laboratory().quantities {
        let mut draw = Instances::new(2024);
        let mut answered = 0;
        for _ in 0..100 {
            let input = quantity.random_input(&mut draw);
            for route in quantity.routes() {
                let ask = || {
                    let executor = Executor::new(7, quantity.name);
                    quantity.answer(route, &input, &Sampling { executor: &executor, samples: 2000 }).unwrap()
                };
                let first = ask();
                assert_eq!(first, ask(), "{} by {route} on {input}", quantity.name);
                match first {
                    Ok(_) => answered += 1,
                    Err(Error::InvalidInput { field, .. }) => {
                        let name = field.split(['[', '.']).next().unwrap();
                        assert!(input.get(name).is_some(), "{} by {route} on {input}: field {field}", quantity.name);
                    }
                    Err(error) => panic!("{} by {route} on {input}: {error}", quantity.name),
                }
            }
        }
        assert!(answered >= 50, "{} answered only {answered} random inputs", quantity.name);
    }
}

#[test]
fn every_other_route_agrees_with_the_exact_one() {
    let executor = Executor::new(11, "quantities");
    let sampling = Sampling { executor: &executor, samples: 20_000 };
    let mut compared = 0;
    for quantity in &tilt::laboratory().quantities {
        let checks = agreement_checks(quantity, 20, 5, &sampling).unwrap();
        assert_eq!(
            checks.len() + 1,
            quantity.routes().count(),
            "{}: one check a route but the exact one",
            quantity.name
        );
        for check in checks {
            assert_eq!(check.verdict, Verdict::Holds, "{check:#?}");
            compared += check.instances;
        }
    }
    assert!(compared > 5000, "only {compared} comparisons");
}
