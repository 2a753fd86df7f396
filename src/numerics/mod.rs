//! Floor 0: numerical methods that know no model.
//!
//! | module | what it holds |
//! |---|---|
//! | [`log_space`] | sums, differences and complements of probabilities given by their logarithms |
//! | [`sum`] | compensated sums and dot products, double-double numbers |
//! | [`special`] | log-factorials, log-multinomials, the normal law |
//! | [`roots`] | bracketed Newton iteration and bisection to the last bit |
//! | [`quadrature`] | Gauss-Legendre and double-exponential integration |
//! | [`convolution`] | laws of sums: direct and by FFT, n-fold powers |
//! | [`linear`] | dense linear systems |
//! | [`cholesky`] | positive definite systems |
//! | [`factorised`] | a dense matrix factorised once, for several right sides |
//! | [`spectrum`] | singular values, eigenvalues and null spaces of dense matrices |
//! | [`dominant`] | diagonally dominant systems, factorised once |
//! | [`least_squares`] | dense least squares, one factor for many right sides |
//! | [`linear_program`] | small linear programs, by the simplex method |
//! | [`iterative`] | large systems and least squares without a matrix |
//! | [`matrix`] | products of matrices and vectors |
//! | [`lanes`] | exp, ln, expm1 and reductions on slices, eight doubles at a time, dispatched at run time |

pub mod cholesky;
pub mod convolution;
pub mod dominant;
pub mod factorised;
pub mod iterative;
pub mod lanes;
pub mod least_squares;
pub mod linear;
pub mod linear_program;
pub mod log_space;
pub mod matrix;
pub mod quadrature;
pub mod roots;
pub mod special;
pub mod spectrum;
pub mod sum;
