#!/usr/bin/env bash
# What the C library costs over the program: times `examples/c/analyze.c`, built as a user does, against
# `loggrep-abm analyze` on one bundle, in turn, and prints the medians and their ratio. With a third argument that is not
# empty, Python over the library too. Usage: benches/overhead.sh [MEGABYTES] [RUNS] [python]
set -euo pipefail
cd "$(dirname "$0")/.."
megabytes=${1:-1000}
runs=${2:-9}
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --quiet --locked --release -p loggrep-abm -p loggrep-abm-capi -p loggrep-abm-bench
crates/capi/install.sh --prefix "$work/installed" --libs "$target/release"
lib=$work/installed/lib
cc -std=c99 -O2 examples/c/analyze.c -I"$work/installed/include" -L"$lib" -lloggrep_abm -o "$work/analyze"
export LD_LIBRARY_PATH=$lib
bundle=$work/bundle.tar.gz
"$target/release/corpus" "$megabytes" "$bundle"

# The program writes what the example prints and more; none of it to a terminal.
program() { "$target/release/loggrep-abm" analyze -q -f json "$bundle" -o "$work/report.json" || [ $? -eq 1 ]; }
example() { "$work/analyze" "$bundle" >"$work/findings"; }
script() {
    PYTHONPATH=python/src LOGGREP_ABM_LIBRARY=$(realpath "$lib/libloggrep_abm.so") \
        python3 -c 'import sys, loggrep_abm; print(len(loggrep_abm.Analyzer().analyze(sys.argv[1]).findings))' "$bundle" >"$work/count"
}
ways=(program example)
[ -n "${3:-}" ] && ways+=(script)

# One of each in turn, so that what else the machine does falls on all; the first round only warms the cache.
for ((round = 0; round <= runs; round++)); do
    for way in "${ways[@]}"; do
        start=${EPOCHREALTIME/./}
        "$way"
        took=$((${EPOCHREALTIME/./} - start))
        [ "$round" -eq 0 ] || echo "$took" >>"$work/$way.times"
    done
done
found=$(wc -l <"$work/findings")
[ "$found" -gt 0 ] || { echo "the example found nothing" >&2; exit 1; }
grep -c '"fingerprint"' "$work/report.json" >/dev/null

median() { sort -n "$work/$1.times" | awk '{ all[NR] = $1 } END { print (all[int((NR + 1) / 2)] + all[int(NR / 2) + 1]) / 2 }'; }
ours=$(median program)
echo "bundle of $megabytes MB, medians of $runs runs, $found findings"
for way in "${ways[@]}"; do
    awk -v way="$way" -v took="$(median "$way")" -v ours="$ours" 'BEGIN { printf "%-8s %8.1f ms  %.4f\n", way, took / 1000, took / ours }'
done
