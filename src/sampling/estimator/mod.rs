//! Estimators: what a block of repetitions accumulates, and how two blocks become one.
//!
//! An estimator is a monoid up to rounding: the fresh one is neutral and [`Estimator::merge`] is associative only to
//! within rounding, which is why the executor merges in one fixed tree. It is stored in the journal, so its serialised
//! form must give back every bit (see [`exact`](super::exact)).
//!
//! Tuples of up to four estimators and `Vec`s of one kind (one entry a checkpoint) are estimators.

mod covariance;
mod histogram;
mod moments;
mod quantiles;
mod vector_moments;
mod weighted;

pub use covariance::Covariance;
pub use histogram::Histogram;
pub use moments::Moments;
pub use quantiles::Quantiles;
pub use vector_moments::VectorMoments;
pub use weighted::Weighted;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a block of repetitions accumulates.
pub trait Estimator: Clone + Send + Serialize + DeserializeOwned {
    /// Takes in the samples of `later`, which come after the samples of `self`.
    fn merge(&mut self, later: &Self);

    /// The largest standard error among the means that this estimates, for plans that stop at a target; `None` if it
    /// estimates no mean.
    fn standard_error(&self) -> Option<f64> {
        None
    }
}

/// An estimated number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointEstimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error, in the unit of the value; infinite while there are too few samples to tell.
    pub standard_error: f64,
}

impl<E: Estimator> Estimator for Vec<E> {
    /// Entry by entry. Panics if the lengths differ.
    fn merge(&mut self, later: &Self) {
        assert_eq!(self.len(), later.len(), "lists of estimators merge entry by entry");
        self.iter_mut().zip(later).for_each(|(a, b)| a.merge(b));
    }

    fn standard_error(&self) -> Option<f64> {
        self.iter().filter_map(E::standard_error).reduce(f64::max)
    }
}

macro_rules! tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Estimator),+> Estimator for ($($name,)+) {
            fn merge(&mut self, later: &Self) {
                $(self.$index.merge(&later.$index);)+
            }

            fn standard_error(&self) -> Option<f64> {
                [$(self.$index.standard_error()),+].into_iter().flatten().reduce(f64::max)
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_and_lists_merge_part_by_part() {
        let part = |x: &[f64]| {
            let mut pair = (Moments::new(), vec![Quantiles::new(), Quantiles::new()]);
            x.iter().for_each(|&x| {
                pair.0.add(x);
                pair.1[1].add(x);
            });
            pair
        };
        let (mut a, b) = (part(&[1.0, 2.0]), part(&[3.0]));
        a.merge(&b);
        assert_eq!((a.0.count(), a.1[0].count(), a.1[1].count()), (3, 0, 3));
        assert_eq!(Estimator::standard_error(&a), Some(a.0.standard_error()));
        assert_eq!(Estimator::standard_error(&a.1), None);
    }
}
