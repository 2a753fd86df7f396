//! Elementary functions and reductions on slices, eight doubles at a time, with the same bits on every instruction set.
//!
//! The kernels are branch-free arithmetic on [`Lanes`], plain arrays of eight `f64` that the compiler turns into vector
//! instructions. Each is compiled three times, for AVX-512, for AVX2 and for the baseline of the target, and [`dispatch`]
//! picks one at run time. No kernel uses a fused multiply-add and every reduction has one fixed order, so the three give
//! **identical bits**, and so does the scalar twin (`exp1` and the like) on a tail.
//!
//! | function | error, ulp | special values |
//! |---|---|---|
//! | [`exp8`], [`exp_slice`] | 1.1 | $e^{-\infty}=0$; $+\infty$ above 709.78; gradual underflow to 0 at $-745.13$ |
//! | [`ln8`], [`ln_slice`] | 0.9 | $\log 0 = -\infty$, $\log(+\infty)=+\infty$, NaN below 0; subnormals in full |
//! | [`exp_m1_8`], [`exp_m1_slice`] | 1.4 | $-1$ at $-\infty$; $\pm0$ and subnormals unchanged; $+\infty$ above 709.78 |
//!
//! NaN gives NaN. Errors are rounded up from the largest seen at 10^5 points a function against 30-digit arithmetic, among
//! them the subnormal range and the worst reductions (odd multiples of $\frac12\log2$).
//!
//! **Method.** With $k = [x/\log 2]$ and $r = x - k\log 2$ (Cody and Waite, two parts), $e^x = 2^k(1 + r + r^2 p(r))$, $p$ of
//! degree 9 or 10 from Chebyshev nodes on $|r| \le \frac12\log 2$; $e^x - 1 = 2^k((1 - 2^{-k}) + r + r^2p(r))$. The
//! logarithm is that of Sun's fdlibm: $x = 2^k(1+f)$, $s = f/(2+f)$, $\log(1+f) = f - \frac{f^2}2 + s(\frac{f^2}2 + R(s^2))$.
//! Rounding to an integer adds $1.5\cdot2^{52}$; powers of two are made by shifting bits; so that nothing needs an
//! instruction that AVX2 lacks.
//!
//! **Cost** an element, on one thread of a Zen 4 server (2.6 GHz): with AVX-512 `exp` 1.0, `ln` 1.2, `exp_m1` 1.3
//! nanoseconds (AVX2 1.7, baseline 3.5 for `exp`; the standard library 4.5 for `exp`, 3.8 for `ln`); a dot product 0.09, a
//! sum 0.07, in cache.
//!
//! Kernels with several sums in one loop are written on [`Octet`]s: the vector registers themselves, with the same bits.
//!
//! Other rooms write a fused kernel as a type that implements [`Kernel`]:
//!
//! ```
//! use tilt::numerics::lanes::{Kernel, Lanes, dispatch, exp8, sum_lanes};
//!
//! /// The sum of p e^{b r} over a table, in one pass.
//! struct Partition<'a> { p: &'a [f64], r: &'a [f64], b: f64 }
//!
//! impl Kernel for Partition<'_> {
//!     type Output = f64;
//!     #[inline(always)] // or it is compiled for the baseline only
//!     fn run(self) -> f64 {
//!         let mut total: Lanes = [0.0; 8];
//!         let (p, r) = (self.p.as_chunks::<8>(), self.r.as_chunks::<8>());
//!         for (p, r) in p.0.iter().zip(r.0) {
//!             let e = exp8(r.map(|r| self.b * r));
//!             for i in 0..8 {
//!                 total[i] += p[i] * e[i];
//!             }
//!         }
//!         for (i, (p, r)) in p.1.iter().zip(r.1).enumerate() {
//!             total[i] += p * exp8([self.b * r; 8])[0];
//!         }
//!         sum_lanes(&total)
//!     }
//! }
//!
//! let z = dispatch(Partition { p: &[0.25; 4], r: &[0.0; 4], b: 1.0 });
//! assert_eq!(z, 1.0);
//! ```
//!
//! Sources: Cody and Waite (1980); Tang (1989); Sun Microsystems' fdlibm `e_log.c` for the coefficients of $R$; the rest
//! derived.

mod octet;

pub use octet::{Octet, OctetKernel, dispatch_octets, dispatch_octets_to, exp2_octet};

/// Eight doubles side by side.
pub type Lanes = [f64; 8];

/// Adding this rounds a double of size below $2^{51}$ to an integer, which then sits in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
/// The largest double whose exponential is finite.
const EXP_LARGEST: f64 = 709.782_712_893_384;
const TWO_TO_MINUS_128: f64 = f64::from_bits((1023 - 128) << 52);
/// $\log 2$ with 33 significant bits: a multiple by an integer below $2^{20}$ is exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
/// The rest of $\log 2$.
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// The polynomial $p \approx (e^r - 1 - r)/r^2$ for `exp`: error $0.15\cdot2^{-53}$ of $e^r$.
const EXP: [f64; 10] = [
    0.5000000000000001,
    0.16666666666666669,
    0.041666666666624164,
    0.008333333333330065,
    0.0013888888917196881,
    0.0001984126986304067,
    2.4801521322116825e-05,
    2.7557268480116333e-06,
    2.762007599981065e-07,
    2.5100375924709717e-08,
];
/// The same for `exp_m1`: error $0.008\cdot2^{-53}$ of $e^r - 1$.
const EXP_M1: [f64; 11] = [
    0.5,
    0.1666666666666667,
    0.04166666666666667,
    0.008333333333326141,
    0.0013888888888883752,
    0.00019841269874800683,
    2.4801587325533502e-05,
    2.75572554255029e-06,
    2.7557273661174726e-07,
    2.5105206475334834e-08,
    2.091467944897855e-09,
];
/// fdlibm's $R(z)/z$ for `ln`.
const LN: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];

/// A polynomial, constant term first, by two interleaved Horner chains in `square`.
#[inline(always)]
fn polynomial<const N: usize>(c: &[f64; N], x: f64, square: f64) -> f64 {
    let (mut even, mut odd) = (0.0, 0.0);
    for i in (0..N).rev() {
        if i % 2 == 0 {
            even = if i + 2 < N { even * square + c[i] } else { c[i] };
        } else {
            odd = if i + 2 < N { odd * square + c[i] } else { c[i] };
        }
    }
    even + x * odd
}

/// $2^k$ for an integral `k` in $[-1022, 1023]$.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits((k + (ROUND + 1023.0)).to_bits() << 52)
}

/// $e^x$: one lane of [`exp8`].
#[inline(always)]
fn exp1(x: f64) -> f64 {
    let y = if x < -746.0 { -746.0 } else { x };
    let shifted = y * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (y - k * LN_2_HIGH) - k * LN_2_LOW;
    let square = r * r;
    let mantissa = 1.0 + (r + square * polynomial(&EXP, r, square));
    // k, the low bits of `shifted`, is added to the exponent. Where that would fall below the normal range it is raised by
    // 128 first and the result brought down by a product, which rounds it to its place among the subnormals.
    let low = x < -708.0;
    let exponent = if low { shifted + 128.0 } else { shifted };
    let result = f64::from_bits(mantissa.to_bits().wrapping_add(exponent.to_bits() << 52));
    let result = if low { result * TWO_TO_MINUS_128 } else { result };
    if x <= EXP_LARGEST { result } else { x + f64::INFINITY }
}

/// $e^x - 1$: one lane of [`exp_m1_8`].
#[inline(always)]
fn exp_m1_1(x: f64) -> f64 {
    let y = if x > 710.0 { 710.0 } else { x };
    let y = if y < -40.0 { -40.0 } else { y };
    let k = (y * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let (high, low) = (y - k * LN_2_HIGH, k * LN_2_LOW);
    let r = high - low;
    let lost = (high - r) - low;
    let square = r * r;
    let rest = square * polynomial(&EXP_M1, r, square) + (lost + lost * r);
    // Above k = 1000 the 1 is far below the last bit; k = 1024 needs its power in two factors.
    let capped = if k > 1000.0 { 1000.0 } else { k };
    let result = ((1.0 - power_of_two(-capped)) + r) + rest;
    let result = result * power_of_two(k - 1.0) * 2.0;
    if x.abs() < 1e-18 { x } else { result }
}

/// $\log x$: one lane of [`ln8`].
#[inline(always)]
fn ln1(x: f64) -> f64 {
    /// The bits of $\sqrt{1/2}$, shortened.
    const ROOT_HALF: u64 = 0x3fe6_a09e_0000_0000;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let subnormal = x < f64::MIN_POSITIVE;
    let (y, bias) = if subnormal { (x * 18_014_398_509_481_984.0, 1077.0) } else { (x, 1023.0) }; // 2^54
    let bits = y.to_bits().wrapping_add(ONE - ROOT_HALF);
    // The exponent, through the low bits of 2^52.
    let k = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + bias);
    let f = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + ROOT_HALF) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * polynomial(&LN, z, z * z);
    let half = 0.5 * f * f;
    let result = k * LN_2_HIGH - ((half - (s * (half + r) + k * LN_2_LOW)) - f);
    let result = if x < f64::INFINITY { result } else { x };
    let outside = if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    if x > 0.0 { result } else { outside }
}

/// Applies a scalar kernel to every lane.
#[inline(always)]
fn each(mut x: Lanes, f: impl Fn(f64) -> f64) -> Lanes {
    for lane in &mut x {
        *lane = f(*lane);
    }
    x
}

/// $e^x$ in eight lanes; for use inside a [`Kernel`].
#[inline(always)]
pub fn exp8(x: Lanes) -> Lanes {
    each(x, exp1)
}

/// $\log x$ in eight lanes; for use inside a [`Kernel`].
#[inline(always)]
pub fn ln8(x: Lanes) -> Lanes {
    each(x, ln1)
}

/// $e^x - 1$ in eight lanes; for use inside a [`Kernel`].
#[inline(always)]
pub fn exp_m1_8(x: Lanes) -> Lanes {
    each(x, exp_m1_1)
}

/// A computation that [`dispatch`] compiles once for every instruction set.
pub trait Kernel {
    /// What it returns.
    type Output;

    /// The computation. Mark it, and every function it calls in its hot loop, `#[inline(always)]`: only what is inlined
    /// is compiled for the wider instruction sets. (The bits are the same either way.)
    fn run(self) -> Self::Output;
}

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// AVX-512 F and DQ: eight doubles an instruction.
    Avx512,
    /// AVX2: four.
    Avx2,
    /// What the target guarantees: two, on x86-64.
    Baseline,
}

impl InstructionSet {
    /// Those that this processor has, widest first; the baseline always.
    pub fn available() -> impl Iterator<Item = InstructionSet> {
        [InstructionSet::Avx512, InstructionSet::Avx2, InstructionSet::Baseline].into_iter().filter(|set| set.present())
    }

    /// The widest of this processor.
    #[inline]
    fn widest() -> InstructionSet {
        if InstructionSet::Avx512.present() {
            InstructionSet::Avx512
        } else if InstructionSet::Avx2.present() {
            InstructionSet::Avx2
        } else {
            InstructionSet::Baseline
        }
    }

    /// Whether this processor has it (the standard library remembers the answer).
    #[inline]
    fn present(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        match self {
            InstructionSet::Avx512 => is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq"),
            InstructionSet::Avx2 => is_x86_feature_detected!("avx2"),
            InstructionSet::Baseline => true,
        }
        #[cfg(not(target_arch = "x86_64"))]
        matches!(self, InstructionSet::Baseline)
    }
}

/// Runs a kernel on the widest instruction set of this processor. Costs about a nanosecond.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    dispatch_to(InstructionSet::widest(), kernel)
}

/// Runs a kernel on one instruction set, to compare them; on the baseline if the processor does not have that one.
#[inline]
pub fn dispatch_to<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    match set {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 if set.present() => {
            // SAFETY: the processor has AVX-512 F and DQ, as just checked.
            unsafe { run_avx512(kernel) }
        }
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 if set.present() => {
            // SAFETY: the processor has AVX2, as just checked.
            unsafe { run_avx2(kernel) }
        }
        _ => kernel.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// One function of one variable over a slice.
struct Map<'a, F> {
    x: &'a [f64],
    out: &'a mut [f64],
    f: F,
}

impl<F: Fn(f64) -> f64> Kernel for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (x, x_rest) = self.x.as_chunks::<8>();
        let (out, out_rest) = self.out.as_chunks_mut::<8>();
        for (x, out) in x.iter().zip(out) {
            *out = each(*x, &self.f);
        }
        for (x, out) in x_rest.iter().zip(out_rest) {
            *out = (self.f)(*x);
        }
    }
}

/// `out[i] = exp(x[i])`, over the shorter length.
///
/// ```
/// let mut out = [0.0; 3];
/// tilt::numerics::lanes::exp_slice(&[0.0, f64::INFINITY, f64::NEG_INFINITY], &mut out);
/// assert_eq!(out, [1.0, f64::INFINITY, 0.0]);
/// ```
pub fn exp_slice(x: &[f64], out: &mut [f64]) {
    map(x, out, exp1);
}

/// `out[i] = ln(x[i])`, over the shorter length.
pub fn ln_slice(x: &[f64], out: &mut [f64]) {
    map(x, out, ln1);
}

/// `out[i] = exp(x[i]) - 1`, over the shorter length.
pub fn exp_m1_slice(x: &[f64], out: &mut [f64]) {
    map(x, out, exp_m1_1);
}

fn map(x: &[f64], out: &mut [f64], f: impl Fn(f64) -> f64) {
    debug_assert_eq!(x.len(), out.len());
    let n = x.len().min(out.len());
    dispatch(Map { x: &x[..n], out: &mut out[..n], f });
}

/// The reduction of eight partial sums, in one fixed order.
#[inline(always)]
pub fn sum8(x: Lanes) -> f64 {
    ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]))
}

/// The plain sum with eight accumulators, element `i` into accumulator `i % 8`: error $(n/8 + 3)u\sum|x_i|$.
///
/// For where speed matters and terms are of one size; [`sum`](super::sum::sum) where digits do.
pub fn sum_lanes(x: &[f64]) -> f64 {
    struct Reduction<'a>(&'a [f64]);
    impl Kernel for Reduction<'_> {
        type Output = f64;
        #[inline(always)]
        fn run(self) -> f64 {
            let (chunks, rest) = self.0.as_chunks::<8>();
            let mut total = [0.0; 8];
            for x in chunks {
                for i in 0..8 {
                    total[i] += x[i];
                }
            }
            for (total, x) in total.iter_mut().zip(rest) {
                *total += x;
            }
            sum8(total)
        }
    }
    dispatch(Reduction(x))
}

/// The plain dot product with eight accumulators, over the shorter length: error $(n/8 + 4)u\sum|a_i b_i|$.
///
/// ```
/// assert_eq!(tilt::numerics::lanes::dot_lanes(&[1.0; 100], &[2.0; 100]), 200.0);
/// ```
pub fn dot_lanes(a: &[f64], b: &[f64]) -> f64 {
    struct Reduction<'a>(&'a [f64], &'a [f64]);
    impl Kernel for Reduction<'_> {
        type Output = f64;
        #[inline(always)]
        fn run(self) -> f64 {
            let (a, a_rest) = self.0.as_chunks::<8>();
            let (b, b_rest) = self.1.as_chunks::<8>();
            let mut total = [0.0; 8];
            for (a, b) in a.iter().zip(b) {
                for i in 0..8 {
                    total[i] += a[i] * b[i];
                }
            }
            for (total, (a, b)) in total.iter_mut().zip(a_rest.iter().zip(b_rest)) {
                *total += a * b;
            }
            sum8(total)
        }
    }
    debug_assert_eq!(a.len(), b.len());
    let n = a.len().min(b.len());
    dispatch(Reduction(&a[..n], &b[..n]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points of every kind: all binades of both signs, the neighbourhoods of 0 and 1, the ends, and what is not a number.
    fn points() -> Vec<f64> {
        let mut x = vec![0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MIN_POSITIVE, 5e-324];
        x.extend([
            709.782712893384,
            709.7827128933841,
            710.0,
            -708.39,
            -708.4,
            -745.13,
            -745.14,
            -746.0,
            1e308,
            -1e308,
        ]);
        x.extend((-1074..1024).flat_map(|e| [2f64.powi(e), -2f64.powi(e), 1.37 * 2f64.powi(e), -1.71 * 2f64.powi(e)]));
        x.extend((-8000..8000).flat_map(|i| [f64::from(i) * 0.0931, f64::from(i) * 1.7e-4, 1.0 + f64::from(i) * 1e-7]));
        x
    }

    fn distance(a: f64, b: f64) -> u64 {
        if a.is_nan() && b.is_nan() { 0 } else { a.to_bits().abs_diff(b.to_bits()) }
    }

    /// The standard library's results are within 0.6 ulp, ours within 1.4: at most two doubles apart.
    fn agrees(ours: fn(&[f64], &mut [f64]), theirs: fn(f64) -> f64) {
        let x = points();
        let mut out = vec![0.0; x.len()];
        ours(&x, &mut out);
        for (x, got) in x.iter().zip(&out) {
            let want = theirs(*x);
            assert!(distance(*got, want) <= 2, "f({x}) = {got}, not {want}");
        }
    }

    #[test]
    fn functions_agree_with_the_standard_library() {
        agrees(exp_slice, f64::exp);
        agrees(ln_slice, f64::ln);
        agrees(exp_m1_slice, f64::exp_m1);
    }

    #[test]
    fn special_values_are_exact() {
        let x = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 5e-324, -5e-324, 1.0];
        let [exp, ln, exp_m1] = [exp8(x), ln8(x), exp_m1_8(x)];
        assert_eq!(exp[..4], [1.0, 1.0, f64::INFINITY, 0.0]);
        assert_eq!(ln[..3], [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY]);
        assert_eq!((ln[7], ln[6].is_nan(), ln[3].is_nan()), (0.0, true, true));
        assert_eq!(exp_m1[..4], [0.0, 0.0, f64::INFINITY, -1.0]);
        assert!(exp_m1[1].is_sign_negative());
        assert_eq!(exp_m1[5..7], [5e-324, -5e-324]);
        assert!(exp[4].is_nan() && ln[4].is_nan() && exp_m1[4].is_nan());
        let signalling = f64::from_bits(0x7ff4_dead_beef_0fff); // a NaN whose low bits look like an exponent
        assert!(exp8([signalling; 8])[0].is_nan());
        let mut out = [0.0; 2];
        exp_slice(&[EXP_LARGEST, EXP_LARGEST.next_up()], &mut out);
        assert!(out[0].is_finite() && out[1] == f64::INFINITY);
    }

    fn every_set<T: PartialEq + std::fmt::Debug>(run: impl Fn(InstructionSet) -> T) {
        let baseline = run(InstructionSet::Baseline);
        for set in InstructionSet::available() {
            assert!(run(set) == baseline, "{set:?} differs from the baseline");
        }
    }

    #[test]
    fn bits_are_the_same_on_every_instruction_set_and_in_every_lane() {
        let all = points();
        for n in [all.len(), 1, 7, 8, 9, 17] {
            let x = &all[..n];
            every_set(|set| mapped(set, x, exp1));
            every_set(|set| mapped(set, x, ln1));
            every_set(|set| mapped(set, x, exp_m1_1));
        }
        // The scalar twins, one call a point.
        for set in InstructionSet::available() {
            let twin = |f: fn(f64) -> f64| all.iter().map(|&x| canonical(f(x))).collect::<Vec<_>>();
            assert!(mapped(set, &all, exp1) == twin(exp1));
            assert!(mapped(set, &all, ln1) == twin(ln1));
            assert!(mapped(set, &all, exp_m1_1) == twin(exp_m1_1));
        }
    }

    /// The bits of a slice function, compiled for an instruction set.
    fn mapped(set: InstructionSet, x: &[f64], f: impl Fn(f64) -> f64) -> Vec<u64> {
        let mut out = vec![0.0; x.len()];
        dispatch_to(set, Map { x, out: &mut out, f });
        out.into_iter().map(canonical).collect()
    }

    /// Bits, with one NaN (its sign and payload are not part of the promise).
    fn canonical(x: f64) -> u64 {
        if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
    }

    #[test]
    fn reductions_are_right_and_ordered() {
        for n in [0, 1, 7, 8, 9, 100] {
            let x: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(sum_lanes(&x), f64::from(n * (n - 1) / 2));
            assert_eq!(dot_lanes(&x, &x), f64::from(n * (n - 1) * (2 * n - 1) / 6));
        }
        // The order is promised: element i goes to accumulator i % 8, then a fixed tree.
        let x: Vec<f64> = (0..1003).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let mut lanes = [0.0; 8];
        x.iter().enumerate().for_each(|(i, x)| lanes[i % 8] += x);
        assert_eq!(sum_lanes(&x), sum8(lanes));
    }
}
