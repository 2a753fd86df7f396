//! Eight doubles as one value, for kernels whose speed must not depend on what the compiler recognises in arrays.
//!
//! The compiler turns a map over [`Lanes`] into vector instructions, but not a loop with several accumulators: it pairs
//! lanes of different sums and shuffles more than it adds. An [`Octet`] is the vector register itself: one of AVX-512, two
//! of AVX2, or an array elsewhere. A kernel is written once for all of them ([`OctetKernel`]) and [`dispatch_octets`] picks
//! one at run time. The operations are sums, differences and products of IEEE 754, shuffles and sums of integers, so the
//! bits are the same in all three.
//!
//! There is no fused multiply-add on purpose. It would cost the baseline a software routine of some fifty instructions an
//! operation to keep the bits, and gain nothing where it was measured: Zen 4 issues a product and a sum side by side in
//! the time of one fused operation.
//!
//! **Base two.** [`exp2_octet`] needs no reduction by a rounded $\log 2$ and has no special cases, so it costs two thirds of
//! [`exp8`](super::exp8): with $k = [y]$ and $r = y - k$ exact, $2^y = 2^k (1 + r\,q(r))$, $q$ of degree 10 through the
//! Chebyshev nodes of $|r| \le \frac12$ (error $0.2\cdot2^{-53}$), summed as a tree. At most 0.9 ulp (largest seen at 10^5 points, rounded up, in units of $2^{-52}$ of the value).

use super::{InstructionSet, Kernel, Lanes, ROUND, dispatch_to};
use std::ops::{Add, Mul, Sub};

/// Eight doubles side by side. Values exist only inside [`dispatch_octets`].
pub trait Octet: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// The same number eight times.
    fn splat(x: f64) -> Self;
    /// From memory.
    fn load(x: &Lanes) -> Self;
    /// To memory.
    fn lanes(self) -> Lanes;
    /// The lanes moved up by one, the last of `before` below them: of a table in order, the entries before these.
    fn after(self, before: Self) -> Self;
    /// $2^k$ times these, for the integer $k$ in the low bits of `shifted`; everything in the normal range.
    fn scale(self, shifted: Self) -> Self;
}

/// A computation on octets, compiled for every instruction set.
pub trait OctetKernel {
    /// What it returns.
    type Output;

    /// The computation; it and what it calls in its loop are `#[inline(always)]`, as in [`Kernel`].
    fn run<V: Octet>(self) -> Self::Output;
}

/// Any octet: the array that the compiler may do with what it likes.
#[derive(Clone, Copy)]
struct Plain(Lanes);

impl Plain {
    #[inline(always)]
    fn zip(self, other: Plain, f: impl Fn(f64, f64) -> f64) -> Plain {
        let mut out = self.0;
        for (x, y) in out.iter_mut().zip(other.0) {
            *x = f(*x, y);
        }
        Plain(out)
    }
}

impl Add for Plain {
    type Output = Plain;
    #[inline(always)]
    fn add(self, other: Plain) -> Plain {
        self.zip(other, |x, y| x + y)
    }
}

impl Sub for Plain {
    type Output = Plain;
    #[inline(always)]
    fn sub(self, other: Plain) -> Plain {
        self.zip(other, |x, y| x - y)
    }
}

impl Mul for Plain {
    type Output = Plain;
    #[inline(always)]
    fn mul(self, other: Plain) -> Plain {
        self.zip(other, |x, y| x * y)
    }
}

impl Octet for Plain {
    #[inline(always)]
    fn splat(x: f64) -> Plain {
        Plain([x; 8])
    }
    #[inline(always)]
    fn load(x: &Lanes) -> Plain {
        Plain(*x)
    }
    #[inline(always)]
    fn lanes(self) -> Lanes {
        self.0
    }
    #[inline(always)]
    fn after(self, before: Plain) -> Plain {
        let x = self.0;
        Plain([before.0[7], x[0], x[1], x[2], x[3], x[4], x[5], x[6]])
    }
    #[inline(always)]
    fn scale(self, shifted: Plain) -> Plain {
        self.zip(shifted, |x, k| f64::from_bits(x.to_bits().wrapping_add(k.to_bits() << 52)))
    }
}

/// Registers of x86-64. Safety of every block below: the types are private and made only in `run_on`, which is reached
/// after the processor has been asked for the instructions.
#[cfg(target_arch = "x86_64")]
mod registers {
    use super::{Add, Lanes, Mul, Octet, Sub};
    use std::arch::x86_64::*;

    #[derive(Clone, Copy)]
    pub struct Avx512(__m512d);

    #[derive(Clone, Copy)]
    pub struct Avx2(__m256d, __m256d);

    macro_rules! arithmetic {
        ($($operator:ident, $method:ident, $wide:ident, $half:ident;)*) => {$(
            impl $operator for Avx512 {
                type Output = Avx512;
                #[inline(always)]
                fn $method(self, other: Avx512) -> Avx512 {
                    // SAFETY: see the module.
                    Avx512(unsafe { $wide(self.0, other.0) })
                }
            }

            impl $operator for Avx2 {
                type Output = Avx2;
                #[inline(always)]
                fn $method(self, other: Avx2) -> Avx2 {
                    // SAFETY: see the module.
                    unsafe { Avx2($half(self.0, other.0), $half(self.1, other.1)) }
                }
            }
        )*};
    }

    arithmetic! {
        Add, add, _mm512_add_pd, _mm256_add_pd;
        Sub, sub, _mm512_sub_pd, _mm256_sub_pd;
        Mul, mul, _mm512_mul_pd, _mm256_mul_pd;
    }

    impl Octet for Avx512 {
        #[inline(always)]
        fn splat(x: f64) -> Avx512 {
            // SAFETY: see the module.
            Avx512(unsafe { _mm512_set1_pd(x) })
        }
        #[inline(always)]
        fn load(x: &Lanes) -> Avx512 {
            // SAFETY: see the module; the pointer is to eight doubles.
            Avx512(unsafe { _mm512_loadu_pd(x.as_ptr()) })
        }
        #[inline(always)]
        fn lanes(self) -> Lanes {
            let mut x = [0.0; 8];
            // SAFETY: see the module; the pointer is to eight doubles.
            unsafe { _mm512_storeu_pd(x.as_mut_ptr(), self.0) };
            x
        }
        #[inline(always)]
        fn after(self, before: Avx512) -> Avx512 {
            // SAFETY: see the module.
            unsafe {
                let (x, before) = (_mm512_castpd_si512(self.0), _mm512_castpd_si512(before.0));
                Avx512(_mm512_castsi512_pd(_mm512_alignr_epi64::<7>(x, before)))
            }
        }
        #[inline(always)]
        fn scale(self, shifted: Avx512) -> Avx512 {
            // SAFETY: see the module.
            unsafe {
                let exponent = _mm512_slli_epi64::<52>(_mm512_castpd_si512(shifted.0));
                Avx512(_mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(self.0), exponent)))
            }
        }
    }

    #[inline(always)]
    fn half_after(x: __m256d, before: __m256d) -> __m256d {
        // SAFETY: see the module.
        unsafe { _mm256_shuffle_pd::<0b0101>(_mm256_permute2f128_pd::<0x21>(before, x), x) }
    }

    #[inline(always)]
    fn half_scale(x: __m256d, shifted: __m256d) -> __m256d {
        // SAFETY: see the module.
        unsafe {
            let exponent = _mm256_slli_epi64::<52>(_mm256_castpd_si256(shifted));
            _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(x), exponent))
        }
    }

    impl Octet for Avx2 {
        #[inline(always)]
        fn splat(x: f64) -> Avx2 {
            // SAFETY: see the module.
            let half = unsafe { _mm256_set1_pd(x) };
            Avx2(half, half)
        }
        #[inline(always)]
        fn load(x: &Lanes) -> Avx2 {
            // SAFETY: see the module; the pointers are to four doubles each.
            unsafe { Avx2(_mm256_loadu_pd(x.as_ptr()), _mm256_loadu_pd(x[4..].as_ptr())) }
        }
        #[inline(always)]
        fn lanes(self) -> Lanes {
            let mut x = [0.0; 8];
            // SAFETY: see the module; the pointers are to four doubles each.
            unsafe {
                _mm256_storeu_pd(x.as_mut_ptr(), self.0);
                _mm256_storeu_pd(x[4..].as_mut_ptr(), self.1);
            }
            x
        }
        #[inline(always)]
        fn after(self, before: Avx2) -> Avx2 {
            Avx2(half_after(self.0, before.1), half_after(self.1, self.0))
        }
        #[inline(always)]
        fn scale(self, shifted: Avx2) -> Avx2 {
            Avx2(half_scale(self.0, shifted.0), half_scale(self.1, shifted.1))
        }
    }
}

/// A kernel on octets of one type, as a plain kernel.
struct On<V, K>(K, std::marker::PhantomData<V>);

impl<V: Octet, K: OctetKernel> Kernel for On<V, K> {
    type Output = K::Output;

    #[inline(always)]
    fn run(self) -> K::Output {
        self.0.run::<V>()
    }
}

#[inline(always)]
fn on<V: Octet, K: OctetKernel>(kernel: K) -> On<V, K> {
    On(kernel, std::marker::PhantomData)
}

/// Runs a kernel on the widest registers of this processor. Costs about a nanosecond.
#[inline]
pub fn dispatch_octets<K: OctetKernel>(kernel: K) -> K::Output {
    dispatch_octets_to(InstructionSet::widest(), kernel)
}

/// Runs a kernel on the registers of one instruction set, to compare them; on the baseline where that one is missing.
#[inline]
pub fn dispatch_octets_to<K: OctetKernel>(set: InstructionSet, kernel: K) -> K::Output {
    match set {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 if set.present() => dispatch_to(set, on::<registers::Avx512, K>(kernel)),
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 if set.present() => dispatch_to(set, on::<registers::Avx2, K>(kernel)),
        _ => on::<Plain, K>(kernel).run(),
    }
}

/// $(2^r - 1)/r$ for $|r| \le \frac12$, constant term first.
const EXP2: [f64; 11] = [
    std::f64::consts::LN_2,
    0.240_226_506_959_100_97,
    0.055_504_108_664_821_6,
    0.009_618_129_107_606_888,
    0.001_333_355_814_641_693_6,
    0.000_154_035_304_417_360_5,
    1.525_273_382_983_612e-5,
    1.321_544_258_792_169e-6,
    1.017_806_244_584_577_4e-7,
    7.072_585_949_269_288e-9,
    4.454_960_598_186_552_7e-10,
];

/// $2^y$ in eight lanes, for $|y| \le 1000$; not a number beyond.
#[inline(always)]
pub fn exp2_octet<V: Octet>(y: V) -> V {
    let c = |k: usize| V::splat(EXP2[k - 1]); // of r^k
    let shifted = y + V::splat(ROUND);
    let r = y - (shifted - V::splat(ROUND));
    let square = r * r;
    let fourth = square * square;
    let low = c(1) * r + square * (c(2) + c(3) * r);
    let middle = (c(4) + c(5) * r) + square * (c(6) + c(7) * r);
    let high = (c(8) + c(9) * r) + square * (c(10) + c(11) * r);
    (V::splat(1.0) + (low + fourth * (middle + fourth * high))).scale(shifted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    struct Exp2<'a>(&'a [Lanes]);

    impl OctetKernel for Exp2<'_> {
        type Output = Vec<f64>;
        #[inline(always)]
        fn run<V: Octet>(self) -> Vec<f64> {
            self.0.iter().flat_map(|y| exp2_octet(V::load(y)).lanes()).collect()
        }
    }

    /// The error stated is 0.9 ulp and that of the standard library below 1: at most two doubles apart.
    #[test]
    fn powers_of_two_agree_with_the_standard_library() {
        let mut points: Vec<f64> = (-1000..=1000).flat_map(|k| [f64::from(k), f64::from(k) + 0.5]).collect();
        points.extend((0..40_000).map(|i| f64::from(i) * 0.049_973 - 999.0));
        points.extend((-1074..9).flat_map(|e| [2f64.powi(e), -1.7 * 2f64.powi(e)]));
        points.truncate(points.len() / 8 * 8);
        let chunks = points.as_chunks::<8>().0;
        for set in InstructionSet::available() {
            for (y, got) in points.iter().zip(dispatch_octets_to(set, Exp2(chunks))) {
                if y.abs() <= 1000.0 {
                    let want = y.exp2();
                    assert!(got.to_bits().abs_diff(want.to_bits()) <= 2, "{set:?}: 2^{y} = {got:e}, not {want:e}");
                }
            }
        }
        assert_eq!(
            dispatch_octets(Exp2(&[[0.0, 1.0, -1.0, 10.0, -1000.0, 1000.0, -0.0, 52.0]]))[..4],
            [1.0, 2.0, 0.5, 1024.0]
        );
    }

    /// One of every operation, on numbers that tell lanes and operands apart.
    #[test]
    fn operations_are_those_of_their_lanes_on_every_instruction_set() {
        struct Operations(Lanes, Lanes);
        impl OctetKernel for Operations {
            type Output = [Lanes; 6];
            #[inline(always)]
            fn run<V: Octet>(self) -> [Lanes; 6] {
                let (x, y) = (V::load(&self.0), V::load(&self.1));
                [x + y, x - y, x * y, x.after(y), V::splat(3.5), x.scale(y + V::splat(ROUND))].map(V::lanes)
            }
        }
        let x = [1.5, -2.25, 3.0, 1e-30, 5.0, 0.1, -7.75, 8.5];
        let y = [-3.0, 2.0, 0.0, 50.0, -100.0, 1.0, 7.0, -8.0];
        let lane = |f: fn(f64, f64) -> f64| std::array::from_fn::<f64, 8, _>(|i| f(x[i], y[i]));
        let after = [y[7], x[0], x[1], x[2], x[3], x[4], x[5], x[6]];
        let scaled = lane(|x, y| x * y.exp2());
        let want = [lane(|x, y| x + y), lane(|x, y| x - y), lane(|x, y| x * y), after, [3.5; 8], scaled];
        for set in InstructionSet::available() {
            assert_eq!(dispatch_octets_to(set, Operations(x, y)), want, "{set:?}");
        }
    }
}
