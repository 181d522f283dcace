#!/usr/bin/env bash
# Times `loggrep-abm analyze` against tools that only decompress or only search, on one bundle, in turn, and prints medians
# and ratios. Installs the tools where apt-get can. Usage: benches/compare.sh [MEGABYTES] [RUNS]
set -euo pipefail
cd "$(dirname "$0")/.."
megabytes=${1:-1000}
runs=${2:-5}
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for tool in igzip:isal ugrep:ugrep rg:ripgrep hyperfine:hyperfine jq:jq; do
    command -v "${tool%%:*}" >/dev/null || apt-get install -y -qq "${tool##*:}" >/dev/null || true
done
cargo build --quiet --release -p loggrep-abm -p loggrep-abm-bench
bundle=$work/bundle.tar.gz
"$target/release/corpus" "$megabytes" "$bundle"
printf 'calling webhook\nx509: certificate\nsigned by unknown\n' >"$work/literals"

commands=("$target/release/loggrep-abm analyze -f json $bundle" "$target/release/loggrep-abm analyze -j1 -f json $bundle")
command -v igzip >/dev/null && commands+=("igzip -dc $bundle")
command -v ugrep >/dev/null && commands+=("ugrep -z -a -n -F -f $work/literals $bundle")
command -v rg >/dev/null && commands+=("rg -z -a -n -F -f $work/literals $bundle")
hyperfine --warmup 1 --runs "$runs" --ignore-failure --export-json "$work/times.json" "${commands[@]}" >/dev/null 2>&1
jq -r '.results[0].median as $ours | .results[] | "\(.median * 1000 | round) ms\t\(.median / $ours * 100 | round / 100)\t\(.command | split(" ")[0:3] | join(" "))"' "$work/times.json"
