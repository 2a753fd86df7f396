"""Throughput of ours and theirs, task by task, and their ratio; fails where the answers differ.

Reads the JSON lines that run.sh collected. Both sides compute on one vocabulary. Exact answers must agree to 1e-11, relative:
numpy's plain sums over 1,024 terms and 2,000 policies keep about that many digits. Mean maxima of independent draws must
agree to five of the standard errors of their difference: both seeds are fixed, so this does not fail by chance later.
"""
import json
import math
import statistics
import sys

OURS = {"bon/exact": "asymptotics/exact", "bon/tilt": "asymptotics/tilt", "bon/mc": "asymptotics/draws"}
EXACT = 1e-11
STANDARD_ERRORS = 5.0


def disagreements(mine, peer):
    a, b = mine["check"], peer["check"]
    if "deviation" in b:
        error = b["deviation"] * math.sqrt(2 / peer["params"]["batch"])
        distance = abs(a["reward"] - b["reward"]) / error
        print(f"  mean of the maxima: ours {a['reward']:.6f}, peer {b['reward']:.6f}, {distance:.2f} standard errors apart")
        return ["reward"] if not distance <= STANDARD_ERRORS else []
    print("  relative differences:", ", ".join(f"{name} {abs(a[name] / b[name] - 1):.1e}" for name in b))
    return [name for name in b if not abs(a[name] - b[name]) <= EXACT * abs(b[name])]


lines = [json.loads(line) for line in open(sys.argv[1])]
failed = False
for theirs, ours in OURS.items():
    peer = [line for line in lines if line["task"] == theirs]
    mine = [line for line in lines if line["task"] == ours]
    if not peer or not mine:
        continue
    speeds = [[line["units_per_second"] for line in side] for side in (mine, peer)]
    a, b = map(statistics.median, speeds)
    unit = peer[0]["unit"]
    print(f"{ours}: ours {a:.3g}, {peer[0]['peer']} {b:.3g} {unit}/s, ratio {a / b:.1f}")
    print(f"  of the fastest rounds {max(speeds[0]):.3g}, {max(speeds[1]):.3g}, ratio {max(speeds[0]) / max(speeds[1]):.1f}")
    if unit == "draws":
        n = peer[0]["params"]["n"]
        print(f"  one maximum, drawn directly, is counted as the {n} base draws that the peer makes for it")
    wrong = disagreements(mine[0], peer[0])
    if wrong or mine[0]["params"] != peer[0]["params"]:
        print(f"  DISAGREE in {wrong or 'params'}: ours {mine[0]}, peer {peer[0]}")
        failed = True
sys.exit(failed)
