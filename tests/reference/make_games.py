"""Reference table of the engine `games`: `python make_games.py > games.json` (needs mpmath; about a minute).

Every number comes from a definition, evaluated by plain formulas in 50 digits: Newton's iteration on the fixed point,
algorithms as products of powers (not log-ratio recursions), rational linear algebra over all supports, eigenvalues of A C,
sums over pairs and triples. No line follows the library. Inputs are the doubles that the JSON holds, taken as exact.
Case origins:

  "specification S..."  the output is the specification's, its printed digits as tolerance
  "computed: ..."       the output is this script's, 17 significant digits

Values of the first kind are recomputed; any that differ beyond their printed digits are listed on stderr.
A case passes when |a - b| <= rtol |b| + 1e-13 for each number.
"""

import json
import sys
from fractions import Fraction
from itertools import combinations

from mpmath import asinh, eig, exp, inf, log, lu_solve, matrix, mp, mpf, sin, sqrt, tanh

mp.dps = 50


def exact(x):
    if isinstance(x, list):
        return [exact(v) for v in x]
    if isinstance(x, dict):
        return {k: exact(v) for k, v in x.items()}
    return mpf(x) if isinstance(x, (float, int)) and not isinstance(x, bool) else x


def advantage(P):
    return [[x - mpf(1) / 2 for x in row] for row in P]


def times(A, p):
    return [sum((a * x for a, x in zip(row, p)), mpf(0)) for row in A]


def normalised(w):
    total = sum(w)
    return [x / total for x in w]


def uniform(n):
    return [mpf(1) / n] * n


def reference(case, n):
    return normalised(case["ref"]) if "ref" in case else uniform(n)


def divergence(p, q):
    if any(x > 0 and y == 0 for x, y in zip(p, q)):
        return inf
    return sum((x * log(x / y) for x, y in zip(p, q) if x > 0), mpf(0))


def span(x):
    return max(x) - min(x)


def softmax(logits):
    top = max(logits)
    return normalised([exp(x - top) for x in logits])


def equilibrium(A, ref, beta):
    """Newton in pi on pi - softmax(log ref + A pi / beta), beta lowered from 1 by factors 0.7."""
    n = len(ref)
    x = [mpf(0)] * n
    strength = max(mpf(1), beta)
    while True:
        for _ in range(100):
            p = normalised([r * exp(v) for r, v in zip(ref, x)])
            g = times(A, p)
            F = [x[i] - g[i] / strength for i in range(n)]
            if max(abs(f) for f in F) < mpf(10) ** -45:
                break
            J = matrix(n, n)
            for i in range(n):
                for j in range(n):
                    J[i, j] = (1 if i == j else 0) - (A[i][j] - g[i]) * p[j] / strength
            d = lu_solve(J, matrix([-f for f in F]))
            x = [x[i] + d[i] for i in range(n)]
        else:
            raise RuntimeError("Newton")
        if strength == beta:
            return p
        strength = max(strength * mpf("0.7"), beta)


def gap(A, ref, beta, p):
    """SubOpt_beta(p) = beta log sum ref e^{A p / beta} + beta KL(p || ref), the definition."""
    g = times(A, p)
    return beta * log(sum(r * exp(x / beta) for r, x in zip(ref, g))) + beta * divergence(p, ref)


def exploitability(A, p):
    return max(times(A, p))


def T(ref, beta, eta, w, o, A):
    g = times(A, o)
    return normalised(
        [(r**eta * x * exp(eta / beta * y)) ** (1 / (1 + eta)) for r, x, y in zip(ref, w, g)]
    )


def explicit(ref, beta, e, w, o, A):
    g = times(A, o)
    return normalised([x ** (1 - e * beta) * r ** (e * beta) * exp(e * y) for r, x, y in zip(ref, w, g)])


def q_equilibrium(case):
    A, n = advantage(case["P"]), len(case["P"])
    ref = reference(case, n)
    p = equilibrium(A, ref, case["beta"])
    win = mpf(1) / 2 + sum(x * y for x, y in zip(p, times(A, ref)))
    return {
        "pi": p,
        "log_ratio_span": span([log(x / r) for x, r in zip(p, ref)]),
        "kl_ref": divergence(p, ref),
        "win_vs_ref": win,
        "exploitability": exploitability(A, p),
    }


def rational(x):
    return Fraction(float(x)).limit_denominator(10000)


def q_von_neumann(case):
    """Every odd support with a positive one-dimensional kernel, in rational arithmetic; the game must have one winner."""
    n = len(case["P"])
    A = [[rational(x) - Fraction(1, 2) for x in row] for row in case["P"]]
    found = []
    for size in range(1, n + 1, 2):
        for S in combinations(range(n), size):
            kernel = null_vector([[A[i][j] for j in S] for i in S])
            if kernel is None or any(x <= 0 for x in kernel):
                continue
            p = [Fraction(0)] * n
            for i, x in zip(S, kernel):
                p[i] = x
            if all(sum(a * x for a, x in zip(row, p)) <= 0 for row in A):
                found.append(p)
    assert len(found) == 1, found
    return {"pi": [mpf(x.numerator) / x.denominator for x in found[0]], "exploitability": mpf(0)}


def null_vector(M):
    """The normalised kernel of a square rational matrix if it is one-dimensional."""
    n = len(M)
    M = [row[:] for row in M]
    pivots, r = [], 0
    for c in range(n):
        k = next((i for i in range(r, n) if M[i][c] != 0), None)
        if k is None:
            continue
        M[r], M[k] = M[k], M[r]
        M[r] = [x / M[r][c] for x in M[r]]
        for i in range(n):
            if i != r and M[i][c] != 0:
                M[i] = [x - M[i][c] * y for x, y in zip(M[i], M[r])]
        pivots.append(c)
        r += 1
    free = [c for c in range(n) if c not in pivots]
    if len(free) != 1:
        return None
    v = [Fraction(0)] * n
    v[free[0]] = Fraction(1)
    for row, c in zip(M, pivots):
        v[c] = -row[free[0]]
    total = sum(v)
    return None if total == 0 else [x / total for x in v]


def q_win_rate(case):
    A, n = advantage(case["P"]), len(case["P"])
    p, q = normalised(case["pi"]), normalised(case["pi2"])
    win = mpf(1) / 2 + sum(x * y for x, y in zip(p, times(A, q)))
    if "beta" not in case:
        return {"win_rate": win}
    ref = reference(case, n)
    return {"win_rate": win, "regularized": win + case["beta"] * (divergence(q, ref) - divergence(p, ref))}


def q_suboptimality(case):
    A, n, beta = advantage(case["P"]), len(case["P"]), case["beta"]
    p, ref = normalised(case["pi"]), reference(case, n)
    if beta == 0:
        return {"subopt": exploitability(A, p)}
    best = normalised([r * exp(x / beta) for r, x in zip(ref, times(A, p))])
    star = equilibrium(A, ref, beta)
    return {
        "subopt": gap(A, ref, beta, p),
        "best_response": best,
        "kl_pi_best_response": divergence(p, best),
        "kl_pi_star": divergence(p, star),
        "kl_star_pi": divergence(star, p),
    }


def q_run(case):
    A, n = advantage(case["P"]), len(case["P"])
    ref = reference(case, n)
    p = normalised(case["init"]) if "init" in case else ref
    beta, step, name = case.get("beta"), case.get("step"), case["algorithm"]
    bar, old = p, p
    for t in range(int(case["iters"])):
        if name == "mp":
            p = T(ref, beta, step, p, T(ref, beta, step, p, p, A), A)
        elif name == "mmd":
            p = T(ref, beta, step, p, p, A)
        elif name == "omd":
            p = explicit(ref, beta, step, p, p, A)
        elif name == "egpo":
            p = explicit(ref, beta, step, p, explicit(ref, beta, step, p, p, A), A)
        elif name == "omwu_reg":
            bar = explicit(ref, beta, step, p, bar, A)
            p = explicit(ref, beta, step, p, bar, A)
        elif name in ("nash_md", "nash_md_decay"):
            e = step if name == "nash_md" else 2 / (beta * (t + 2))
            m = normalised([x ** (1 - e * beta) * r ** (e * beta) for x, r in zip(p, ref)])
            p = explicit(ref, beta, e, p, m, A)
        elif name == "hedge":
            p = normalised([x * exp(step * y) for x, y in zip(p, times(A, p))])
        elif name == "omwu":
            g = [2 * x - y for x, y in zip(times(A, p), times(A, old))]
            p, old = normalised([x * exp(step * y) for x, y in zip(p, g)]), p
        elif name == "prox":
            shifted = normalised([(r**step * x) ** (1 / (1 + step)) for r, x in zip(ref, p)])
            p = equilibrium(A, shifted, beta * (1 + step) / step)
    per = {"mp": 2, "egpo": 2, "prox": 0}.get(name, 1)
    out = {"pi": p, "queries": mpf(per * int(case["iters"]))}
    if beta is None:
        return out | {"exploitability": exploitability(A, p)}
    star = equilibrium(A, ref, beta)
    return out | {
        "kl_star": divergence(star, p),
        "subopt": gap(A, ref, beta, p),
        "span": span([log(x / y) for x, y in zip(p, star)]),
    }


def q_rate_bound(case):
    beta, N = case["beta"], int(case["queries"])
    kl0 = case.get("kl0", 1 / (2 * beta))
    top = 2 * beta * (beta + sqrt(1 + beta**2))
    K = N // 2
    return {
        "eta": 2 * beta,
        "eta_max": top,
        "kl_bound": kl0 / (1 + 2 * beta) ** K,
        "kl_bound_sharp": kl0 / (1 + top) ** K,
        "mmd_kl_bound": kl0 / (1 + 4 * beta**2) ** N,
        "nash_md_bound": 8 / (beta**2 * (N + 1)),
    }


def moduli(A, p):
    n = len(p)
    g = times(A, p)
    M = matrix(n, n)
    for i in range(n):
        for j in range(n):
            M[i, j] = p[j] * (A[i][j] - g[i])
    values = sorted((abs(z) for z in eig(M, left=False, right=False)), reverse=True)
    return values[:-1]


def q_local_rate(case):
    A, n, beta, step = advantage(case["P"]), len(case["P"]), case["beta"], case["step"]
    lam = moduli(A, equilibrium(A, reference(case, n), beta))
    z = [step * x / beta for x in lam]
    a = 1 - step * beta
    radius = {
        "mp": lambda: [abs(1 + 1j * x * (1 + 1j * x) / (1 + step)) / (1 + step) for x in z],
        "mmd": lambda: [abs(1 + 1j * x) / (1 + step) for x in z],
        "prox": lambda: [1 / abs(1 + step - 1j * x) for x in z],
        "omd": lambda: [abs(a + 1j * step * x) for x in lam],
        "egpo": lambda: [abs(a + 1j * step * x * (a + 1j * step * x)) for x in lam],
        "nash_md": lambda: [abs(a) * abs(1 + 1j * step * x) for x in lam],
    }[case["algorithm"]]()
    return {"lambda_max": lam[0] if lam else mpf(0), "spectral_radius": max(radius, default=mpf(0))}


def q_critical_step(case):
    A, n, beta = advantage(case["P"]), len(case["P"]), case["beta"]
    lam = moduli(A, equilibrium(A, reference(case, n), beta))
    if not lam or lam[0] <= beta:
        return {"step": None}
    c = lam[0] / beta
    if case["algorithm"] == "mmd":
        return {"step": 2 / (c**2 - 1)}
    radius = lambda eta: abs(1 + 1j * eta * c * (1 + 1j * eta * c) / (1 + eta)) / (1 + eta) - 1
    low, high = beta / 100, beta / 100
    while radius(high) < 0:
        high *= 2
    for _ in range(180):
        middle = (low + high) / 2
        low, high = (middle, high) if radius(middle) < 0 else (low, middle)
    return {"step": low}


def q_prox_sequence(case):
    A, n = advantage(case["P"]), len(case["P"])
    p, out = reference(case, n), {"exploitability": [], "kl_step": []}
    for _ in range(int(case["stages"])):
        old, p = p, equilibrium(A, p, case["beta"])
        out["exploitability"].append(exploitability(A, p))
        out["kl_step"].append(divergence(p, old))
    return {"pi": p} | out


def q_contextual(case):
    rho = normalised(case["rho"])
    per, stars, kls = [], [], []
    for x, P in enumerate(case["P"]):
        A, n = advantage(P), len(P)
        ref = normalised(case["ref"][x]) if "ref" in case else uniform(n)
        star, p = equilibrium(A, ref, case["beta"]), normalised(case["pi"][x])
        stars.append(star)
        per.append(gap(A, ref, case["beta"], p))
        kls.append(divergence(star, p))
    mean = lambda v: sum((w * y for w, y in zip(rho, v) if w > 0), mpf(0))
    return {"pi_star": stars, "subopt": mean(per), "subopt_per_context": per, "kl_star": mean(kls)}


def sigma(x):
    return 1 / (1 + exp(-x))


def q_preference(case):
    family = case["family"]
    if family == "bradley_terry":
        r, t = case["rewards"], case.get("temperature", mpf(1))
        return {"P": [[sigma((a - b) / t) for b in r] for a in r]}
    if family == "annotators":
        n = len(case["rewards"][0])
        rows = range(n)
        mix = lambda i, j: sum(w * sigma(r[i] - r[j]) for w, r in zip(case["weights"], case["rewards"]))
        return {"P": [[mix(i, j) for j in rows] for i in rows]}
    if family == "cyclic":
        n, s = int(case["n"]), case["strength"]
        P = [[mpf(1) / 2] * n for _ in range(n)]
        for i in range(n):
            for d in range(1, (n - 1) // 2 + 1):
                P[i][(i + d) % n] = mpf(1) / 2 + s / 2
                P[(i + d) % n][i] = mpf(1) / 2 - s / 2
        return {"P": P}
    if family == "low_rank":
        return {"P": low_rank(case)}
    if family == "mixture":
        parts = [q_preference(c)["P"] for c in case["components"]]
        n = len(parts[0])
        mix = lambda i, j: sum(w * P[i][j] for w, P in zip(case["weights"], parts))
        return {"P": [[mix(i, j) for j in range(n)] for i in range(n)]}
    raise ValueError(family)


def low_rank(case):
    U, V, n = case["U"], case["V"], len(case["U"])
    dot = lambda a, b: sum((x * y for x, y in zip(a, b)), mpf(0))
    S = [[dot(U[i], V[j]) - dot(V[i], U[j]) for j in range(n)] for i in range(n)]
    link = sigma if case["link"] == "logistic" else (lambda s: mpf(1) / 2 + s)
    return [[link(s) for s in row] for row in S]


def q_payoff_lowrank(case):
    return {"payoff": times(low_rank(case), normalised(case["pi"]))}


def q_intransitivity(case):
    P, A = case["P"], advantage(case["P"])
    n = len(P)
    half = mpf(1) / 2
    winner = next((i for i in range(n) if all(P[i][j] > half for j in range(n) if j != i)), -1)
    beats = lambda i, j: P[i][j] > half
    cycles = sum(
        (beats(i, j) and beats(j, k) and beats(k, i)) or (beats(j, i) and beats(k, j) and beats(i, k))
        for i, j, k in combinations(range(n), 3)
    )
    s = [sum(row) / n for row in A]
    total = sum(a * a for row in A for a in row)
    gradient = sum((s[i] - s[j]) ** 2 for i in range(n) for j in range(n))
    return {
        "condorcet_winner": mpf(winner),
        "strict_cycles": mpf(cycles),
        "borda": [sum(P[i][j] for j in range(n) if j != i) / (n - 1) if n > 1 else mpf(0) for i in range(n)],
        "curl_fraction": 1 - gradient / total if total else mpf(0),
    }


def q_ipo_gradient(case):
    A, n, beta = advantage(case["P"]), len(case["P"]), case["beta"]
    p, ref = softmax(case["logits"]), reference(case, n)
    h = [log(x / r) for x, r in zip(p, ref)]
    ipo = [mpf(0)] * n
    for y in range(n):
        for z in range(n):
            residual = h[y] - h[z] - A[y][z] / beta
            ipo[y] += 2 * p[y] * p[z] * residual
            ipo[z] -= 2 * p[y] * p[z] * residual
    return {"ipo_grad": ipo, "self_play_grad": [-beta / 4 * g for g in ipo]}


COMPUTE = {name[2:]: function for name, function in list(globals().items()) if name.startswith("q_")}

S6M = [[0.5 + 0.5 * float(sin(mpf("0.7") * (i - j) * (i + j + 1))) for j in range(6)] for i in range(6)]
for i in range(6):
    for j in range(i):
        S6M[i][j] = 1.0 - S6M[j][i]
RPS = [[0.5, 1.0, 0.0], [0.0, 0.5, 1.0], [1.0, 0.0, 0.5]]
Q = [
    [0.5, 0.7, 0.2, 0.9, 0.6],
    [0.3, 0.5, 0.8, 0.4, 0.45],
    [0.8, 0.2, 0.5, 0.35, 0.7],
    [0.1, 0.6, 0.65, 0.5, 0.25],
    [0.4, 0.55, 0.3, 0.75, 0.5],
]
TWO = [[0.5, 0.8], [0.2, 0.5]]
E2 = [[0.5, 0.5 - 1 / 6, 1.0], [0.5 + 1 / 6, 0.5, 0.0], [0.0, 1.0, 0.5]]
E2[1][0] = 1.0 - E2[0][1]
CYC9 = [[0.5 if i == j else float((j - i) % 9 in (1, 2, 3, 4)) for j in range(9)] for i in range(9)]
SKEWED = [0.4, 0.3, 0.15, 0.1, 0.05]

SPECIFICATION = [
    ("S1", "equilibrium", {"P": TWO, "beta": 0.1, "ref": [0.1, 0.9]},
     {"pi": [0.690567857703016, None], "log_ratio_span": 3, "kl_ref": 1.0040476284264, "win_vs_ref": 0.677170357310905,
      "exploitability": 0.0928296426890953}),
    ("S2", "equilibrium", {"P": E2, "beta": 1 / 60},
     {"pi": [0.443615888196571, 0.412487642909346, 0.143896468894083], "kl_ref": 0.0937984432853824,
      "exploitability": 0.00320029396215046}),
    ("S3", "equilibrium", {"P": S6M, "beta": 0.05},
     {"pi": [0.20192643535735, 0.0920203116587663, 0.408012263469155, 0.102447524865566, 0.0916524860989817,
             0.10394097855018], "log_ratio_span": 1.49329313154527, "kl_ref": 0.195645271448076,
      "win_vs_ref": 0.518645486962477, "exploitability": 0.0349828075136363}),
    ("S4", "run", {"P": S6M, "beta": 0.05, "algorithm": "mp", "step": 0.1, "iters": 20},
     {"queries": 40, "kl_star": 0.000123367801364364, "subopt": 0.000142132497201258, "span": 0.0372404058467639}),
    ("S4", "run", {"P": S6M, "beta": 0.05, "algorithm": "mmd", "step": 0.01, "iters": 40},
     {"queries": 40, "kl_star": 0.0971675305755717, "subopt": 0.0530388526814891}),
    ("S4", "run", {"P": S6M, "beta": 0.05, "algorithm": "omwu_reg", "step": 0.5, "iters": 40},
     {"queries": 40, "kl_star": 0.0169999001953715, "subopt": 0.0175992719595118}),
    ("S4", "run", {"P": S6M, "beta": 0.05, "algorithm": "nash_md_decay", "iters": 40},
     {"queries": 40, "kl_star": 0.105225469344521, "subopt": 0.102428178714866}),
    ("S5", "suboptimality", {"P": S6M, "beta": 0.05, "pi": [0.3, 0.25, 0.2, 0.12, 0.08, 0.05]},
     {"subopt": 0.110635877633674, "kl_pi_best_response": 2.21271755267348, "kl_pi_star": 0.197539346265372,
      "kl_star_pi": 0.191321788387334}),
    ("S6", "von_neumann", {"P": Q}, {"pi": [0.375, 0.375, 0.25, 0, 0], "exploitability": 0}),
    ("S7", "local_rate", {"P": RPS, "beta": 0.1, "algorithm": "mp", "step": 0.2},
     {"lambda_max": 0.288675134594813, "spectral_radius": 0.723171266287653}),
    ("S7", "critical_step", {"P": RPS, "beta": 0.1, "algorithm": "mp"}, {"step": 0.662542550429007}),
    ("S7", "critical_step", {"P": RPS, "beta": 0.1, "algorithm": "mmd"}, {"step": 0.272727272727273}),
    ("S8", "rate_bound", {"beta": 0.1, "queries": 40},
     {"kl_bound": 0.130420266522944, "eta_max": 0.220997512422418, "kl_bound_sharp": 0.0921880060106293,
      "mmd_kl_bound": 1.04144522331471, "nash_md_bound": 19.5121951219512}),
    ("S9", "ipo_gradient", {"P": RPS, "beta": 0.5, "logits": [0, 1, -1]},
     {"ipo_grad": [-1.12616285975704, 1.54199531409771, -0.41583245434067],
      "self_play_grad": [0.14077035746963, -0.192749414262214, 0.0519790567925838]}),
    ("S10", "prox_sequence", {"P": Q, "beta": 0.2, "stages": 4},
     {"pi": [0.26626291097765, 0.297279921101511, 0.304569097376724, 0.0521610871828919, 0.079726983361223],
      "exploitability": [0.0399710486261557, 0.0286342047647973, 0.0255077693617528, 0.0289156891311368],
      "kl_step": [0.023795414754068, 0.016081586964275, 0.0114279098372768, 0.00873727037970498]}),
    ("S11", "contextual",
     {"P": [RPS, TWO], "rho": [0.25, 0.75], "beta": 0.1, "pi": [[0.5, 0.25, 0.25], [0.5, 0.5]]},
     {"subopt": 0.0772595151384683, "subopt_per_context": [0.052406009249734, 0.0855440171013797],
      "kl_star": 0.39086991015641}),
    ("S12", "intransitivity", {"P": Q},
     {"condorcet_winner": -1, "strict_cycles": 4, "borda": [0.6, 0.4875, 0.5125, 0.4, 0.5],
      "curl_fraction": 0.876777251184834}),
    ("S13", "preference", {"family": "annotators", "weights": [1 / 3, 1 / 3, 1 / 3],
                           "rewards": [[2, 1, 0], [0, 2, 1], [1, 0, 2]]},
     {"P": [[0.5, 0.527106693094042, 0.472893306905957], [0.472893306905957, 0.5, 0.527106693094042],
            [0.527106693094042, 0.472893306905957, 0.5]]}),
    ("S14", "run", {"P": Q, "beta": 0.5, "algorithm": "nash_md", "step": 0.5, "iters": 400},
     {"kl_star": 1.42600887674248e-05, "span": 0.014195267256848}),
    ("S16", "critical_step", {"P": RPS, "beta": 0.28, "algorithm": "mp"}, {"step": 48.167234900477}),
    ("S16", "critical_step", {"P": RPS, "beta": 0.3, "algorithm": "mp"}, {"step": None}),
    ("S16", "critical_step", {"P": RPS, "beta": 0.3, "algorithm": "mmd"}, {"step": None}),
    ("S17", "suboptimality", {"P": RPS, "beta": 0.2, "pi": [1, 0, 0]},
     {"subopt": 0.517019449272863, "best_response": [0.0753887479629967, 0.00618828527280004, 0.918422966764203],
      "kl_pi_best_response": 2.58509724636431, "kl_pi_star": 1.09861228866811, "kl_star_pi": "inf"}),
]

COMPUTED = [
    ("equilibrium", {"P": Q, "beta": b, "ref": SKEWED}) for b in (0.001, 0.02, 0.3, 5.0, 1000.0)
] + [
    ("equilibrium", {"P": CYC9, "beta": 0.03, "ref": [(i + 1) / 45 for i in range(9)]}),
    ("equilibrium", {"P": RPS, "beta": 0.05, "ref": [1e-12, 0.5, 0.5 - 1e-12]}),
    ("equilibrium", {"P": [[0.5]], "beta": 0.1}),
    ("von_neumann", {"P": TWO}),
    ("von_neumann", {"P": RPS, "ref": [0.6, 0.3, 0.1]}),
    ("von_neumann", {"P": CYC9}),
    ("von_neumann", {"P": [[0.5]]}),
    ("von_neumann", {"P": [[0.5, 0.9, 0.3, 0.2], [0.1, 0.5, 0.8, 0.9], [0.7, 0.2, 0.5, 0.45], [0.8, 0.1, 0.55, 0.5]]}),
    ("win_rate", {"P": Q, "pi": SKEWED, "pi2": [0.2, 0.2, 0.2, 0.2, 0.2]}),
    ("win_rate", {"P": Q, "pi": [1, 0, 0, 0, 0], "pi2": SKEWED, "beta": 0.3, "ref": [0.1, 0.2, 0.3, 0.2, 0.2]}),
    ("win_rate", {"P": RPS, "pi": [0, 1, 0], "pi2": [0, 0, 1], "beta": 2.0}),
    ("suboptimality", {"P": Q, "pi": SKEWED, "beta": 0}),
    ("suboptimality", {"P": Q, "pi": SKEWED, "beta": 0.02, "ref": [0.1, 0.2, 0.3, 0.2, 0.2]}),
    ("suboptimality", {"P": Q, "pi": [0.5, 0.5, 0, 0, 0], "beta": 3.0}),
    ("run", {"P": Q, "beta": 0.2, "algorithm": "omd", "step": 0.5, "iters": 30, "ref": SKEWED}),
    ("run", {"P": Q, "beta": 0.2, "algorithm": "egpo", "step": 0.8, "iters": 15, "init": SKEWED}),
    ("run", {"P": Q, "beta": 0.2, "algorithm": "mp", "step": 5.0, "iters": 12, "ref": SKEWED}),
    ("run", {"P": Q, "beta": 0.2, "algorithm": "prox", "step": 1.5, "iters": 3, "ref": SKEWED}),
    ("run", {"P": Q, "beta": 0.2, "algorithm": "nash_md_decay", "iters": 25, "init": SKEWED}),
    ("run", {"P": Q, "beta": 0.2, "algorithm": "mmd", "step": 0.1, "iters": 0, "init": SKEWED}),
    ("run", {"P": Q, "algorithm": "hedge", "step": 0.3, "iters": 20}),
    ("run", {"P": Q, "algorithm": "omwu", "step": 0.25, "iters": 40, "init": SKEWED}),
    ("run", {"P": RPS, "beta": 0.01, "algorithm": "mp", "step": 0.04, "iters": 300, "init": [0.4, 0.35, 0.25]}),
    ("rate_bound", {"beta": 2.5, "queries": 7, "kl0": 0.3}),
    ("rate_bound", {"beta": 1e-3, "queries": 0}),
] + [
    ("local_rate", {"P": Q, "beta": 0.1, "ref": SKEWED, "algorithm": a, "step": s})
    for a, s in [("mp", 0.3), ("mmd", 0.05), ("prox", 2.0), ("omd", 0.7), ("egpo", 1.5), ("nash_md", 4.0)]
] + [
    ("local_rate", {"P": TWO, "beta": 0.1, "algorithm": "mp", "step": 0.2}),
    ("critical_step", {"P": Q, "beta": 0.05, "ref": SKEWED, "algorithm": "mp"}),
    ("critical_step", {"P": Q, "beta": 0.05, "ref": SKEWED, "algorithm": "mmd"}),
    ("critical_step", {"P": [[0.5]], "beta": 0.05, "algorithm": "mmd"}),
    ("prox_sequence", {"P": RPS, "beta": 0.1, "ref": [0.6, 0.3, 0.1], "stages": 3}),
    ("prox_sequence", {"P": RPS, "beta": 0.1, "stages": 0}),
    ("contextual", {"P": [Q, TWO, RPS], "rho": [0.5, 0.5, 0], "beta": 0.7,
                    "ref": [SKEWED, [0.1, 0.9], [0.2, 0.3, 0.5]], "pi": [SKEWED, [0.4, 0.6], [1, 0, 0]]}),
    ("preference", {"family": "bradley_terry", "rewards": [0.3, -1.2, 2.0], "temperature": 0.7}),
    ("preference", {"family": "cyclic", "n": 6, "strength": -0.4}),
    ("preference", {"family": "low_rank", "U": [[0.3, 1.0], [0.2, -0.4], [0.9, 0.1]],
                    "V": [[1.1, 0.2], [-0.7, 0.8], [0.4, 0.6]], "link": "logistic"}),
    ("preference", {"family": "low_rank", "U": [[0.3], [0.2], [0.25]], "V": [[0.5], [-0.7], [0.4]], "link": "linear"}),
    ("preference", {"family": "mixture", "weights": [0.25, 0.75], "components": [
        {"family": "cyclic", "n": 3, "strength": 0.8},
        {"family": "mixture", "weights": [1.0], "components": [{"family": "bradley_terry", "rewards": [0.0, 1.0, 3.0]}]}]}),
    ("payoff_lowrank", {"U": [[0.3, 1.0], [0.2, -0.4], [0.9, 0.1]], "V": [[1.1, 0.2], [-0.7, 0.8], [0.4, 0.6]],
                        "link": "logistic", "pi": [0.5, 0.2, 0.3]}),
    ("payoff_lowrank", {"U": [[0.3], [0.2], [0.25]], "V": [[0.5], [-0.7], [0.4]], "link": "linear", "pi": [0, 1, 0]}),
    ("intransitivity", {"P": CYC9}),
    ("intransitivity", {"P": S6M}),
    ("intransitivity", {"P": [[0.5]]}),
    ("intransitivity", {"P": [[0.5, 0.5], [0.5, 0.5]]}),
    ("ipo_gradient", {"P": Q, "beta": 0.05, "ref": SKEWED, "logits": [1.0, -2.0, 0.5, 0.0, 3.0]}),
]


def printed(x):
    if isinstance(x, list):
        return [printed(v) for v in x]
    if isinstance(x, dict):
        return {k: printed(v) for k, v in x.items()}
    if x is None or isinstance(x, str):
        return x
    return "inf" if x == inf else float(x)


def differ(found, wanted, path, out):
    if wanted is None and found is not None and "[" in path:
        return
    if isinstance(wanted, list):
        for i, (f, w) in enumerate(zip(found, wanted, strict=True)):
            differ(f, w, f"{path}[{i}]", out)
    elif isinstance(wanted, dict):
        for k, w in wanted.items():
            differ(found[k], w, f"{path}.{k}", out)
    elif isinstance(wanted, str) or wanted is None:
        if found != wanted and printed(found) != wanted:
            out.append(f"{path}: {found} not {wanted}")
    elif abs(found - mpf(wanted)) > mpf("1e-14") * abs(found) + mpf("1e-15"):
        out.append(f"{path}: {mp.nstr(found, 17)} not {wanted}")


def main():
    cases, wrong = [], []
    for label, name, given, wanted in SPECIFICATION:
        found = COMPUTE[name](exact(given))
        differ(found, wanted, f"{label} {name}", wrong)
        wanted = {k: v for k, v in wanted.items() if not (isinstance(v, list) and None in v)}
        cases.append({"quantity": f"games.{name}", "input": given, "output": wanted, "rtol": 1e-12,
                      "origin": f"specification {label}"})
        cases.append({"quantity": f"games.{name}", "input": given, "output": printed(found), "rtol": 1e-12,
                      "origin": "computed: definition in 50 digits"})
    for name, given in COMPUTED:
        cases.append({"quantity": f"games.{name}", "input": given, "output": printed(COMPUTE[name](exact(given))),
                      "rtol": 1e-12, "origin": "computed: definition in 50 digits"})
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
    for line in wrong:
        print(line, file=sys.stderr)


main()
