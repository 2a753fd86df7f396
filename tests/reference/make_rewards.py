"""Reference table of the engine `rewards`: `python make_rewards.py > rewards.json` (needs mpmath; about a minute).

Every number comes from a definition, evaluated by brute force in 40 digits: linear systems by mpmath, optimal returns by
enumeration of the deterministic policies, worst-case regret as the lower envelope of the lines of all pairs of deterministic
policies, canonicalisations by least squares over all rewards on (s, a, s') (not by a reduction to potentials), penalised
optima by enumeration of the active sets. No line follows the library's algorithms. Case origins:

  "specification ..."   the output is the specification's, digit for digit, with its printed digits as tolerance
  "computed: ..."       the output is this script's, 17 significant digits

Values of the first kind are recomputed here; those that differ beyond their printed digits are listed on stderr.
A case passes when |a - b| <= rtol |b| + 1e-12 for each number.
"""

import itertools
import json
import random
import sys

from mpmath import acos, exp, log, lu_solve, matrix, mp, mpf, sqrt

mp.dps = 40
CASES = []


def exact(x):
    if isinstance(x, list):
        return [exact(v) for v in x]
    return mpf(x) if isinstance(x, (int, float)) else x


def plain(x):
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, list):
        return [plain(v) for v in x]
    return float(x) if isinstance(x, mpf) else x


class Mdp:
    def __init__(self, m):
        self.P, self.mu0, self.g = exact(m["P"]), exact(m["mu0"]), mpf(m["gamma"])
        self.S, self.A = len(self.P), len(self.P[0])
        self.pairs = [(s, a) for s in range(self.S) for a in range(self.A)]
        self.uniform = [[mpf(1) / self.A] * self.A for _ in range(self.S)]
        self.policies = [[[mpf(a == c[s]) for a in range(self.A)] for s in range(self.S)]
                         for c in itertools.product(range(self.A), repeat=self.S)]

    def expected(self, R):
        return [[sum(p * r for p, r in zip(self.P[s][a], R[s][a])) for a in range(self.A)] for s in range(self.S)]

    def values(self, rbar, pi):
        M, b = matrix(self.S, self.S), matrix(self.S, 1)
        for s in range(self.S):
            b[s] = sum(pi[s][a] * rbar[s][a] for a in range(self.A))
            for t in range(self.S):
                M[s, t] = mpf(s == t) - self.g * sum(pi[s][a] * self.P[s][a][t] for a in range(self.A))
        return list(lu_solve(M, b))

    def q(self, rbar, V):
        return [[rbar[s][a] + self.g * sum(p * v for p, v in zip(self.P[s][a], V)) for a in range(self.A)]
                for s in range(self.S)]

    def J(self, rbar, pi):
        return sum(m * v for m, v in zip(self.mu0, self.values(rbar, pi)))

    def occupancy(self, pi):
        M, b = matrix(self.S, self.S), matrix(self.S, 1)
        for t in range(self.S):
            b[t] = (1 - self.g) * self.mu0[t]
            for s in range(self.S):
                M[t, s] = mpf(s == t) - self.g * sum(pi[s][a] * self.P[s][a][t] for a in range(self.A))
        m = lu_solve(M, b)
        return [[m[s] * pi[s][a] for a in range(self.A)] for s in range(self.S)]

    def returns(self, R):
        rbar = self.expected(R)
        return [self.J(rbar, pi) for pi in self.policies]

    def span(self, R):
        j = self.returns(R)
        return max(j) - min(j)


# ------------------------------------------------------------------------------------------------------ canonicalisations


def least_squares(rows, target):
    """min ||target - rows x||; returns the residual."""
    columns = [[row[j] for row in rows] for j in range(len(rows[0]))]
    # Gram-Schmidt, twice: directions that depend on the others leave nothing.
    basis = []
    for v in columns:
        size = sqrt(sum(x * x for x in v))
        for _ in range(2):
            for b in basis:
                inner = sum(x * y for x, y in zip(v, b))
                v = [x - inner * y for x, y in zip(v, b)]
        left = sqrt(sum(x * x for x in v))
        if left > mpf(10) ** -25 * size:
            basis.append([x / left for x in v])
    out = list(target)
    for _ in range(2):
        for b in basis:
            inner = sum(x * y for x, y in zip(out, b))
            out = [x - inner * y for x, y in zip(out, b)]
    return out


def projected(m, R, weight, redistribute):
    """R plus the shaping (and redistribution) of least sum of weight C^2, over all (s, a, s')."""
    cells = [(s, a, t) for s, a in m.pairs for t in range(m.S)]
    directions = []
    for x in range(m.S):
        directions.append({(s, a, t): m.g * (t == x) - (s == x) for s, a, t in cells})
    if redistribute:
        for s, a in m.pairs:
            support = [t for t in range(m.S) if m.P[s][a][t] > 0]
            for t in range(m.S):
                if t not in support:
                    directions.append({(s, a, t): mpf(1)})
            for t in support[1:]:
                # moves reward from the first target to t with the same expectation
                directions.append({(s, a, t): 1 / m.P[s][a][t], (s, a, support[0]): -1 / m.P[s][a][support[0]]})
    kept = [c for c in cells if weight(*c) > 0]
    directions = [d for d in directions if any(d.get(c, 0) != 0 for c in kept)]
    root = {c: sqrt(weight(*c)) for c in kept}
    residual = least_squares([[root[c] * d.get(c, 0) for d in directions] for c in kept],
                             [root[c] * R[c[0]][c[1]][c[2]] for c in kept])
    C = [[[mpf(0)] * m.S for _ in range(m.A)] for _ in range(m.S)]
    for c, x in zip(kept, residual):
        C[c[0]][c[1]][c[2]] = x / root[c]
    if len(kept) < len(cells) and redistribute:
        # Off the support: the constant of the pair.
        for s, a, t in (c for c in cells if c not in kept):
            C[s][a][t] = sum(p * x for p, x in zip(m.P[s][a], C[s][a]))
    elif len(kept) < len(cells):
        # The same potential off the support: normal equations for it, in 40 digits.
        M, b = matrix(m.S, m.S), matrix(m.S, 1)
        for x in range(m.S):
            b[x] = -sum(weight(*c) * directions[x].get(c, 0) * R[c[0]][c[1]][c[2]] for c in kept)
            for y in range(m.S):
                M[x, y] = sum(weight(*c) * directions[x].get(c, 0) * directions[y].get(c, 0) for c in kept)
        phi = lu_solve(M, b)
        for s, a, t in cells:
            C[s][a][t] = R[s][a][t] + m.g * phi[t] - phi[s]
    return C


def canonicalise(m, R, canon, pi=None, d_s=None, d_a=None):
    S, A, g, P = m.S, m.A, m.g, m.P
    pi = pi or m.uniform
    d_s, d_a = d_s or [mpf(1) / S] * S, d_a or [mpf(1) / A] * A
    cells = lambda f: [[[f(s, a, t) for t in range(S)] for a in range(A)] for s in range(S)]
    if canon == "none":
        return R
    if canon == "epic":
        mean = [sum(d_a[b] * d_s[u] * R[s][b][u] for b in range(A) for u in range(S)) for s in range(S)]
        overall = sum(d * x for d, x in zip(d_s, mean))
        return cells(lambda s, a, t: R[s][a][t] + g * mean[t] - mean[s] - g * overall)
    if canon == "dard":
        def correction(s, t):
            return sum(d_a[b] * P[s][b][u] * P[t][b][v] * (g * R[t][b][v] - R[s][b][u] - g * R[u][b][v])
                       for b in range(A) for u in range(S) for v in range(S))
        return cells(lambda s, a, t: R[s][a][t] + correction(s, t))
    rbar = m.expected(R)
    V = m.values(rbar, pi)
    if canon == "val":
        Q = m.q(rbar, V)
        return cells(lambda s, a, t: Q[s][a] - V[s])
    if canon == "val_potential":
        return cells(lambda s, a, t: R[s][a][t] - V[s] + g * V[t])
    weight = (lambda s, a, t: P[s][a][t]) if canon.endswith("tau") else (lambda s, a, t: mpf(1))
    return projected(m, R, weight, canon.startswith("minimal"))


def norm(m, C, kind):
    flat = [(m.P[s][a][t], C[s][a][t]) for s, a in m.pairs for t in range(m.S)]
    if kind == "span":
        return m.span(C)
    if not kind.endswith("tau"):
        flat = [(mpf(1), x) for _, x in flat]
    if kind.startswith("l1"):
        return sum(w * abs(x) for w, x in flat)
    if kind.startswith("l2"):
        return sqrt(sum(w * x * x for w, x in flat))
    return max(w * abs(x) for w, x in flat)


def combined(m, x, C, y, D):
    return [[[x * C[s][a][t] + y * D[s][a][t] for t in range(m.S)] for a in range(m.A)] for s in range(m.S)]


def distance(m, R1, R2, canon, kind, metric, **laws):
    C, D = canonicalise(m, R1, canon, **laws), canonicalise(m, R2, canon, **laws)
    if metric == "angle":
        x, y = norm(m, C, "l2"), norm(m, D, "l2")
        inner = sum(C[s][a][t] * D[s][a][t] for s, a in m.pairs for t in range(m.S))
        return acos(inner / x / y)
    x, y = (1, 1) if kind == "none" else (1 / norm(m, C, kind), 1 / norm(m, D, kind))
    return norm(m, combined(m, x, C, -y, D), metric)


def pearson(m, R1, R2, canon, coverage=None, **laws):
    cells = [(s, a, t) for s, a in m.pairs for t in range(m.S)]
    w = [coverage[s][a][t] if coverage else mpf(1) / len(cells) for s, a, t in cells]
    C, D = ([canonicalise(m, R, canon, **laws)[s][a][t] for s, a, t in cells] for R in (R1, R2))
    mean = lambda x: sum(p * v for p, v in zip(w, x))
    C, D = ([v - mean(x) for v in x] for x in (C, D))
    rho = mean([x * y for x, y in zip(C, D)]) / sqrt(mean([x * x for x in C]) * mean([y * y for y in D]))
    return {"d": sqrt((1 - rho) / 2), "rho": rho}


# ------------------------------------------------------------------------------------------------------------------ regret


def worst_case(m, R1, R2):
    """The lower envelope's minimum over lambda >= 0 of max over pairs of policies of a - lambda c."""
    j1, j2 = m.returns(R1), m.returns(R2)
    n = len(j1)
    lines = [(j1[p] - j1[q], j2[p] - j2[q]) for p in range(n) for q in range(n)]
    value = lambda l: max(a - l * c for a, c in lines)
    lam = mpf(0)
    while True:
        top = value(lam)
        active = [(a, c) for a, c in lines if abs(a - lam * c - top) <= mpf(10) ** -30 * (1 + abs(top))]
        slope = max(-c for _, c in active)  # to the right
        if slope >= -mpf(10) ** -30:
            break
        # walk along the steepest active line until another takes over
        a, c = max(active, key=lambda line: -line[1])
        nxt = min(((b - a) / (e - c) for b, e in lines if e < c and (b - a) / (e - c) > lam), default=None)
        if nxt is None:
            break
        lam = nxt
    span = max(j1) - min(j1)
    return {"regret": value(lam), "normalised": value(lam) / span}


def optimal_regret(m, R1, R2):
    """Rewards without ties: one best policy each."""
    def one(Ra, Rb):
        ja, rb = m.returns(Ra), m.expected(Rb)
        best = max(range(len(ja)), key=lambda i: sum(m.values(rb, m.policies[i])))
        return (max(ja) - ja[best]) / (max(ja) - min(ja))
    x, y = one(R1, R2), one(R2, R1)
    return {"regret1": x, "regret2": y, "regret": (x + y) / 2}


# ----------------------------------------------------------------------------------------------------------------- proxies


def stats(m, ref, R, Rp):
    mu, x, y = m.occupancy(ref), m.expected(R), m.expected(Rp)
    mean = lambda f: sum(mu[s][a] * f(s, a) for s, a in m.pairs)
    jx, jy = mean(lambda s, a: x[s][a]), mean(lambda s, a: y[s][a])
    sx, sy = sqrt(mean(lambda s, a: (x[s][a] - jx) ** 2)), sqrt(mean(lambda s, a: (y[s][a] - jy) ** 2))
    r = mean(lambda s, a: (x[s][a] - jx) * (y[s][a] - jy)) / sx / sy
    return {"r": r, "sigma_true": sx, "sigma_proxy": sy, "j_ref_true": jx, "j_ref_proxy": jy}


def minimal_under(m, mu, rbar):
    """rbar plus the shaping of least norm under mu, on pairs."""
    root = [sqrt(mu[s][a]) for s, a in m.pairs]
    rows = [[w * (m.g * m.P[s][a][x] - (s == x)) for x in range(m.S)] for w, (s, a) in zip(root, m.pairs)]
    out = least_squares(rows, [w * rbar[s][a] for w, (s, a) in zip(root, m.pairs)])
    return {pair: x / w for pair, x, w in zip(m.pairs, out, root)}


def bounds(m, ref, pi, R, Rp):
    st = stats(m, ref, R, Rp)
    mu, nu = m.occupancy(ref), m.occupancy(pi)
    x, y = m.expected(R), m.expected(Rp)
    diff_ = {(s, a): nu[s][a] - mu[s][a] for s, a in m.pairs}
    chi2 = sum(diff_[s, a] ** 2 / mu[s][a] for s, a in m.pairs)
    g = sum(diff_[s, a] * y[s][a] for s, a in m.pairs) / st["sigma_proxy"]
    gain = sum(diff_[s, a] * x[s][a] for s, a in m.pairs) / st["sigma_true"]
    r = st["r"]
    cx, cy = minimal_under(m, mu, x), minimal_under(m, mu, y)
    inner = lambda u, v: sum(mu[s][a] * u[s, a] * v[s, a] for s, a in m.pairs)
    nx, ny = sqrt(inner(cx, cx)), sqrt(inner(cy, cy))
    rc = inner(cx, cy) / nx / ny
    gc = g * st["sigma_proxy"] / ny
    return {
        "chi2": chi2, "gain_proxy": g, "gain_true": gain,
        "bound_paper": (g - sqrt((1 - r * r) * chi2)) / r,
        "bound_sharp": r * g - sqrt(1 - r * r) * sqrt(chi2 - g * g),
        "r_canonical": rc,
        "bound_canonical": nx / st["sigma_true"] * (rc * gc - sqrt(1 - rc * rc) * sqrt(chi2 - gc * gc)),
    }


def quadratic(m, mu, c, l):
    """max <c, w> - l |w|^2 with w >= -1 and the flow equations, by enumeration of the active sets; {pair: w}."""
    n = len(m.pairs)
    G = [[m.g * m.P[s][a][x] - (s == x) for x in range(m.S)] for s, a in m.pairs]
    best = None
    for size in range(n):
        for active in itertools.combinations(range(n), size):
            free = [i for i in range(n) if i not in active]
            # w = (c + G phi) / 2l on the free pairs; flow: sum mu w G = 0
            M, b = matrix(m.S, m.S), matrix(m.S, 1)
            for x in range(m.S):
                b[x] = (sum(mu[i] * G[i][x] for i in active) * 2 * l - sum(mu[i] * c[i] * G[i][x] for i in free))
                for y in range(m.S):
                    M[x, y] = sum(mu[i] * G[i][x] * G[i][y] for i in free)
            try:
                phi = lu_solve(M, b)
            except ZeroDivisionError:
                continue
            y = [c[i] + sum(G[i][x] * phi[x] for x in range(m.S)) for i in range(n)]
            eps = mpf(10) ** -25
            if all(y[i] >= -2 * l - eps for i in free) and all(y[i] <= -2 * l + eps for i in active):
                w = [mpf(-1) if i in active else y[i] / 2 / l for i in range(n)]
                value = sum(mu[i] * (c[i] * w[i] - l * w[i] ** 2) for i in range(n))
                if best is None or value > best[0]:
                    best = (value, w)
    return best[1]


def orpo(m, ref, Rp, lam, penalty):
    occupancy, y = m.occupancy(ref), m.expected(Rp)
    mu = [occupancy[s][a] for s, a in m.pairs]
    proxy = [y[s][a] for s, a in m.pairs]
    cy = minimal_under(m, occupancy, y)
    c = [cy[pair] for pair in m.pairs]
    critical = sqrt(sum(w * x * x for w, x in zip(mu, c)))
    size = lambda w: sqrt(sum(p * x * x for p, x in zip(mu, w)))
    base = sum(p * r for p, r in zip(mu, proxy))
    if penalty == "chi2":
        w = quadratic(m, mu, c, lam)
        cost = lam * size(w) ** 2
    elif lam >= critical:
        w, cost = [mpf(0)] * len(mu), mpf(0)
    else:
        low, high = mpf(0), max(-x for x in c) / 2
        for _ in range(110):
            l = (low + high) / 2
            w = quadratic(m, mu, c, l)
            low, high = (l, high) if 2 * l * size(w) < lam else (low, l)
        cost = lam * size(w)
    gain = sum(p * x * r for p, x, r in zip(mu, w, proxy))
    return {"objective": base + gain - cost, "chi2": size(w) ** 2, "critical_lambda": critical}


def action_kl(m, ref, Rp, lam):
    rbar = m.expected(Rp)
    V = [mpf(0)] * m.S
    backup = lambda V: [lam * log(sum(ref[s][a] * exp(q / lam) for a, q in enumerate(row)))
                        for s, row in enumerate(m.q(rbar, V))]
    while True:
        W = backup(V)
        moved = max(abs(x - y) for x, y in zip(V, W))
        V = W
        if moved < mpf(10) ** -28 * (1 - m.g):
            break
    Q = m.q(rbar, V)
    pi = [[ref[s][a] * exp((Q[s][a] - V[s]) / lam) for a in range(m.A)] for s in range(m.S)]
    return {"V": V, "pi": pi}


# ------------------------------------------------------------------------------------------------------------------- cases


def answer(name, i):
    m = Mdp(i["mdp"])
    e = {k: exact(v) for k, v in i.items() if k not in ("mdp", "canon", "norm", "metric", "penalty", "tie")}
    laws = {k: e[k] for k in ("pi", "d_s", "d_a") if k in e}
    if name == "rewards.policy_value":
        rbar, pi = m.expected(e["R"]), e.get("pi", m.uniform)
        V = m.values(rbar, pi)
        return {"V": V, "Q": m.q(rbar, V), "J": m.J(rbar, pi)}
    if name == "rewards.occupancy":
        return {"mu": m.occupancy(e.get("pi", m.uniform))}
    if name == "rewards.optimal_value":
        j = m.returns(e["R"])
        return {"j_max": max(j), "j_min": min(j), "span": max(j) - min(j)}
    if name == "rewards.canonicalise":
        return {"C": canonicalise(m, e["R"], i["canon"], **laws)}
    if name == "rewards.distance":
        return {"d": distance(m, e["R1"], e["R2"], i["canon"], i["norm"], i["metric"], **laws)}
    if name == "rewards.mc_distance":
        return {"d_hat": distance(m, e["R1"], e["R2"], i["canon"], "l2", "l2"), "std_err": mpf(0)}
    if name == "rewards.pearson_distance":
        return pearson(m, e["R1"], e["R2"], i["canon"], e.get("coverage"), **laws)
    if name == "rewards.worst_case_regret":
        return worst_case(m, e["R1"], e["R2"])
    if name == "rewards.optimal_regret":
        return optimal_regret(m, e["R1"], e["R2"])
    if name == "rewards.proxy_stats":
        return stats(m, e["pi_ref"], e["R"], e["R_proxy"])
    if name == "rewards.proxy_bounds":
        return bounds(m, e["pi_ref"], e["pi"], e["R"], e["R_proxy"])
    if name == "rewards.orpo_optimum":
        return orpo(m, e["pi_ref"], e["R_proxy"], e["lambda"], i["penalty"])
    if name == "rewards.action_kl_optimum":
        return action_kl(m, e["pi_ref"], e["R_proxy"], e["lambda"])
    return None


def differs(found, wanted, rtol, path=""):
    if isinstance(wanted, dict):
        return [d for k in wanted for d in differs(found[k], wanted[k], rtol, f"{path}.{k}")]
    if isinstance(wanted, list):
        return [d for k, (f, w) in enumerate(zip(found, wanted)) for d in differs(f, w, rtol, f"{path}[{k}]")]
    if isinstance(wanted, float) and abs(found - wanted) > rtol * abs(wanted) + 1e-12:
        return [f"{path}: {found} here, {wanted} there"]
    return []


def case(quantity, input, output=None, rtol=1e-11, origin=None):
    found = answer(quantity, input)
    if output is None:
        output, origin = plain(found), origin or "computed: brute force in 40 digits"
    elif found is not None:
        for line in differs(plain(found), output, rtol):
            print(f"{quantity} {origin}{line}", file=sys.stderr)
    CASES.append({"quantity": quantity, "input": input, "output": output, "rtol": rtol, "origin": origin})


T2 = {"P": [[[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.3, 0.7]]], "mu0": [0.5, 0.5], "gamma": 0.9}
R1 = [[[1.0, 0.0], [0.0, 2.0]], [[-1.0, 0.5], [0.3, 0.0]]]
R2 = [[[0.5, 0.2], [0.1, 1.5]], [[0.0, 0.4], [-0.6, 0.2]]]
HALF = [[0.5, 0.5], [0.5, 0.5]]
X = [[[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]]
N = [[[0.1, -0.9], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]


def plus(x, C, y, D):
    return [[[x * c + y * d for c, d in zip(p, q)] for p, q in zip(P, Q)] for P, Q in zip(C, D)]


def specification():
    case("rewards.policy_value", {"mdp": T2, "R": R1}, {
        "V": [6.2728323699422, 4.73526011560694], "J": 5.504046242774571,
        "Q": [[6.40716763005781, 6.1384971098266], [4.70364161849711, 4.76687861271677]]}, 1e-13, "specification 8.1")
    constant = lambda rows: [[[x, x] for x in row] for row in rows]
    case("rewards.canonicalise", {"mdp": T2, "R": R1, "canon": "val"}, {"C": constant(
        [[0.13433526011561, -0.13433526011561], [-0.03161849710983, 0.03161849710983]])}, 1e-12, "specification 8.2")
    case("rewards.canonicalise", {"mdp": T2, "R": R2, "canon": "val"}, {"C": constant(
        [[-0.0964161849711, 0.0964161849711], [0.19959537572254, -0.19959537572254]])}, 1e-12, "specification 8.2")
    case("rewards.canonicalise", {"mdp": T2, "R": R1, "canon": "epic"},
         {"C": [[[.61, -1.11], [-.39, .89]], [[-.59, .19], [.71, -.31]]]}, 1e-13, "specification 8.3")
    case("rewards.canonicalise", {"mdp": T2, "R": R1, "canon": "dard"},
         {"C": [[[.38315, -1.67165], [-.61685, .32835]], [[-.04115, .2344], [1.25885, -.2656]]]}, 1e-13,
         "specification 8.3")
    case("rewards.canonicalise", {"mdp": T2, "R": R1, "canon": "minimal_l2"},
         {"C": [[[.16935086343432, .01881676260381], [-.01980767261746, -.07923069046983]],
                [[-.05942974385444, -.05942974385444], [.00891906742741, .02081115733063]]]}, 1e-12, "specification 8.4")
    case("rewards.canonicalise", {"mdp": T2, "R": R1, "canon": "minimal_l2_tau"}, {"C": constant(
        [[.1439683240296, -.07305257691808], [-.07445488770609, .00353914059457]])}, 1e-12, "specification 8.4")
    for canon, n, m_, d, digits in [
        ("none", "l2", "l2", .64386893955492, 1e-13), ("epic", "l2", "l2", .92593782025516, 1e-13),
        ("dard", "l2", "l2", .89334146039532, 1e-13), ("val_potential", "l2", "l2", .76943592159289, 1e-13),
        ("min_potential_l2", "l2", "l2", .91807607346647, 1e-13), ("val", "l2", "l2", 1.8053800699328, 1e-13),
        ("minimal_l2", "l2", "l2", 1.8242717809964, 1e-13), ("val", "l1", "l1", 2.0, 1e-14),
        ("val", "linf", "linf", 1.483058210252, 1e-12), ("minimal_l2_tau", "l2_tau", "l2_tau", 1.8203223152554, 1e-13),
        ("none", "span", "span", 2.0, 1e-14), ("val", "none", "angle", 2.2519614930212, 1e-13),
    ]:
        case("rewards.distance", {"mdp": T2, "R1": R1, "R2": R2, "canon": canon, "norm": n, "metric": m_}, {"d": d},
             digits, "specification 8.6")
    case("rewards.pearson_distance", {"mdp": T2, "R1": R1, "R2": R2, "canon": "epic"},
         {"d": .4629689101275813, "rho": .571319576510559}, 1e-13, "specification 8.6")
    case("rewards.optimal_value", {"mdp": T2, "R": R1}, {"span": 1.7513180417665213}, 1e-13, "specification 8.7")
    case("rewards.optimal_value", {"mdp": T2, "R": R2}, {"span": 2.8679219445395403}, 1e-13, "specification 8.7")
    for a, b in ((R1, R2), (R2, R1)):
        case("rewards.worst_case_regret", {"mdp": T2, "R1": a, "R2": b}, {"normalised": 1.0}, 1e-12, "specification 8.7")
    proxy = {"mdp": T2, "pi_ref": HALF, "R": R1, "R_proxy": R2}
    case("rewards.proxy_stats", proxy, {
        "r": .9069121460664864, "sigma_true": .717142578500044, "sigma_proxy": .46919023515165953,
        "j_ref_true": .5504046242774573, "j_ref_proxy": .44260115606936473}, 1e-13, "specification 8.8")
    case("rewards.proxy_bounds", dict(proxy, pi=[[0.8, 0.2], [0.3, 0.7]]), {
        "chi2": .3607865970919329, "gain_proxy": -.14277504315005846, "gain_true": .07300901841869954,
        "bound_paper": -.4364732988798319, "bound_sharp": -.37529910864624083, "r_canonical": -.6534911505065639,
        "bound_canonical": -.005904419961979902}, 1e-12, "specification 8.8")
    case("rewards.orpo_optimum", {"mdp": T2, "pi_ref": HALF, "R_proxy": R2, "lambda": 1.0, "penalty": "chi2"}, {
        "objective": .448915849645645, "chi2": .006314693576278, "critical_lambda": .15893009250963985}, 1e-12,
        "specification 8.9")
    case("rewards.orpo_optimum", {"mdp": T2, "pi_ref": HALF, "R_proxy": R2, "lambda": .07946504625481993,
                                  "penalty": "sqrt_chi2"}, {"objective": .5200811297, "chi2": 1.0517088013}, 1e-10,
         "specification 8.9")
    case("rewards.action_kl_optimum", {"mdp": T2, "pi_ref": HALF, "R_proxy": R2, "lambda": 0.2}, {
        "V": [5.42111629956553, 4.59573823196215],
        "pi": [[.24047829072551, .75952170927449], [.87466384425558, .12533615574442]]}, 1e-12, "specification 8.10")
    bandit = {"P": [[[1.0], [1.0], [1.0]]], "mu0": [1.0], "gamma": 0.5}
    case("rewards.worst_case_regret", {"mdp": bandit, "R1": [[[0.0], [1.0], [2.0]]], "R2": [[[0.0], [2.0], [1.0]]]},
         {"regret": 3.0, "normalised": 0.75}, 1e-13, "specification 8.11")
    for k, epic, dard in [(1.0, .3760123779909, .3949246376436), (10.0, .8592904071568, .8993001325917),
                          (1000.0, .9691644864917, 1.0106026830465)]:
        for canon, d in (("epic", epic), ("dard", dard)):
            case("rewards.distance", {"mdp": T2, "R1": X, "R2": plus(1.0, X, k, N), "canon": canon, "norm": "l2",
                                      "metric": "l2"}, {"d": d}, 1e-12, "specification 8, C1")
        case("rewards.worst_case_regret", {"mdp": T2, "R1": X, "R2": plus(1.0, X, k, N)}, {"normalised": 0.0}, 1e-11,
             "specification 8, C1")
    for eps, epic, dard, vp in [(1.0, 1.7328110802189, 1.7219403354263, 1.6599350753147),
                                (.1, .2719173124929, .2765824970404, .2198531120927),
                                (.01, .0272514298637, .0277604657561, .0219688551223),
                                (.001, .0027251986299, .0027761457358, .0021968667705)]:
        pair = {"mdp": T2, "R1": plus(eps, X, 1.0, N), "R2": plus(-eps, X, 1.0, N)}
        for canon, d in (("epic", epic), ("dard", dard), ("val_potential", vp), ("val", 2.0)):
            case("rewards.distance", dict(pair, canon=canon, norm="l2", metric="l2"), {"d": d}, 1e-10,
                 "specification 8, C2")
        case("rewards.worst_case_regret", pair, {"normalised": 1.0}, 1e-11, "specification 8, C2")


def by_hand():
    bandit = {"P": [[[1.0], [1.0], [1.0]]], "mu0": [1.0], "gamma": 0.5}
    arms = lambda *r: [[[float(x)] for x in r]]
    add = lambda q, i, o, why: CASES.append({"quantity": q, "input": i, "output": o, "rtol": 1e-13, "origin": why})
    tied = {"mdp": bandit, "R1": arms(0, 1, 2), "R2": arms(1, 0, 1)}
    add("rewards.optimal_regret", dict(tied, tie="worst"), {"regret1": 1.0, "regret2": 0.0, "regret": 0.5}, "by hand: a tie")
    add("rewards.optimal_regret", dict(tied, tie="best"), {"regret1": 0.0, "regret2": 0.0, "regret": 0.0}, "by hand: a tie")
    flat = {"mdp": bandit, "R1": arms(0, 1, 2), "R2": arms(7, 7, 7)}
    add("rewards.optimal_regret", dict(flat, tie="worst"), {"regret1": 1.0, "regret2": 0.0}, "by hand: R2 trivial")
    add("rewards.optimal_regret", dict(flat, tie="best"), {"regret1": 0.0, "regret2": 0.0}, "by hand: R2 trivial")
    add("rewards.worst_case_regret", flat, {"regret": 4.0, "normalised": 1.0}, "by hand: R2 trivial")
    add("rewards.worst_case_regret", {"mdp": bandit, "R1": arms(7, 7, 7), "R2": arms(0, 1, 2)},
        {"regret": 0.0, "normalised": 0.0}, "by hand: R1 trivial")
    same = lambda r1, r2, o, why, mdp=bandit: add("rewards.same_order", {"mdp": mdp, "R1": r1, "R2": r2}, o, why)
    same(arms(0, 1, 2), arms(5, 8, 11), {"same_order": True, "alpha": 3.0}, "by hand: scaled and shifted")
    same(arms(0, 1, 2), arms(0, 2, 1), {"same_order": False, "alpha": None}, "by hand: another order")
    same(arms(0, 1, 2), arms(0, 1, 3), {"same_order": False, "alpha": None}, "by hand: the same arms, not the same mixtures")
    same(arms(0, 1, 2), arms(2, 1, 0), {"same_order": False, "alpha": None}, "by hand: opposed")
    same(arms(1, 1, 1), arms(3, 3, 3), {"same_order": True, "alpha": None}, "by hand: both trivial")
    same(arms(1, 1, 1), arms(0, 1, 2), {"same_order": False, "alpha": None}, "by hand: one trivial")
    # State 1 cannot be reached: what happens there does not count.
    split = {"P": [[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]], "mu0": [1.0, 0.0], "gamma": 0.5}
    two = lambda a, b, c, d: [[[a, a], [b, b]], [[c, c], [d, d]]]
    same(two(0.0, 1.0, 0.0, 1.0), two(0.0, 2.0, 1.0, 0.0), {"same_order": True, "alpha": 2.0}, "by hand: unreachable", split)
    cube = lambda *p: [[list(map(float, p))]]
    three = [[[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]]
    fin = lambda policies, r1, r2, o, why: add("hack.finite_set", {"mdp": bandit, "policies": policies, "R1": r1, "R2": r2},
                                               o, why)
    fin(three, arms(0, 1, 2), arms(0, 2, 1), {"hackable": True, "dim_f": 2, "dim_z": 0, "simplification_exists": True},
        "by hand: three arms")
    fin(three, arms(0, 1, 1), arms(0, 2, 2), {"hackable": False, "dim_f": 2, "dim_z": 1, "simplification_exists": False},
        "by hand: a tie takes the freedom")
    fin(three[:2], arms(0, 1, 2), arms(1, 0, 2), {"hackable": True, "dim_f": 1, "dim_z": 0, "simplification_exists": False},
        "by hand: two arms")
    fin([cube(1, 0, 0)[0]], arms(0, 1, 2), arms(0, 1, 2),
        {"hackable": False, "dim_f": 0, "dim_z": 0, "simplification_exists": False}, "by hand: one policy")
    chain = {"P": [[[0.0, 1.0]], [[0.0, 1.0]]], "mu0": [1.0, 0.0], "gamma": 0.75}
    add("rewards.occupancy", {"mdp": chain}, {"mu": [[0.25], [0.75]]}, "by hand: leaves at once")
    add("rewards.occupancy", {"mdp": dict(chain, gamma=0.0)}, {"mu": [[1.0], [0.0]]}, "by hand: gamma = 0")


def law(rng, n, zeros=False):
    w = [rng.expovariate(1.0) for _ in range(n)]
    if zeros and n > 1 and rng.random() < 0.5:
        w[rng.randrange(n)] = 0.0
    total = sum(w)
    out = [x / total for x in w]
    return out


def computed():
    rng = random.Random(20250)
    canons = ["none", "epic", "dard", "val", "val_potential", "min_potential_l2", "min_potential_l2_tau", "minimal_l2",
              "minimal_l2_tau"]
    norms = ["l1", "l2", "linf", "l1_tau", "l2_tau", "linf_tau", "span"]
    for round_, (S, A, gamma) in enumerate([(3, 2, 0.9), (2, 3, 0.5), (3, 3, 0.0), (4, 2, 0.99), (1, 3, 0.8), (3, 2, 0.7)]):
        mdp = {"P": [[law(rng, S, True) for _ in range(A)] for _ in range(S)], "mu0": law(rng, S), "gamma": gamma}
        reward = lambda: [[[rng.uniform(-2, 3) for _ in range(S)] for _ in range(A)] for _ in range(S)]
        policy = lambda: [law(rng, A) for _ in range(S)]
        a, b, pi, ref = reward(), reward(), policy(), policy()
        d_s, d_a = law(rng, S), law(rng, A)
        case("rewards.policy_value", {"mdp": mdp, "R": a, "pi": pi})
        case("rewards.occupancy", {"mdp": mdp, "pi": pi})
        case("rewards.optimal_value", {"mdp": mdp, "R": a})
        laws = {"pi": pi, "d_s": d_s, "d_a": d_a}
        for k, canon in enumerate(canons):
            case("rewards.canonicalise", dict({"mdp": mdp, "R": a, "canon": canon}, **laws))
            pair = dict({"mdp": mdp, "R1": a, "R2": b, "canon": canon}, **laws)
            n, m_ = norms[(round_ + k) % 7], norms[(2 * round_ + 3 * k) % 7]
            case("rewards.distance", dict(pair, norm=n, metric=m_))
            case("rewards.distance", dict(pair, norm="none", metric="angle" if k % 2 else "l1"))
            coverage = law(rng, S * A * S)
            coverage = [[coverage[(s * A + x) * S:(s * A + x + 1) * S] for x in range(A)] for s in range(S)]
            case("rewards.pearson_distance", dict(pair, coverage=coverage))
        case("rewards.mc_distance", {"mdp": mdp, "R1": a, "R2": b, "canon": "val", "norm": "l2", "n": 100, "seed": 1})
        case("rewards.worst_case_regret", {"mdp": mdp, "R1": a, "R2": b})
        case("rewards.worst_case_regret", {"mdp": mdp, "R1": a, "R2": plus(1.0, a, 0.3, b)})
        case("rewards.optimal_regret", {"mdp": mdp, "R1": a, "R2": b, "tie": "worst"})
        case("rewards.proxy_stats", {"mdp": mdp, "pi_ref": ref, "R": a, "R_proxy": b})
        near = plus(1.0, a, 0.2, b)
        case("rewards.proxy_bounds", {"mdp": mdp, "pi_ref": ref, "pi": pi, "R": a, "R_proxy": near})
        case("rewards.action_kl_optimum", {"mdp": mdp, "pi_ref": ref, "R_proxy": b, "lambda": 0.3})
        if S * A <= 6:
            for lam in (0.05, 1.0):
                case("rewards.orpo_optimum", {"mdp": mdp, "pi_ref": ref, "R_proxy": b, "lambda": lam, "penalty": "chi2"})
            case("rewards.orpo_optimum", {"mdp": mdp, "pi_ref": ref, "R_proxy": b, "lambda": 0.1, "penalty": "sqrt_chi2"})
            case("rewards.orpo_optimum", {"mdp": mdp, "pi_ref": ref, "R_proxy": b, "lambda": 9.0, "penalty": "sqrt_chi2"})


specification()
by_hand()
computed()
print("[")
print(",\n".join(json.dumps(c) for c in CASES))
print("]")
