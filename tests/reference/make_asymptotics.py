"""Reference table of the engine `asymptotics`: `python make_asymptotics.py > asymptotics.json` (needs mpmath, better with
gmpy2; about three minutes; `--slow` also recomputes the largest case of the specification).

Every number comes from a definition, evaluated by brute force in many digits: sums over outcomes, enumeration of types
and sequences, direct integrals, bracketed roots. No line follows the log-space algorithms of the library, so agreement is
evidence. Inputs are the doubles that the JSON holds, taken as exact; laws are divided by their sum. Case origins:

  "specification ..."   the output is the specification's, digit for digit, with its printed digits as tolerance
  "computed: ..."       the output is this script's, 17 significant digits of a value with at least 50

Values of the first kind are recomputed; any that differ beyond their printed digits are listed on stderr.
A case passes when |a - b| <= rtol |b| + 1e-12 for each number; rtol is 1e-12 unless the problem itself magnifies an ulp of
its inputs (`tolerance`).
"""

import itertools
import json
import sys
from collections import defaultdict
from fractions import Fraction
from functools import cache
from math import comb, factorial

from mpmath import exp, expm1, euler, inf, log, log1p, matrix, mp, mpf, ncdf, npdf, pi, quad, sqrt

COMPUTED = {}  # quantity -> (function, working digits, method)


def quantity(name, digits, method):
    """Register the function that computes `name`, with its working precision and one line on how."""

    def register(function):
        COMPUTED[name] = (function, digits, method)
        return function

    return register


# ---------------------------------------------------------------------------------------------------- shared definitions


def exact(x):
    """Doubles (and nested lists of them) as exact mpf; strings and integers stay."""
    if isinstance(x, list):
        return [exact(v) for v in x]
    return mpf(x) if isinstance(x, float) else x


def normalised(p):
    total = sum(mpf(x) for x in p)
    return [mpf(x) / total for x in p]


def dot(a, b):
    return sum((x * y for x, y in zip(a, b)), mpf(0))


def divergence(a, b):
    """D(a || b), with 0 log 0 = 0."""
    return sum((x * log(x / y) for x, y in zip(a, b) if x > 0), mpf(0))


def root(f, low, high):
    """The root of an increasing f with f(low) <= 0: the upper end doubles until f > 0, then bisection and secants."""
    while f(high) <= 0:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) <= 0 else (low, middle)
    x0, x1, f0, f1 = low, high, f(low), f(high)
    for _ in range(60):
        if f1 == f0 or x1 == x0 or abs(x1 - x0) <= mpf(10) ** (12 - mp.dps) * abs(x1):
            break
        x0, x1, f0 = x1, x1 - f1 * (x1 - x0) / (f1 - f0), f1
        f1 = f(x1)
    assert low <= x1 <= high
    return x1


def tilted(p, r, beta):
    """phi proportional to p e^{beta r}, and log Z. Rewards are centred on their largest: Z may be e^{1e9}."""
    top = max(x for x, m in zip(r, p) if m > 0) if beta >= 0 else min(x for x, m in zip(r, p) if m > 0)
    w = [m * exp(beta * (x - top)) if m > 0 else mpf(0) for m, x in zip(p, r)]
    z = sum(w)
    return [x / z for x in w], log(z) + beta * top


def cumulants(phi, r):
    """Mean and cumulants two to four."""
    mean = dot(phi, r)
    m2, m3, m4 = (dot(phi, [(x - mean) ** i for x in r]) for i in (2, 3, 4))
    return mean, m2, m3, m4 - 3 * m2**2


def top_law(p, r):
    r_max = max(x for x, m in zip(r, p) if m > 0)
    mass = sum(m for x, m in zip(r, p) if x == r_max)
    return r_max, -log(mass), [m / mass if x == r_max else mpf(0) for x, m in zip(r, p)]


def optimum(p, r, delta):
    """Regime, beta, law, delta_max, r_max of the KL-constrained problem."""
    r_max, delta_max, on_top = top_law(p, r)
    if len({x for x, m in zip(r, p) if m > 0}) == 1:
        return "degenerate", mpf(0), p, mpf(0), r_max
    if delta == 0:
        return "base", mpf(0), p, delta_max, r_max
    if delta >= delta_max:
        return "saturated", inf, on_top, delta_max, r_max
    spread = r_max - min(x for x, m in zip(r, p) if m > 0)
    beta = root(lambda b: divergence(tilted(p, r, b)[0], p) - delta, mpf(0), 1 / mpf(spread))
    return "interior", beta, tilted(p, r, beta)[0], delta_max, r_max


def cells(p, r, ties):
    """Groups of outcomes that best-of-N cannot tell apart, worst first: equal rewards, or single outcomes for "order"."""
    groups = defaultdict(list)
    for i, (m, x) in enumerate(zip(p, r)):
        if m > 0:
            groups[x if ties == "random" else (x, i)].append(i)
    return [groups[key] for key in sorted(groups)]


def ranked(p, r, rank_cdf, ties="random"):
    """Law of the kept outcome when its rank has distribution function `rank_cdf`: policy, cell masses, cell laws, win rate."""
    policy, masses, chosen, win = [mpf(0)] * len(p), [], [], mpf(0)
    below = mpf(0)
    groups = cells(p, r, ties)
    for position, group in enumerate(groups):
        mass = sum(p[i] for i in group)
        upto = mpf(1) if position == len(groups) - 1 else below + mass
        b = rank_cdf(upto) - rank_cdf(below)
        for i in group:
            policy[i] = p[i] / mass * b
        masses.append(mass)
        chosen.append(b)
        win += b * (below + upto) / 2
        below = upto
    return policy, masses, chosen, win


def power(log_n):
    """u -> u^N for N = e^{log_n}; zero below e^{-1e9}, which no double can hold."""
    n = exp(log_n)
    return lambda u: mpf(0) if u == 0 or n * log(u) < -(10**9) else exp(n * log(u))


def types(p, n):
    """All count vectors of n draws with their probabilities (mpf)."""
    powers = [[mpf(1)] for _ in p]
    for row, m in zip(powers, p):
        for _ in range(n):
            row.append(row[-1] * m)

    def extend(k, left, counts, weight):
        if k == len(p) - 1:
            yield counts + (left,), weight * powers[k][left]
            return
        for c in range(left + 1):
            yield from extend(k + 1, left - c, counts + (c,), weight * comb(left, c) * powers[k][c])

    return extend(0, n, (), mpf(1))


def merged(rewards, masses, scale):
    """Sorted levels; sums of rewards within 1e-12 max(1, scale) of one another are one level."""
    tolerance = mpf(10) ** -12 * max(1, scale)
    values, totals = [], []
    previous = None
    for x, m in sorted(zip(rewards, masses), key=lambda pair: pair[0]):
        if previous is not None and x - previous <= tolerance:
            totals[-1] += m
        else:
            values.append(x)
            totals.append(m)
        previous = x
    return values, totals


def sum_law(p, s, n):
    """Levels of R = s(y_1) + ... + s(y_n), symbols independent: enumeration of types over symbols with mass."""
    support = [(m, mpf(x)) for m, x in zip(p, s) if m > 0]
    p, s = zip(*support)
    law = defaultdict(lambda: mpf(0))
    for counts, weight in types(p, n):
        law[sum(c * x for c, x in zip(counts, s))] += weight
    return merged(law.keys(), law.values(), n * max(abs(x) for x in s))


# ------------------------------------------------------------------------------------------------------------ quantities


@quantity("asymptotics.tilt", 700, "direct sums over outcomes")
def tilt(p, r, beta):
    p = normalised(p)
    phi, log_z = tilted(p, r, beta)
    mean, variance, third, _ = cumulants(phi, r)
    kl, reverse = divergence(phi, p), divergence(p, phi)
    return dict(phi=phi, log_z=log_z, mean=mean, variance=variance, third_cumulant=third, kl=kl, reverse_kl=reverse,
                jeffreys=kl + reverse)


@quantity("asymptotics.kl_rl", 400, "bracketed root of KL(beta) = delta, direct sums")
def kl_rl(p, r, delta):
    p = normalised(p)
    regime, beta, phi, delta_max, r_max = optimum(p, r, delta)
    return dict(regime=regime, beta=beta, phi=phi, mean=dot(phi, r), kl=divergence(phi, p), delta_max=delta_max, r_max=r_max)


@quantity("asymptotics.near_optimal", 200, "root of KL(beta) = delta, then the three divergences as defined")
def near_optimal(p, r, delta, omega):
    p, omega = normalised(p), normalised(omega)
    _, beta, phi, _, _ = optimum(p, r, delta)
    kl_omega_p, reward_omega, reward_phi = divergence(omega, p), dot(omega, r), dot(phi, r)
    epsilon, gamma = kl_omega_p - divergence(phi, p), reward_phi - reward_omega
    return dict(beta=beta, kl_omega_p=kl_omega_p, reward_omega=reward_omega, reward_phi=reward_phi,
                kl_omega_phi=divergence(omega, phi), epsilon=epsilon, gamma=gamma, bound=epsilon + beta * gamma)


@quantity("asymptotics.bon", 700, "F^N - (F-)^N as defined; tuples enumerated for small integer N")
def bon(p, r, log_best_of, ties="random"):
    p = normalised(p)
    policy, _, _, win = ranked(p, r, power(log_best_of), ties)
    n = exp(log_best_of)
    return dict(policy=policy, mean=dot(policy, r), kl=divergence(policy, p), kl_bound=log_best_of - 1 + 1 / n, win_rate=win,
                win_rate_bound=n / (n + 1))


def bon_by_tuples(p, r, n, ties="random"):
    """The policy from every n-tuple of draws, in exact rationals."""
    p = [Fraction(x) for x in p]
    p = [x / sum(p) for x in p]
    policy = [Fraction(0)] * len(p)
    for draw in itertools.product(range(len(p)), repeat=n):
        weight = Fraction(1)
        for i in draw:
            weight *= p[i]
        best = max((r[i], i) for i in draw)
        kept = [best[1]] if ties == "order" else [i for i in draw if r[i] == best[0]]
        for i in kept:
            policy[i] += weight / len(kept)
    return policy


@quantity("asymptotics.random_bon", 400, "generating function of N at the distribution function")
def random_bon(p, r, law, param):
    p, c = normalised(p), mpf(param)
    rank_cdf = {
        "fixed": lambda u: u**c,
        "poisson_plus_one": lambda u: u * exp(c * (u - 1)),
        "zero_truncated_poisson": lambda u: expm1(c * u) / expm1(c),
        "geometric": lambda u: c * u / (1 - (1 - c) * u),
    }[law]
    policy, _, _, win = ranked(p, r, rank_cdf)
    return dict(policy=policy, mean=dot(policy, r), kl=divergence(policy, p), win_rate=win)


def estimate(e, log_n):
    """Dhat(e) of R10, as printed there."""
    n, e = exp(log_n), mpf(e)
    if e == 1:
        return log_n if n == 1 else mpf(0)
    miss = power(log_n)(1 - e)
    return miss * (log_n + (n - 1) * log(1 - e) - (n - 1) / n) + (1 - miss) * log((1 - miss) / e)


@quantity("asymptotics.bon_estimator_value", 700, "the formula of R10 as printed")
def bon_estimator_value(eps, log_best_of):
    return dict(value=estimate(eps, log_best_of))


@quantity("asymptotics.bon_estimator", 400, "policy from F^N - (F-)^N, mean of the formula of R10")
def bon_estimator(p, r, log_best_of):
    p = normalised(p)
    policy, _, _, _ = ranked(p, r, power(log_best_of), "order")
    expected = sum((w * estimate(m, log_best_of) for w, m in zip(policy, p) if m > 0), mpf(0))
    return dict(expected=expected, kl=divergence(policy, p), bound=log_best_of - 1 + exp(-log_best_of))


@quantity("asymptotics.win_rate_frontier", 80, "bracketed root of KL(c) = kl of R12")
def win_rate_frontier(kl):
    if kl == 0:
        return dict(c=mpf(0), win_rate=mpf(1) / 2)
    kl = mpf(kl)

    def excess(log_c):  # KL(c) - kl, with e^{-c} taken out of the formula of R12
        c = exp(log_c)
        small = exp(-c) if c < 10**6 else mpf(0)
        return c * small / (1 - small) - 1 + log_c - log(1 - small) - kl

    c = exp(root(excess, log(kl) / 2 - 5, log(kl) / 2 + 5 + kl))
    return dict(c=c if c < mpf(2) ** 1024 else inf, win_rate=1 / (1 - exp(-min(c, mpf(10) ** 6))) - 1 / c)


@quantity("asymptotics.soft_bon", 60, "enumeration of types of n - 1 draws; two symbols or large n: truncated sum or integral")
def soft_bon(p, r, n, **other):
    lam = other["lambda"]
    p = normalised(p)
    a = [exp(x / mpf(lam)) for x in r]
    if n == 1:
        policy = p
    elif len(p) == 2:
        policy = soft_two(p, a, n)
    elif comb(n + len(p) - 2, len(p) - 1) <= 30000:
        policy = soft_by_types(p, a, n)
    else:
        policy = soft_by_integral(p, a, n)
    target, _ = tilted(p, r, 1 / mpf(lam))
    chi2 = sum((w * w / m for w, m in zip(target, p) if m > 0), mpf(0)) - 1
    return dict(policy=policy, mean=dot(policy, r), kl_base=divergence(policy, p), tilt=target, tilt_mean=dot(target, r),
                kl_tilt=divergence(target, policy), kl_tilt_rev=divergence(policy, target), chi2=chi2,
                kl_tilt_bound=log1p(chi2 / n))


def soft_by_types(p, a, n):
    policy = [mpf(0)] * len(p)
    for counts, weight in types(p, n - 1):
        if weight > 0:
            total = dot([mpf(c) for c in counts], a)
            for i, m in enumerate(p):
                policy[i] += n * m * a[i] * weight / (a[i] + total)
    return policy


def soft_two(p, a, n):
    """Two symbols: the binomial sum, outwards from its largest term until a term is below 1e-75 of the sum."""
    policy = []
    for i in range(2):
        total = mpf(0)
        mode = int(mp.floor(n * p[1]))
        log_first = mp.loggamma(n) - mp.loggamma(mode + 1) - mp.loggamma(n - mode) + mode * log(p[1]) + (n - 1 - mode) * log(p[0])
        for step in (1, -1):
            j, weight = mode, exp(log_first)
            while 0 <= j <= n - 1:
                if step == 1 or j != mode:
                    term = weight / (a[i] + j * a[1] + (n - 1 - j) * a[0])
                    total += term
                    if term < total * mpf(10) ** -75 and weight * n < mpf(10) ** -75 * total * a[i]:
                        break
                if step == 1:
                    weight *= mpf(n - 1 - j) / (j + 1) * p[1] / p[0]
                else:
                    weight *= mpf(j) / (n - j) * p[0] / p[1]
                j += step
        policy.append(n * p[i] * a[i] * total)
    return policy


def soft_by_integral(p, a, n):
    """The integral of R16 in u = log t, by tanh-sinh on short pieces."""
    low = min(-log(x) for x in a) - log(n) - 60 * log(10)
    high = max(-log(x) for x in a) + 8
    pieces = [low + (high - low) * i / 60 for i in range(61)]
    policy = []
    for m, x in zip(p, a):
        inner = lambda u: exp(u - exp(u) * x + (n - 1) * log(dot(p, [exp(-exp(u) * y) for y in a])))
        policy.append(n * m * x * quad(inner, pieces))
    return policy


@quantity("asymptotics.rate", 200, "bracketed root of the tilted mean, then D(phi_tau || phi_beta)")
def rate(p, s, x, beta=0):
    phi, _ = tilted(normalised(p), s, mpf(beta))
    on = [y for y, m in zip(s, phi) if m > 0]
    if not min(on) <= x <= max(on):
        return dict(rate=inf, tau=None)
    if min(on) == max(on):
        return dict(rate=mpf(0), tau=mpf(0))
    for end, tau in ((max(on), inf), (min(on), -inf)):
        if x == end:
            return dict(rate=-log(sum(m for y, m in zip(s, phi) if y == end)), tau=tau)
    mean = lambda t: dot(tilted(phi, s, t)[0], s) - x
    width = 1 / mpf(max(on) - min(on))
    low = -width
    while mean(low) > 0:
        low *= 2
    tau = root(mean, low, width)
    return dict(rate=divergence(tilted(phi, s, tau)[0], phi), tau=tau)


@quantity("asymptotics.scgf", 400, "direct sums")
def scgf(p, q, beta, t):
    p, q = normalised(p), normalised(q)
    phi, _ = tilted(p, [log(x) if m > 0 else mpf(0) for m, x in zip(p, q)], mpf(beta))
    value = log(sum(m * x ** mpf(t) for m, x in zip(phi, q) if m > 0))
    entropy = -value / t if t != 0 else -sum(m * log(x) for m, x in zip(phi, q) if m > 0)
    return dict(value=value, order=1 + mpf(t), renyi_cross_entropy=entropy)


@quantity("asymptotics.reward_dist", 60, "enumeration of types")
def reward_dist(p, s, n, thresholds, beta=0):
    phi, _ = tilted(normalised(p), s, mpf(beta))
    values, masses = sum_law(phi, s, n)
    tolerance = mpf(10) ** -12 * max(1, n * max(abs(x) for x, m in zip(s, phi) if m > 0))
    logarithm = lambda x: log(x) if x > 0 else -inf
    survival = [logarithm(sum(m for v, m in zip(values, masses) if v >= t - tolerance)) for t in thresholds]
    pmf = [logarithm(sum(m for v, m in zip(values, masses) if abs(v - t) <= tolerance)) for t in thresholds]
    return dict(levels=len(values), log_survival_ge=survival, log_pmf=pmf)


def best_of_levels(values, masses, log_n):
    """Law on the levels, mean, KL and win rate of best-of-N for a law of sums (total mass 1 up to rounding)."""
    chosen, _, _, win = ranked(masses, values, power(log_n))
    return chosen, dot(chosen, values), divergence(chosen, masses), win


@quantity("asymptotics.mem_bon", 250, "enumeration of types, F^N - (F-)^N on the levels")
def mem_bon(p, s, n, log_best_of):
    # 1 - F below 1e-50 needs more digits than the default: F^N is formed here, unlike in the engine.
    if min(x for x in p if x > 0) < 1e-40 and mp.dps < 700:
        with mp.workdps(700):
            return mem_bon(p, s, n, log_best_of)
    p = normalised(p)
    values, masses = sum_law(p, s, n)
    chosen, mean, kl, win = best_of_levels(values, masses, log_best_of)
    delta = mpf(log_best_of) / n
    regime, beta, phi, _, _ = optimum(p, s, delta)
    if regime == "saturated":
        kl_to_rl = inf
    elif regime == "interior":
        _, log_z = tilted(p, s, beta)
        target = [m * exp(beta * v - n * log_z) for v, m in zip(values, masses)]
        kl_to_rl = divergence(chosen, target)
    else:
        kl_to_rl = kl
    return dict(mean=mean, kl=kl, delta=delta, regime=regime, rl_mean_per_symbol=dot(phi, s), kl_to_rl=kl_to_rl, win_rate=win,
                kl_bound=log_best_of - 1 + exp(-mpf(log_best_of)))


def tilt_to_mean(p, s, x):
    """tau with tilted mean x (above the base mean), the tilted law and log Z."""
    tau = root(lambda t: dot(tilted(p, s, t)[0], s) - x, mpf(0), mpf(1))
    return (tau, *tilted(p, s, tau))


@quantity("asymptotics.tail_approx", 80, "enumeration of types; the formulas of R22 as printed")
def tail_approx(p, s, n, threshold, span):
    p = normalised(p)
    x, d = mpf(threshold) / n, mpf(span)
    tau, phi, log_z = tilt_to_mean(p, s, x)
    _, v, k3, k4 = cumulants(phi, s)
    i = tau * x - log_z
    if d > 0:
        rho = exp(-tau * d)
        a, e1, e2 = (1 - rho) / d, d * rho / (1 - rho), d**2 * rho * (1 + rho) / (1 - rho) ** 2
    else:
        a, e1, e2 = tau, 1 / tau, 2 / tau**2
    leading = -n * i - log(a * sqrt(2 * pi * n * v))
    bracket = 1 + (k4 / (8 * v**2) - 5 * k3**2 / (24 * v**3) - k3 * e1 / (2 * v**2) - e2 / (2 * v)) / n
    w, u = sqrt(2 * n * i), a * sqrt(n * v)
    lugannani_rice = ncdf(-w) + npdf(w) * (1 / u - 1 / w)
    log_exact = reward_dist(p, s, n, [threshold])["log_survival_ge"][0]
    return dict(tau=tau, log_exact=log_exact, log_chernoff=-n * i, log_bahadur_rao=leading,
                log_bahadur_rao_1=leading + log(bracket) if bracket > 0 else None,
                log_lugannani_rice=log(lugannani_rice) if lugannani_rice > 0 else None)


@quantity("asymptotics.bon_asymptotic", 80, "the formulas of R24 as printed; the lattice sums to convergence")
def bon_asymptotic(p, s, n, delta, span):
    p = normalised(p)
    _, b, phi, _, _ = optimum(p, s, delta)
    x, v, _, _ = cumulants(phi, s)
    _, log_z = tilted(p, s, b)
    d = mpf(span)
    if d == 0:
        shape = log(2 * pi * n * v * b**2)
        return dict(mean=n * x - shape / (2 * b) + euler / b, kl=n * delta - 1, kl_to_rl=shape / 2 - 1 - euler)
    y0 = n * x - log((1 - exp(-b * d)) / d * sqrt(2 * pi * n * v)) / b
    base = n * min(y for y, m in zip(s, p) if m > 0)
    start = int(mp.floor((y0 - base) / d))
    rate_at = lambda j: exp(-b * (base + j * d - y0))
    mean = cost = total = mpf(0)
    for step in (1, -1):
        j = start if step == 1 else start - 1
        while True:
            here, above = rate_at(j), rate_at(j + 1)
            mass = exp(-above) - exp(-here)
            if mass == 0 or (mass < mpf(10) ** -45 and abs(j - start) > 5):
                break
            mean += (base + j * d) * mass
            cost += mass * log(mass / (here - above))
            total += mass
            j += step
    kl = n * delta + cost
    return dict(mean=mean, kl=kl, kl_to_rl=kl - b * mean + n * log_z)


def perron(transition, reward, t):
    """Largest eigenvalue of T_t(i, j) = P_ij e^{t s_j}, with the right and left Perron vectors."""
    k = len(reward)
    m = matrix(k, k)
    for i in range(k):
        for j in range(k):
            m[i, j] = transition[i][j] * exp(t * reward[j])
    values, left, right = mp.eig(m, left=True, right=True)
    top = max(range(k), key=lambda i: mp.re(values[i]))
    real = lambda v: [mp.re(x / sum(v)) for x in v]
    return mp.re(values[top]), real([right[i, top] for i in range(k)]), real([left[top, i] for i in range(k)])


def chain(transition, reward, beta):
    transition = [normalised(row) for row in transition]
    rho, h, u = perron(transition, reward, beta)
    k = range(len(reward))
    doob = [[transition[i][j] * exp(beta * reward[j]) * h[j] / (rho * h[i]) for j in k] for i in k]
    weight = [u[i] * h[i] for i in k]
    stationary = [x / sum(weight) for x in weight]
    kl = sum((stationary[i] * divergence(doob[i], transition[i]) for i in k), mpf(0))
    return log(rho), doob, stationary, kl


@quantity("asymptotics.markov", 60, "eigenvalues of the tilted matrix; variance by numerical second derivative of log rho")
def markov(transition, reward, beta):
    beta = mpf(beta)
    value, doob, stationary, kl = chain(transition, reward, beta)
    rows = [normalised(row) for row in transition]
    with mp.workdps(200):
        step = mpf(10) ** -50
        ends = [log(perron(rows, reward, beta + i * step)[0]) for i in (-1, 0, 1)]
        variance = (ends[0] - 2 * ends[1] + ends[2]) / step**2
    return dict(scgf=value, mean=dot(stationary, reward), variance=variance, kl_rate=kl, tilted_transition=doob,
                stationary=stationary)


@quantity("asymptotics.markov_solve", 60, "bracketed root of the KL rate of the tilted chain")
def markov_solve(transition, reward, delta):
    beta = mpf(0) if delta == 0 else root(lambda b: chain(transition, reward, b)[3] - delta, mpf(0), mpf(1))
    _, _, stationary, kl = chain(transition, reward, beta)
    return dict(beta=beta, mean=dot(stationary, reward), kl_rate=kl)


def chain_law(initial, transition, reward, n):
    """Levels of R along the chain: all sequences at once, as a table (state, count of visits) -> probability."""
    k = range(len(reward))
    table = defaultdict(lambda: mpf(0))
    for i in k:
        if initial[i] > 0:
            table[i, tuple(int(i == j) for j in k)] += initial[i]
    for _ in range(n - 1):
        following = defaultdict(lambda: mpf(0))
        for (i, visits), mass in table.items():
            for j in k:
                if transition[i][j] > 0:
                    following[j, visits[:j] + (visits[j] + 1,) + visits[j + 1 :]] += mass * transition[i][j]
        table = following
    rewards = [sum((c * mpf(x) for c, x in zip(visits, reward)), mpf(0)) for _, visits in table]
    return merged(rewards, table.values(), n * max(abs(mpf(x)) for x in reward))


@quantity("asymptotics.markov_finite", 80, "enumeration of visit counts; moments of the law of R")
def markov_finite(initial, transition, reward, n, beta):
    values, masses = chain_law(normalised(initial), [normalised(row) for row in transition], reward, n)
    phi, log_z = tilted(masses, values, mpf(beta))
    mean, variance, _, _ = cumulants(phi, values)
    return dict(log_z=log_z, mean=mean, variance=variance, kl=divergence(phi, masses))


@quantity("asymptotics.markov_bon", 250, "enumeration of visit counts, F^N - (F-)^N and KL root on the law of R")
def markov_bon(initial, transition, reward, n, log_best_of):
    values, masses = chain_law(normalised(initial), [normalised(row) for row in transition], reward, n)
    chosen, mean, kl, _ = best_of_levels(values, masses, log_best_of)
    regime, beta, phi, _, _ = optimum(masses, values, mpf(log_best_of))
    kl_to_rl = inf if regime == "saturated" else divergence(chosen, phi)
    return dict(mean=mean, kl=kl, rl_mean=dot(phi, values), rl_beta=beta, regime=regime, kl_to_rl=kl_to_rl)


@quantity("asymptotics.bon_twin", 400, "policy from F^N - (F-)^N; bracketed root of the tilted mean")
def bon_twin(p, r, log_best_of):
    p = normalised(p)
    policy, masses, _, _ = ranked(p, r, power(log_best_of))
    raw = [log(w / m) if m > 0 else None for w, m in zip(policy, p)]
    centre = sum(m * x for m, x in zip(p, raw) if m > 0)
    beta, target = mpf(0), policy
    if len(masses) > 1 and log_best_of > 0:
        on = [x for x, m in zip(r, p) if m > 0]
        mean = dot(policy, r)
        beta = root(lambda b: dot(tilted(p, r, b)[0], r) - mean, mpf(0), 1 / mpf(max(on) - min(on)))
        target = tilted(p, r, beta)[0]
    return dict(twin=[None if x is None else x - centre for x in raw], beta_star=beta, kl_to_tilt=divergence(policy, target))


@quantity("asymptotics.hedge", 60, "gold curve on a fine grid of the parameter, every local maximum refined by golden section")
def hedge(p, r, gold, family):
    p = normalised(p)
    groups = cells(p, r, "random")
    masses = [sum(p[i] for i in g) for g in groups]
    means = [sum(p[i] * mpf(gold[i]) for i in g) / m for g, m in zip(groups, masses)]
    below = [sum(masses[:j], mpf(0)) for j in range(len(masses))]
    above = below[1:] + [mpf(1)]
    curve_of = {
        "bon": lambda c: power(c),
        "zero_truncated_poisson": lambda c: (lambda u: expm1(c * u) / expm1(c)),
        "poisson_plus_one": lambda c: (lambda u: u * exp(c * (u - 1))),
    }[family]

    def curve(c):
        g = curve_of(c)
        return sum((m * (g(hi) - g(lo)) for m, lo, hi in zip(means, below, above)), mpf(0))

    base, limit = dot(masses, means), means[-1]
    fixed = dict(gold_base=base, gold_limit=limit)
    if max(means) - min(means) <= mpf(10) ** -40:
        return dict(regime="flat", param_star=mpf(0), gold_star=base, **fixed)
    reach = log(1 / masses[-1]) + 8  # beyond it best-of-N is on the top level but for e^{-e^8}
    grid = [reach * i / 600 for i in range(1, 601)] if family == "bon" else [exp(-12 + (reach + 12) * mpf(i) / 600) for i in range(601)]
    heights = [curve(c) for c in grid]
    peaks = [(base, mpf(0), "falling"), (limit, inf, "rising")]
    for i in range(1, len(grid) - 1):
        if heights[i] > max(heights[i - 1], heights[i + 1], base, limit) + mpf(10) ** -50:
            with mp.workdps(130):
                left, right = mpf(grid[i - 1]), mpf(grid[i + 1])
                golden = (sqrt(5) - 1) / 2
                while right - left > mpf(10) ** -45 * right:
                    one, two = right - golden * (right - left), left + golden * (right - left)
                    left, right = (one, right) if curve(one) < curve(two) else (left, two)
                middle = (left + right) / 2
                peaks.append((curve(middle), middle, "interior"))
    best = max(peaks, key=lambda peak: peak[0])
    return dict(regime=best[2], param_star=best[1], gold_star=best[0], **fixed)


# --------------------------------------------------------------------------------------- values of the specification

# Section 9, verbatim (the prefix "asymptotics." dropped).
SECTION_9 = """
kl_rl {"p": [0.5, 0.3, 0.2], "r": [0, 1, 2], "delta": 0.2} -> {"regime": "interior", "beta": 0.7751746209852189, "phi": [0.23878720475599413, 0.31104008541354133, 0.45017270983046453], "mean": 1.2113855050744704, "kl": 0.2, "delta_max": 1.6094379124341003, "r_max": 2.0}
near_optimal {"p": [0.5, 0.3, 0.2], "r": [0, 1, 2], "delta": 0.2, "omega": [0.3, 0.3, 0.4]} -> {"beta": 0.7751746209852189, "kl_omega_p": 0.12401118509418092, "reward_omega": 1.1, "reward_phi": 1.2113855050744704, "kl_omega_phi": 0.010354401773530688, "epsilon": -0.07598881490581907, "gamma": 0.1113855050744704, "bound": 0.010354401773530688}
bon {"p": [0.5, 0.3, 0.2], "r": [0, 1, 2], "log_best_of": 1.3862943611198906} -> {"policy": [0.0625, 0.3471, 0.5904], "mean": 1.5279, "kl": 0.5597505603574843, "kl_bound": 0.6362943611198906, "win_rate": 0.7726, "win_rate_bound": 0.8}
bon {"p": [0.25, 0.25, 0.25, 0.25], "r": [0, 1, 1, 2], "log_best_of": 1.0986122886681098} -> {"policy": [0.015624999999999993, 0.20312499999999997, 0.20312499999999997, 0.578125], "mean": 1.5625, "kl": 0.3569838724764104, "kl_bound": 0.4319456220014431, "win_rate": 0.7109375, "win_rate_bound": 0.75}
bon_estimator {"p": [0.5, 0.3, 0.2], "r": [0, 1, 2], "log_best_of": 1.3862943611198906} -> {"expected": 0.6094997297260881, "kl": 0.5597505603574843, "bound": 0.6362943611198906}
win_rate_frontier {"kl": 1.0} -> {"c": 7.349473057081898, "win_rate": 0.8645791680793354}
random_bon {"p": [0.5, 0.3, 0.2], "r": [0, 1, 2], "law": "zero_truncated_poisson", "param": 3.0} -> {"policy": [0.18242552380635635, 0.3427457837120664, 0.4748286924815773], "mean": 1.2924031686752209, "kl": 0.2722768354159545, "win_rate": 0.6957369635978518}
soft_bon {"p": [0.5, 0.3, 0.2], "r": [0, 1, 2], "n": 10, "lambda": 1.0} -> {"policy": [0.20767113189918912, 0.31434299678871813, 0.47798587131209275], "mean": 1.2703147394129037, "kl_base": 0.24866158753789297, "tilt": [0.1790000205742738, 0.29194350193250623, 0.5290564774932199], "tilt_mean": 1.3500564569189462, "kl_tilt": 0.005530888190831037, "kl_tilt_rev": 0.005569025766355485, "chi2": 0.7476891576875682, "kl_tilt_bound": 0.07210567639639252}
rate {"p": [0.5, 0.3, 0.2], "s": [0, 1, 2], "x": 1.5, "beta": 0.3} -> {"rate": 0.2815370384182219, "tau": 0.9780001499658946}
scgf {"p": [0.5, 0.3, 0.2], "q": [0.2, 0.3, 0.5], "beta": 0.7, "t": 0.5} -> {"value": -0.5874045491496294, "order": 1.5, "renyi_cross_entropy": 1.1748090982992587}
reward_dist {"p": [0.5, 0.3, 0.2], "s": [0, 1, 2], "n": 40, "thresholds": [40, 60, 79, 80]} -> {"levels": 81, "log_survival_ge": [-4.472625990181798, -21.817155847454277, -60.266642633190706, -64.37751649736401], "log_pmf": [-5.3714022677138615, -22.134289862956777, -60.283171935141915, -64.37751649736401]}
mem_bon {"p": [0.5, 0.3, 0.2], "s": [0, 1, 2], "n": 10, "log_best_of": 2.0} -> {"mean": 10.483704316872354, "kl": 1.116409553551012, "delta": 0.2, "regime": "interior", "rl_mean_per_symbol": 1.2113855050744704, "kl_to_rl": 0.3800610308292871, "win_rate": 0.876460787082406, "kl_bound": 1.1353352832366126}
mem_bon {"p": [0.5, 0.3, 0.2], "s": [0, 1, 2], "n": 30, "log_best_of": 6.0} -> {"mean": 34.11119561415674, "kl": 4.970222903170902, "delta": 0.2, "regime": "interior", "rl_mean_per_symbol": 1.2113855050744704, "kl_to_rl": 0.6991487645070052, "win_rate": 0.9973634257187303, "kl_bound": 5.002478752176667}
mem_bon {"p": [0.5, 0.3, 0.2], "s": [0, 1, 2], "n": 100, "log_best_of": 20.0} -> {"mean": 118.23325663195139, "kl": 18.95788946288913, "delta": 0.2, "regime": "interior", "rl_mean_per_symbol": 1.2113855050744704, "kl_to_rl": 1.209999541677147, "win_rate": 0.9999999977570315, "kl_bound": 19.000000002061153}
mem_bon {"p": [0.5, 0.3, 0.2], "s": [0, 1, 2], "n": 300, "log_best_of": 60.0} -> {"mean": 359.84175004770117, "kl": 58.95392538678237, "delta": 0.2, "regime": "interior", "rl_mean_per_symbol": 1.2113855050744704, "kl_to_rl": 1.7243231078249246, "win_rate": 1.0, "kl_bound": 59.0}
mem_bon {"p": [0.5, 0.3, 0.2], "s": [0, 1, 1.8384776310850235], "n": 10, "log_best_of": 2.0} -> {"mean": 9.921488606057421, "kl": 1.132305495220311, "delta": 0.2, "regime": "interior", "rl_mean_per_symbol": 1.1392525758180947, "kl_to_rl": 0.38277327757072205, "win_rate": 0.8801147023383666, "kl_bound": 1.1353352832366126}
mem_bon {"p": [0.5, 0.3, 0.2], "s": [0, 1, 1.8384776310850235], "n": 30, "log_best_of": 6.0} -> {"mean": 32.1739397189236, "kl": 5.000714046315137, "delta": 0.2, "regime": "interior", "rl_mean_per_symbol": 1.1392525758180947, "kl_to_rl": 0.7039233821176877, "win_rate": 0.9975186478363619, "kl_bound": 5.002478752176667}
mem_bon {"p": [0.5, 0.3, 0.2], "s": [0, 1, 1.8384776310850235], "n": 100, "log_best_of": 20.0} -> {"mean": 111.31395390519441, "kl": 18.99927396731864, "delta": 0.2, "regime": "interior", "rl_mean_per_symbol": 1.1392525758180947, "kl_to_rl": 1.2190351153131516, "win_rate": 0.9999999979358501, "kl_bound": 19.000000002061153}
mem_bon {"p": [0.7, 0.3], "s": [0, 1], "n": 20, "log_best_of": 30.0} -> {"mean": 20.0, "kl": 24.07945608651872, "delta": 1.5, "regime": "saturated", "rl_mean_per_symbol": 1.0, "kl_to_rl": "inf", "win_rate": 0.9999999999825661, "kl_bound": 29.000000000000092}
tail_approx {"p": [0.5, 0.3, 0.2], "s": [0, 1, 2], "n": 60, "threshold": 72, "span": 1} -> {"tau": 0.7575518499432885, "log_exact": -13.621290002211667, "log_chernoff": -11.476479568856725, "log_bahadur_rao": -13.592886500064258, "log_bahadur_rao_1": -13.62465986613231, "log_lugannani_rice": -13.620099650234454}
tail_approx {"p": [0.5, 0.3, 0.2], "s": [0, 1, 1.8384776310850235], "n": 60, "threshold": 69, "span": 0} -> {"tau": 0.8706612854942574, "log_exact": -15.160397876141209, "log_chernoff": -12.55479063654621, "log_bahadur_rao": -15.055074320453187, "log_bahadur_rao_1": -15.094493043728955, "log_lugannani_rice": -15.090441621061029}
bon_asymptotic {"p": [0.5, 0.3, 0.2], "s": [0, 1, 2], "n": 300, "delta": 0.2, "span": 1} -> {"mean": 359.87574810332296, "kl": 58.951237974292496, "kl_to_rl": 1.6952812654541538}
bon_asymptotic {"p": [0.5, 0.3, 0.2], "s": [0, 1, 1.8384776310850235], "n": 300, "delta": 0.2, "span": 0} -> {"mean": 338.5904575896003, "kl": 59.0, "kl_to_rl": 1.707704542502984}
markov {"transition": [[0.9, 0.1], [0.4, 0.6]], "reward": [0, 1], "beta": 0.8} -> {"scgf": 0.3967498808297829, "mean": 0.7946784460245021, "variance": 0.4937780331770414, "kl_rate": 0.23899287598981872, "tilted_transition": [[0.6052519892641359, 0.39474801073586413], [0.10199128389412132, 0.8980087161058787]], "stationary": [0.20532155397549792, 0.7946784460245021]}
markov_solve {"transition": [[0.9, 0.1], [0.4, 0.6]], "reward": [0, 1], "delta": 0.1} -> {"beta": 0.48603701599607335, "mean": 0.5732317104705085, "kl_rate": 0.1}
markov_finite {"initial": [0.8, 0.2], "transition": [[0.9, 0.1], [0.4, 0.6]], "reward": [0, 1], "n": 20, "beta": 0.8} -> {"log_z": 7.538305223040794, "mean": 15.088499742842865, "variance": 10.321830458272368, "kl": 4.532494571233497}
markov_bon {"initial": [0.8, 0.2], "transition": [[0.9, 0.1], [0.4, 0.6]], "reward": [0, 1], "n": 10, "log_best_of": 1.0} -> {"mean": 3.6122612748176683, "kl": 0.3470204463994602, "rl_mean": 5.41304112574912, "rl_beta": 0.5350944214687183, "regime": "interior", "kl_to_rl": 0.3106076989261501}
markov_bon {"initial": [0.8, 0.2], "transition": [[0.9, 0.1], [0.4, 0.6]], "reward": [0, 1], "n": 40, "log_best_of": 4.0} -> {"mean": 19.4036092205489, "kl": 3.006141678426454, "rl_mean": 22.622904092339287, "rl_beta": 0.49722273252926263, "regime": "interior", "kl_to_rl": 0.6068482713955103}
markov_bon {"initial": [0.8, 0.2], "transition": [[0.9, 0.1], [0.4, 0.6]], "reward": [0, 1], "n": 160, "log_best_of": 16.0} -> {"mean": 86.95208378089319, "kl": 14.983360936428639, "rl_mean": 91.4140123073633, "rl_beta": 0.48876818183784826, "regime": "interior", "kl_to_rl": 1.1642096298018583}
bon_twin {"p": [0.5, 0.3, 0.2], "r": [0, 1, 2], "log_best_of": 1.3862943611198906} -> {"twin": [-1.299966486651025, 0.9253055032403504, 1.861957961767037], "beta_star": 1.336096708045707, "kl_to_tilt": 0.030282489397288833}
bon_twin {"p": [0.4, 0.6], "r": [0, 3], "log_best_of": 1.5} -> {"twin": [-2.2106779158261625, 1.4737852772174416], "beta_star": 1.2281543976812015, "kl_to_tilt": 0}
"""

A = {"p": [0.5, 0.3, 0.2], "s": [0, 1, 2]}  # instance A, lattice
B = {"p": [0.5, 0.3, 0.2], "s": [0, 1, 1.8384776310850235]}  # instance B, non-lattice
THREE = {"p": [0.5, 0.3, 0.2], "r": [0, 1, 2]}
TURNING = {"p": [0.4, 0.3, 0.2, 0.1], "r": [0, 1, 2, 3], "gold": [0, 1, 2, -1]}


def specification_cases():
    """(section, quantity, input, output, rtol): rtol is the printed precision, at least 1e-12."""
    for line in SECTION_9.strip().splitlines():
        name, rest = line.split(" ", 1)
        given, output = rest.split(" -> ")
        yield "section 9", name, json.loads(given), json.loads(output), 1e-12

    for family, star, height in [("bon", 0.902260553264723, 0.7942130996300724),
                                 ("zero_truncated_poisson", 2.1225776952834496, 0.701409173784555),
                                 ("poisson_plus_one", 1.4879532090817513, 0.7149494693622817)]:
        yield "section 9", "hedge", {**TURNING, "family": family}, {
            "regime": "interior", "param_star": star, "gold_star": height, "gold_base": 0.6, "gold_limit": -1}, 1e-12
    for n, mean, kl_to_rl in [(10, 9.921488606057421, None), (30, 32.1739397189236, 0.7039234),
                              (100, 111.31395390519441, 1.2190351), (300, 338.5573111, 1.7356112), (1000, None, 2.32145)]:
        given = {**B, "n": n, "log_best_of": 0.2 * n}
        if mean:
            yield "section 9", "mem_bon", given, {"mean": mean}, 2e-10 if n == 300 else 1e-12
        if kl_to_rl:
            yield "section 9", "mem_bon", given, {"kl_to_rl": kl_to_rl}, 3e-6 if n == 1000 else 1e-7
    for n, mean, kl_to_rl in [(10, 10.2077770, None), (30, 32.3466306, 0.5564120), (100, 111.3861404, 1.1583984),
                              (300, 338.5904576, 1.7077045), (1000, None, 2.30969)]:
        given = {**B, "n": n, "delta": 0.2, "span": 0}
        if mean:
            yield "section 9", "bon_asymptotic", given, {"mean": mean}, 5e-9
        if kl_to_rl:
            yield "section 9", "bon_asymptotic", given, {"kl_to_rl": kl_to_rl}, 3e-6 if n == 1000 else 1e-7
    yield "section 9", "kl_rl", {**THREE, "delta": 0.01}, {"mean": 0.8118175017660081}, 1e-12
    yield "section 9", "kl_rl", {**THREE, "delta": 0.0001}, {"mean": 0.7110602974217501}, 1e-12

    # R13: discrete best-of-N above the continuous curve, and the frontier at that KL
    given = {"p": [0.35, 0.13, 0.13, 0.13, 0.13, 0.13], "r": [0, 1, 2, 3, 4, 5], "log_best_of": 0.6931471805599453}
    yield "R13", "bon", given, {"kl": 0.16801301000202687}, 1e-12
    yield "R13", "bon", given, {"win_rate": 0.65769}, 1e-12
    yield "R13", "win_rate_frontier", {"kl": 0.16801301000202687}, {"win_rate": 0.664493997}, 1e-9

    # R17: convergence of soft best-of-n to the tilt (n^2 KL and n times the reward gap are printed)
    for n, scaled_kl, scaled_gap in [(2, 0.50062, 0.80139), (10, 0.55309, 0.79742), (40, 0.49518, 0.74342),
                                     (160, 0.47895, 0.72859)]:
        yield "R17", "soft_bon", {**THREE, "n": n, "lambda": 1.0}, {"kl_tilt": scaled_kl / n**2}, 1.1e-5
        yield "R17", "soft_bon", {**THREE, "n": n, "lambda": 1.0}, {"mean": 1.3500564569189462 - scaled_gap / n}, 4e-6

    # E1: uniform law over `size` distinct rewards, best of n
    for size, n, kl, expected, bound in [
            (10, 10, 1.3610971767098816, 1.3788867362548953, 1.402585092994046),
            (10, 100, 2.302278677076586, 2.3023163422984885, 3.615170185988092),
            (100, 100, 3.5744761759535075, 3.5896667076996462, 3.615170185988092),
            (100, 1000, 4.604693111367171, 4.604749841416987, 5.908755278982137)]:
        given = {"p": [1 / size] * size, "r": list(range(size)), "log_best_of": float(log(mpf(n)))}
        yield "E1", "bon", given, {"kl": kl, "kl_bound": bound}, 1e-12
        yield "E1", "bon_estimator", given, {"expected": expected, "kl": kl, "bound": bound}, 1e-12

    # R26: blocks of length b at 0.2 nats a symbol; log N is the root of kl = 0.2 b, printed to three digits
    rows = [(A, 1, 1.190879, 0.821), (A, 2, 1.170943, 1.1), (A, 4, 1.170582, 1.638), (A, 8, 1.172603, 2.556),
            (A, 16, 1.177048, 4.222), (A, 32, 1.183925, 7.439), (A, 64, 1.191636, 13.843), (B, 1, 1.126625, None),
            (B, 2, 1.103711, None), (B, 4, 1.100775, None), (B, 8, 1.103067, None), (B, 16, 1.107496, None),
            (B, 32, 1.113949, None)]
    for instance, b, reward, printed in rows:
        log_n = matching_log_n(instance, b)
        if printed and abs(log_n - printed) > 6e-4:
            complain("R26", "log N", b, printed, log_n)
        yield "R26", "mem_bon", {**instance, "n": b, "log_best_of": log_n}, {"mean": reward * b, "kl": 0.2 * b}, 5e-7


def matching_log_n(instance, b):
    """The double log N at which best-of-N of blocks of length b spends 0.2 nats a symbol."""
    with mp.workdps(60):
        values, masses = sum_law(normalised(exact(instance["p"])), exact(instance["s"]), b)
        kl = lambda log_n: best_of_levels(values, masses, log_n)[2] - b * mpf(2) / 10
        return float(mp.nstr(root(kl, mpf(0), mpf(b)), 40))


# ------------------------------------------------------------------------------------------------------- computed cases

RARE = {"p": [1.0, 1e-300], "r": [0, 1]}
TIED = {"p": [0.1, 0.0, 0.25, 0.2, 0.25, 0.2], "r": [-1.5, 9.0, 0.25, 2.0, 0.25, 2.0]}
LARGE = {"p": [0.2, 0.5, 0.3], "r": [1000000.0, 1000001.0, 1000003.0]}
CLOSE = {"p": [0.2, 0.5, 0.3], "r": [0, 1e-12, 3e-12]}
SMALL_TOP = {"p": [0.89, 0.1, 0.0099, 0.0001], "r": [0, 1, 2, 3]}
# three levels on which one reward makes best-of-N a tilt both at N = 2 and at N = 3 (but not at 4)
SHARED_TWIN = {"p": [0.3, 0.5645486646567316, 0.13545133534326842], "r": [0.0, 1.0, 1.347034726020544]}
ONE = {"p": [1.0], "r": [2.5]}
SQUARES = {"p": [0.4, 0.25, 0.2, 0.15], "s": [0, 1, 1.4142135623730951, 2.23606797749979]}
NEGATIVE = {"p": [0.3, 0.0, 0.45, 0.25], "s": [-3.5, 7.0, -1.25, 0.75]}
COIN = {"p": [0.7, 0.3], "s": [0, 1]}
LOG_2, LOG_3, LOG_4 = 0.6931471805599453, 1.0986122886681098, 1.3862943611198906

CHAIN = {"transition": [[0.9, 0.1], [0.4, 0.6]], "reward": [0, 1]}
FLIP = {"transition": [[0.0, 1.0], [1.0, 0.0]], "reward": [0, 1]}
PERIODIC = {"transition": [[0.0, 0.7, 0.3], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], "reward": [0.5, -1.0, 2.0]}
CYCLIC = {"transition": [[0.2, 0.5, 0.3], [0.0, 0.1, 0.9], [0.6, 0.4, 0.0]], "reward": [0, 1, 3]}
REAL = {"transition": [[0.5, 0.25, 0.25], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]], "reward": [0, 1, 1.4142135623730951]}
EQUAL_ROWS = {"transition": [[0.5, 0.3, 0.2]] * 3, "reward": [0, 1, 2]}
SLOW = {"transition": [[0.999999, 1e-06], [0.001, 0.999]], "reward": [0, 1]}


def computed_cases():
    """(quantity, input), hard cases."""
    laws = [THREE, RARE, TIED, LARGE, SMALL_TOP]
    for law, beta in [(THREE, 1e-9), (THREE, 50.0), (THREE, -50.0), (RARE, 690.0), (TIED, 0.75), (LARGE, 3.0), (CLOSE, 1e12),
                      (CLOSE, 1.0), (ONE, 4.0), (SMALL_TOP, 0), (SMALL_TOP, -2.0)]:
        yield "tilt", {**law, "beta": beta}

    for law, delta in [(THREE, 1e-12), (THREE, 0), (THREE, 1.6), (THREE, 1.7), (RARE, 0.1), (RARE, 600.0), (RARE, 700.0),
                       (TIED, 0.3), (TIED, 0.95), (LARGE, 0.25), (CLOSE, 0.25), (SMALL_TOP, 1e-9), (SMALL_TOP, 9.0), (ONE, 0.5),
                       ({"p": [0.5, 0.5, 0.0], "r": [1, 1, 2]}, 0.1), ({"p": [0.9999999999, 1e-10], "r": [0, 1]}, 1e-12)]:
        yield "kl_rl", {**law, "delta": delta}

    for law, delta, omega in [(TIED, 0.3, [0.0, 0.0, 0.1, 0.3, 0.2, 0.4]), (SMALL_TOP, 1e-9, [0.7, 0.1, 0.1, 0.1]),
                              (LARGE, 0.25, [0.1, 0.3, 0.6]), (THREE, 0, [0.0, 0.0, 1.0]), (ONE, 0, [1.0]),
                              (SMALL_TOP, 9.0, [0.0, 0.0, 0.001, 0.999])]:
        yield "near_optimal", {**law, "delta": delta, "omega": omega}

    for law in laws:
        for log_n in (0, 1e-9, LOG_3, 12.5, 2000.0):
            yield "bon", {**law, "log_best_of": log_n}
    for law, log_n, ties in [(THREE, 1e4, "random"), (RARE, 690.0, "random"), (CLOSE, 0.7, "random"), (ONE, 3.0, "random"),
                             (TIED, LOG_3, "order"), (TIED, 1e-9, "order"), (TIED, 2000.0, "order"), (ONE, 3.0, "order"),
                             ({"p": [0.25, 0.25, 0.25, 0.25], "r": [1, 1, 1, 1]}, LOG_4, "order"),
                             ({"p": [0.25, 0.25, 0.25, 0.25], "r": [1, 1, 1, 1]}, LOG_4, "random"),
                             ({"p": [1e-300, 0.5, 0.5], "r": [0, 1, 2]}, LOG_2, "random")]:
        yield "bon", {**law, "log_best_of": log_n, "ties": ties}

    for law_of_n, params in [("fixed", (1, 1.000001, 2.5, 1e6)), ("poisson_plus_one", (1e-9, 1.0, 40.0, 2000.0)),
                             ("zero_truncated_poisson", (1e-9, 1.0, 40.0, 2000.0)), ("geometric", (1, 0.999, 0.25, 1e-9))]:
        for law, param in zip((TIED, SMALL_TOP, RARE, TIED), params):
            yield "random_bon", {**law, "law": law_of_n, "param": param}
        yield "random_bon", {**ONE, "law": law_of_n, "param": params[1]}

    for eps, log_n in [(1.0, 3.0), (1.0, 0), (1e-300, 3.0), (1e-300, 690.0), (1e-300, 2000.0), (0.5, 1e-9), (0.5, 0), (1e-6, 13.8),
                       (0.999999, 0.5), (0.3, 1e4)]:
        yield "bon_estimator_value", {"eps": eps, "log_best_of": log_n}
    for law, log_n in [(TIED, LOG_3), (TIED, 1e-9), (SMALL_TOP, 6.0), (SMALL_TOP, 2000.0), (RARE, 690.0), (ONE, 1.0),
                       (THREE, 0)]:
        yield "bon_estimator", {**law, "log_best_of": log_n}

    for kl in (0, 1e-30, 1e-12, 1e-6, 0.05, 5.0, 29.9, 31.0, 700.0, 708.9, 1000.0):
        yield "win_rate_frontier", {"kl": kl}

    for law, n, lam in [(THREE, 1, 1.0), (THREE, 20, 1e-6), (THREE, 20, 1000.0), (THREE, 200, 0.05), (TIED, 12, 0.7),
                        (LARGE, 30, 2.0), (CLOSE, 30, 1e-12), (SMALL_TOP, 25, 0.5), (ONE, 10, 1.0), (THREE, 1000000, 1000.0),
                        (THREE, 1000000, 0.5), ({"p": [0.999999, 1e-06], "r": [0, 1]}, 1000000, 1e-6),
                        ({"p": [0.999999, 1e-06], "r": [0, 1]}, 1000000, 0.1), ({"p": [0.5, 0.5], "r": [-2, 3]}, 1000000, 1.0)]:
        yield "soft_bon", {**law, "n": n, "lambda": lam}

    for law, x, beta in [(A, 2, 0.3), (A, 0, -0.4), (A, 2.5, 0), (A, -0.1, 0), (A, 1e-6, 0), (A, 1.999999, 2.0), (NEGATIVE, -3.0, 0.2),
                         (NEGATIVE, 0.75, 50.0), (NEGATIVE, 1.0, 0), (SQUARES, 0.9, -50.0),
                         ({"p": [0.5, 0.5], "s": [2, 2]}, 2, 0.7), ({"p": [0.5, 0.5], "s": [2, 2]}, 2.25, 0.7),
                         ({"p": [1.0, 1e-300], "s": [0, 1]}, 0.5, 0)]:
        yield "rate", {**law, "x": x, "beta": beta}

    for law, beta, t in [({"p": [0.5, 0.3, 0.2], "q": [0.2, 0.3, 0.5]}, 0.7, 0), ({"p": [0.5, 0.3, 0.2], "q": [0.2, 0.3, 0.5]}, -50.0, 50.0),
                         ({"p": [0.5, 0.3, 0.2], "q": [0.2, 0.3, 0.5]}, 0, 1e-6), ({"p": [0.6, 0.4, 0.0], "q": [1e-300, 0.5, 0.5]}, 1.0, -1.0),
                         ({"p": [0.6, 0.4, 0.0], "q": [0.5, 0.5, 0.0]}, 3.0, 2.0), ({"p": [1.0], "q": [1.0]}, 1.0, 1.0),
                         ({"p": [0.2, 0.3, 0.5], "q": [0.2, 0.3, 0.5]}, 0, -1.0)]:
        yield "scgf", {**law, "beta": beta, "t": t}

    for law, n, thresholds, beta in [
            (A, 1, [0, 1, 2, 3, -1, 0.5], 0), (A, 200, [0, 137, 200, 399, 400, 401], 0), (A, 200, [0, 137, 250, 400], 0.8),
            (B, 60, [0, 30, 60, 69, 100.0], 0), (NEGATIVE, 40, [-140, -139.99, -60, 0, 30], -0.3),
            (SQUARES, 16, [0, 8.25, 20, 35.77708763998664], 2.0), ({"p": [0.5, 0.5], "s": [0.1, 0.1]}, 30, [3.0, 3.1], 0),
            ({"p": [0.25, 0.25, 0.5], "s": [0.1, 0.2, 0.3]}, 30, [6.0, 3.0, 8.9], 0),
            ({"p": [1.0, 1e-300], "s": [0, 1]}, 5, [1, 2], 0), ({"p": [0.5, 0.3, 0.2], "s": [1000000.0, 1000001.0, 1000003.0]}, 12, [12000010.0, 12000036.0], 0.5)]:
        yield "reward_dist", {**law, "n": n, "thresholds": thresholds, "beta": beta}

    for law, n, log_n in [(A, 1, 0.2), (A, 10, 0), (A, 200, 1e-9), (A, 200, 40.0), (A, 20, 2000.0), (A, 20, 32.0), (B, 60, 45.0),
                          (SQUARES, 20, 7.0), (NEGATIVE, 40, 8.0), (COIN, 200, 1e4), (COIN, 20, 24.0),
                          ({"p": [0.5, 0.5, 0.0], "s": [1, 1, 2]}, 7, 3.0), ({"p": [1.0, 1e-300], "s": [0, 1]}, 3, 692.0)]:
        yield "mem_bon", {**law, "n": n, "log_best_of": log_n}

    for law, n, threshold, span in [(A, 20, 24, 1), (A, 200, 240, 1), (A, 20, 15, 1), (A, 200, 141, 1), (A, 20, 39, 1), (A, 2, 3, 1),
                                    (A, 60, 72, 0.5), (B, 20, 23.0, 0), (B, 200, 230.0, 0), (COIN, 100, 60, 1),
                                    (NEGATIVE, 40, 0.0, 0.25), (SQUARES, 30, 40.0, 0)]:
        yield "tail_approx", {**law, "n": n, "threshold": threshold, "span": span}

    for law, n, delta, span in [(A, 10, 0.2, 1), (A, 1000000, 0.2, 1), (COIN, 40, 0.9, 1), (COIN, 300, 0.05, 1), (SQUARES, 160, 0.35, 0),
                                (NEGATIVE, 200, 0.4, 0.25), (B, 1000000, 1.5, 0), (A, 300, 1e-3, 0)]:
        yield "bon_asymptotic", {**law, "n": n, "delta": delta, "span": span}

    for model, beta in [(CHAIN, 0), (CHAIN, -50.0), (CHAIN, 50.0), (CHAIN, 1e-9), (FLIP, 3.0), (PERIODIC, 0.6), (PERIODIC, -4.0), (CYCLIC, 1.1),
                        (REAL, -0.7), (EQUAL_ROWS, 0.7751746209852189), (SLOW, 0.01), (SLOW, 20.0), ({"transition": [[1.0]], "reward": [2.5]}, 1.5)]:
        yield "markov", {**model, "beta": beta}

    for model, delta in [(CHAIN, 0), (CHAIN, 1e-10), (CHAIN, 0.5), (FLIP, 0), (PERIODIC, 0.05), (PERIODIC, 0.55), (CYCLIC, 0.2), (REAL, 0.3),
                         (EQUAL_ROWS, 0.2), (SLOW, 0.0005)]:
        yield "markov_solve", {**model, "delta": delta}

    for initial, model, n, beta in [([0.8, 0.2], CHAIN, 1, 0.8), ([0.8, 0.2], CHAIN, 200, -0.5), ([1.0, 0.0], CHAIN, 50, 50.0),
                                    ([0.5, 0.5], FLIP, 9, 1.25), ([0.25, 0.75], FLIP, 10, 1.25), ([0.2, 0.3, 0.5], PERIODIC, 25, 0.6),
                                    ([1.0, 0.0, 0.0], CYCLIC, 30, -1.1), ([0.2, 0.3, 0.5], REAL, 20, 0.7),
                                    ([0.5, 0.3, 0.2], EQUAL_ROWS, 40, 0.7751746209852189), ([0.999, 0.001], SLOW, 100, 1e-9)]:
        yield "markov_finite", {"initial": initial, **model, "n": n, "beta": beta}

    for initial, model, n, log_n in [([0.8, 0.2], CHAIN, 1, 0.2), ([0.8, 0.2], CHAIN, 30, 0), ([0.8, 0.2], CHAIN, 30, 1e-6),
                                     ([0.8, 0.2], CHAIN, 30, 40.0), ([0.5, 0.5], FLIP, 9, 0.5), ([0.5, 0.5], FLIP, 10, 2.0),
                                     ([0.2, 0.3, 0.5], PERIODIC, 25, 3.0), ([1.0, 0.0, 0.0], CYCLIC, 30, 6.0),
                                     ([0.2, 0.3, 0.5], REAL, 20, 5.0), ([0.5, 0.3, 0.2], EQUAL_ROWS, 10, 2.0)]:
        yield "markov_bon", {"initial": initial, **model, "n": n, "log_best_of": log_n}

    for law, log_n in [(THREE, 0), (THREE, 0.001), (TIED, LOG_3), (TIED, 6.0), (SMALL_TOP, 5.0), (LARGE, 1.0), (ONE, 2.0),
                       (SHARED_TWIN, LOG_2), (SHARED_TWIN, LOG_3), (SHARED_TWIN, LOG_4),
                       ({"p": [0.4, 0.6, 0.0], "r": [3, 3, 1]}, 2.0), ({"p": [0.9999999999, 1e-10], "r": [0, 1]}, 10.0)]:
        yield "bon_twin", {**law, "log_best_of": log_n}

    hedged = [TURNING, {"p": [0.4, 0.3, 0.2, 0.1], "r": [0, 1, 2, 3], "gold": [0, 1, 2, 2.5]},
              {"p": [0.4, 0.3, 0.2, 0.1], "r": [0, 1, 2, 3], "gold": [3, 2, 1, -1]},
              {"p": [0.25, 0.25, 0.25, 0.25], "r": [0, 0, 1, 1], "gold": [1, -1, 2, -2]},
              {"p": [0.9, 0.09, 0.009, 0.0009, 0.0001], "r": [0, 1, 2, 3, 4], "gold": [0, 1, -1, 1.5, -2]},
              {"p": [0.9, 0.09, 0.009, 0.0009, 0.0001], "r": [0, 1, 2, 3, 4], "gold": [0, 1.5, -1, 1.5, -2]},
              {"p": [0.1, 0.2, 0.0, 0.3, 0.4], "r": [-2, -2, 5, 0.5, 7.5], "gold": [1, 0, 9, 4, -3]}, {**ONE, "gold": [1.5]}]
    for law in hedged:
        for family in ("bon", "zero_truncated_poisson", "poisson_plus_one"):
            if law is not TURNING:
                yield "hedge", {**law, "family": family}


def self_checks():
    """Second routes, still by brute force: tuples, sequences, the other soft best-of-n sums, R27's variance."""
    close = lambda a, b: all(abs(x - y) < mpf(10) ** -35 for x, y in zip(a, b))
    for law, n, ties in [(THREE, 4, "random"), (TIED, 3, "random"), (TIED, 3, "order")]:
        p, r = exact(law["p"]), exact(law["r"])
        tuples = [mpf(x.numerator) / x.denominator for x in bon_by_tuples(law["p"], law["r"], n, ties)]
        assert close(tuples, bon(p, r, log(mpf(n)), ties)["policy"])

    p, a = normalised(exact(TIED["p"])), [exp(x) for x in exact(TIED["r"])]
    assert close(soft_by_types(p, a, 7), soft_by_integral(p, a, 7))
    assert close(soft_by_types(p[:2], a[:2], 7), soft_by_integral(p[:2], a[:2], 7))
    coin = [mpf(1) / 3, mpf(2) / 3]
    assert close(soft_by_types(coin, a[:2], 40), soft_two(coin, a[:2], 40))

    rows, reward, initial, n = [normalised(row) for row in CYCLIC["transition"]], CYCLIC["reward"], [mpf(1) / 3] * 3, 6
    law = defaultdict(lambda: mpf(0))
    for path in itertools.product(range(3), repeat=n):
        weight = initial[path[0]]
        for i, j in zip(path, path[1:]):
            weight *= rows[i][j]
        if weight > 0:
            law[sum(mpf(reward[i]) for i in path)] += weight
    values, masses = chain_law(initial, rows, reward, n)
    assert close(values, sorted(law)) and close(masses, [law[v] for v in sorted(law)])

    case = exact(CYCLIC["transition"])
    known = markov(case, reward, 1.1)
    doob, weights = matrix(known["tilted_transition"]), matrix(known["stationary"])
    centred = matrix([x - known["mean"] for x in reward])
    solved = mp.lu_solve(mp.eye(3) - doob + matrix([1, 1, 1]) * weights.T, doob * centred)
    variance = sum(w * (c * c + 2 * c * x) for w, c, x in zip(weights, centred, solved))
    assert close([variance], [known["variance"]])


# ------------------------------------------------------------------------------------------------------------ the writing

mismatches = 0


def complain(where, name, given, printed, value):
    global mismatches
    mismatches += 1
    print(f"mismatch with specification {where}: {name} {given}: printed {printed}, computed {value}", file=sys.stderr)


@cache
def computed(name, given, ulps):
    function, digits, _ = COMPUTED[name]
    with mp.workdps(digits):
        arguments = {key: moved(key, exact(value), ulps) for key, value in json.loads(given).items()}
        return tidied(function(**arguments), mpf(10) ** (10 - digits))


def compute(name, given, ulps=0):
    return computed(name, json.dumps(given), ulps)


MOVED = "p q omega initial transition delta beta lambda log_best_of param eps kl t".split()


def moved(key, value, ulps):
    """An input moved by relative 2^-52: neighbours of a law in opposite directions."""
    if ulps == 0 or key not in MOVED:
        return value
    if isinstance(value, list):
        return [moved(key, x, ulps if i % 2 else -ulps) for i, x in enumerate(value)]
    value *= 1 + ulps * mpf(2) ** -52
    return min(value, mpf(1)) if key == "eps" else value


def tidied(value, noise):
    """Residues of cancellation below the working precision are zero."""
    if isinstance(value, dict):
        return {key: tidied(x, noise) for key, x in value.items()}
    if isinstance(value, list):
        return [tidied(x, noise) for x in value]
    return mpf(0) if isinstance(value, mpf) and abs(value) < noise else value


def tolerance(name, given, output):
    """1e-12, or more where 32 times the effect of one ulp of the inputs is more: (rtol |b| + 1e-12) covers it."""
    needed = mpf(10) ** -12
    for ulps in (1, -1):
        other = compute(name, given, ulps)
        for a, b in zip(numbers(output), numbers(other)):
            if abs(a) < inf and abs(b) < inf and a != b and a != 0:
                needed = max(needed, (32 * abs(a - b) - mpf(10) ** -12) / abs(a))
    return float(mp.nstr(needed, 2)) if needed > mpf(10) ** -12 else 1e-12


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [x for item in value for x in numbers(item)]
    return [value] if isinstance(value, mpf) else []


def agree(printed, value, rtol):
    if isinstance(printed, list):
        return len(printed) == len(value) and all(agree(a, b, rtol) for a, b in zip(printed, value))
    if isinstance(printed, str) or printed is None:
        return printed == (("inf" if value > 0 else "-inf") if not isinstance(value, str) and abs(value) == inf else value)
    return abs(mpf(value) - printed) <= rtol * abs(printed) + 1e-15


def written(value):
    """JSON text; mpf with 17 significant digits, zero below the least double."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, mpf):
        if abs(value) == inf:
            return '"inf"' if value > 0 else '"-inf"'
        return "0.0" if abs(value) < 5e-324 else mp.nstr(value, 17)
    return json.dumps(value)


def main():
    lines = []

    def add(name, given, output, rtol, origin):
        lines.append(written({"quantity": name, "input": given, "output": output, "rtol": rtol, "origin": origin}))

    with mp.workdps(60):
        self_checks()
    for where, short, given, printed, rtol in specification_cases():
        name = "asymptotics." + short
        slow = name == "asymptotics.mem_bon" and given["n"] >= 1000  # half a million types: three minutes
        value = compute(name, given) if "--slow" in sys.argv or not slow else printed
        for field, number in printed.items():
            if not agree(number, value[field], rtol):
                complain(where, name, json.dumps(given), f"{field} {number}", written(value[field]))
        add(name, given, printed, rtol, "specification " + where)
    for short, given in computed_cases():
        name = "asymptotics." + short
        output = compute(name, given)
        add(name, given, output, tolerance(name, given, output), "computed: " + COMPUTED[name][2])
    print("[\n" + ",\n".join(lines) + "\n]")
    print(f"{len(lines)} cases, {mismatches} mismatches", file=sys.stderr)


if __name__ == "__main__":
    main()
