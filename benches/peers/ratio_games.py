"""Median throughput of ours and theirs, task by task, and their ratio. Reads the JSON lines that run_games.sh collected."""
import json
import statistics
import sys

# (their task, size): ours. An iteration of small-prox is one of one game, as theirs.
OURS = {
    ("game/prox", 1000): "games/prox",
    ("game/md", 1000): "games/md",
    ("game/prox", 10): "games/small-prox",
    ("game/lp", 200): "games/certified-value",
}

lines = [json.loads(line) for line in open(sys.argv[1])]
for (task, size), ours in OURS.items():
    peer = [line for line in lines if line["task"] == task and line["params"]["size"] == size]
    mine = [line for line in lines if line["task"] == ours]
    if not peer or not mine:
        continue
    a = statistics.median(line["units_per_second"] for line in mine)
    b = statistics.median(line["units_per_second"] for line in peer)
    print(f"{ours}: ours {a:.3g}, {peer[0]['peer']} {b:.3g} {peer[0]['unit']}/s, ratio {a / b:.1f}")
    print(f"  check ours {mine[0]['check']}")
    print(f"  check peer {peer[0]['check']}")
