"""Reference values for the numerics floor, in 50-digit arithmetic.

    pip install mpmath
    python tests/reference/make_numerics.py > tests/reference/numerics.json

Every row is [argument, high, low]: the exact value at that double is high + low to about 32 digits (low is 0 where it
would be subnormal).
"""

import json
import random

from mpmath import erfc, erfinv, euler, exp, expm1, log, log1p, loggamma, mp, mpf, sqrt

mp.dps = 50
random.seed(20240402)


def spread(low, high, count):
    """`count` doubles, uniform between the ends."""
    return [random.uniform(low, high) for _ in range(count)]


def scales(low, high, count):
    """`count` doubles, log-uniform between the ends."""
    return [float(mpf(10) ** random.uniform(float(log(mpf(low), 10)), float(log(mpf(high), 10)))) for _ in range(count)]


def parts(value):
    high = float(value)
    low = float(value - mpf(high))
    return high, (low if abs(low) > 1e-290 else 0.0)


def table(function, arguments):
    return [[x, *parts(function(mpf(x)))] for x in arguments]


def precisely(function, digits=400):
    """With more digits, for formulas written as they cancel."""

    def wrapped(x):
        with mp.workdps(digits):
            value = function(x)
        return +value

    return wrapped


def log_cdf(x):
    return log1p(-erfc(x / sqrt(2)) / 2) if x > 0 else log(erfc(-x / sqrt(2)) / 2)


def quantile(p):
    """Newton on log cdf from a leading-order guess, in 50 digits."""
    guess = -sqrt(-2 * log(p)) if p < 0.01 else sqrt(2) * erfinv(2 * p - 1)
    if p < 0.01:
        guess += log(-guess * sqrt(2 * mp.pi)) / -guess
        for _ in range(60):
            density = exp(-guess * guess / 2) / sqrt(2 * mp.pi)
            cdf = erfc(-guess / sqrt(2)) / 2
            step = (log(cdf) - log(p)) * cdf / density
            guess -= step
            if abs(step) < mpf(10) ** -45:
                break
    return guess


def quarter(n, k):
    return exp(log_binomial(n, k) + k * log(mpf(1) / 4) + (n - k) * log(mpf(3) / 4))


def log_binomial(n, k):
    return loggamma(mpf(n) + 1) - loggamma(mpf(k) + 1) - loggamma(mpf(n - k) + 1)


negative = [-x for x in scales("1e-300", "700", 60)]
reference = {
    "log1m_exp": table(precisely(lambda x: log(1 - exp(x))), negative + [-x for x in spread(0.3, 2, 30)]),
    "log_neg_log1m_exp": table(precisely(lambda x: log(-log(1 - exp(x)))), negative + [-x for x in spread(0.1, 40, 40)]),
    "psi": table(
        precisely(lambda u: u * exp(u) - exp(u) + 1, 700),
        [-x for x in scales("1e-150", "700", 60)] + scales("1e-150", "700", 60) + spread(-4, 2, 80) + [-2.0, 1.0, 0.1, -0.1],
    ),
    "log_factorial": [
        [n, *parts(loggamma(mpf(n) + 1))]
        for n in [2, 3, 4, 10, 20, 100, 170, 171, 1000, 1023, 1024, 1025, 1026, 5000, 10**5, 10**6, 123456789]
        + [10**12, 2**53 + 1, 2**53 + 3, 10**19, 2**64 - 1]
    ],
    "normal_cdf": table(lambda x: erfc(-x / sqrt(2)) / 2, spread(-37.4, 8, 80) + spread(-2, 2, 40)),
    "normal_log_cdf": table(
        log_cdf, spread(-45, 8, 80) + spread(-3, 3, 40) + spread(8, 37, 10) + [-30.0, -1.0, -1e3, -1e5, -1e9]
    ),
    "normal_quantile": table(quantile, scales("1e-307", "0.5", 60) + spread(0.001, 0.999, 60) + [0.075, 0.0749, 1.4e-11]),
    "exp": table(exp, spread(-708, 709.7, 60) + spread(-1, 1, 30)),
    "ln": table(log, scales("1e-307", "1e308", 60) + spread(0.5, 2, 30)),
    "exp_m1": table(expm1, spread(-40, 709.7, 60) + spread(-1, 1, 40) + scales("1e-18", "0.1", 20)),
    # [counts, high, low]
    "log_multinomial": [
        [counts, *parts(loggamma(mpf(sum(counts)) + 1) - sum(loggamma(mpf(k) + 1) for k in counts))]
        for counts in [[2, 3], [500000, 500000], [333333, 333333, 333334], [999999, 1], [10**6, 2, 0, 1], [10**9, 3, 5]]
    ],
    # The law of a sum of n copies of (3/4, 1/4), which is normalised exactly: entries [index, mass] about the mean.
    "binomial_quarter": [
        {"n": n, "masses": [[k, float(quarter(n, k))] for k in (n // 4 + int(z * n**0.5) for z in range(-3, 4))]}
        for n in (1000, 100000, 1000000)
    ],
    "euler_gamma": float(euler),
}

if __name__ == "__main__":
    print("{")
    print(",\n".join(f" {json.dumps(name)}: {json.dumps(rows)}" for name, rows in reference.items()))
    print("}")
