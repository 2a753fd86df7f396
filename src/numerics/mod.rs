//! Floor 0: numerical methods that know no model.
//!
//! | module | what it holds |
//! |---|---|
//! | [`log_space`] | sums, differences and complements of probabilities given by their logarithms |
//! | [`sum`] | compensated sums and dot products, double-double numbers |
//! | [`special`] | log-factorials, log-multinomials, the normal law |
//! | [`roots`] | bracketed Newton iteration and bisection to the last bit |
//! | [`quadrature`] | Gauss-Legendre and double-exponential integration |
//! | [`linear`] | dense linear systems |

pub mod linear;
pub mod log_space;
pub mod quadrature;
pub mod roots;
pub mod special;
pub mod sum;
