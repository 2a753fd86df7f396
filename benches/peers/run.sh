#!/usr/bin/env bash
# Ours and theirs in turn, so that a drift of the machine's speed hits both. Usage: run.sh [ROUNDS] [TASK...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
rounds=${1:-5}
shift || true
tasks=("$@")
[ ${#tasks[@]} -gt 0 ] || tasks=(exact tilt draws)

environment=$root/target/peers
[ -x "$environment/bin/python" ] || { python3 -m venv "$environment" && "$environment/bin/pip" install --quiet numpy; }
cargo build --release --quiet --bin sim --manifest-path "$root/Cargo.toml"
sim=${CARGO_TARGET_DIR:-$root/target}/release/sim

results=$(mktemp)
trap 'rm -f "$results"' EXIT
for _ in $(seq "$rounds"); do
    for task in "${tasks[@]}"; do
        mode=$task
        [ "$task" = draws ] && mode=mc
        # numpy chooses its kernels by the processor it finds, not by what a shell has set for another one
        env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE \
            taskset -c 0 "$environment/bin/python" "$here/bon_numpy.py" --mode "$mode" >>"$results"
        taskset -c 0 "$sim" bench --json --threads 1 "asymptotics/$task" >>"$results"
    done
done
"$environment/bin/python" "$here/ratio.py" "$results"
