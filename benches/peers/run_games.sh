#!/usr/bin/env bash
# Games: ours and theirs in turn, so that a drift of the machine's speed hits both. Usage: run_games.sh [ROUNDS]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
rounds=${1:-5}

environment=$root/target/peers
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet numpy scipy
cargo build --release --quiet --bin sim --manifest-path "$root/Cargo.toml"
sim=${CARGO_TARGET_DIR:-$root/target}/release/sim

results=$(mktemp)
theirs() { taskset -c 0 "$environment/bin/python" "$here/$1" "${@:2}" >>"$results"; }
ours() { taskset -c 0 "$sim" bench --json --threads 1 "$1" >>"$results"; }
for _ in $(seq "$rounds"); do
    theirs game_numpy.py --algo prox
    ours games/prox
    theirs game_numpy.py --algo md
    ours games/md
    theirs game_numpy.py --algo prox --size 10 --iters 2000
    ours games/small-prox
    theirs game_lp.py
    ours games/certified-value
done
"$environment/bin/python" "$here/ratio_games.py" "$results"
rm -f "$results"
