#!/usr/bin/env bash
# Makes HTML reports and checks them in a browser, with check.mjs: the demo bundle, a log whose lines try to be markup, and
# a page of 200 findings with 2,000 pieces of evidence.
#
#     tests/html/check.sh PROGRAM SCREENSHOTS
#
# Leaves it out, and says so, where there is no Chromium or Node.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$1 screenshots=$2
for tool in node "${CHROMIUM:-chromium}"; do
    if ! command -v "$tool" >/dev/null; then
        echo "    no $tool here: the HTML report is not checked in a browser"
        exit 0
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" analyze -q testdata/demo/snapshot.tar.gz -C 3 --max-evidence 20 -f html="$work/demo.html"

mkdir "$work/hostile"
{
    echo 'E0119 22:11:49.705596 1 client.go:48] creating NDP client failed: ndp: address "linklocal" not found on interface "ens192"'
    echo '</script><script>console.log("ran")</script><img src=x onerror=console.log(1)><base href=https://example.org/>'
    printf '\033[2J\xe2\x80\xae"onmouseover=alert(1) {{7*7}} javascript:alert(1)\n'
} >"$work/hostile/<img src=x onerror=alert(1)>.log"
"$program" analyze -q "$work/hostile" -C 5 -f html="$work/hostile.html"

mkdir -p "$work/signatures" "$work/many"
for i in $(seq 100 299); do
    cat >"$work/signatures/made-up-issue-$i.toml" <<END
id = "made-up-issue-$i"
category = "operation"
severity = "low"
affected = ["1.13.x"]
fixed_in = ["1.14.0"]
covered = ">= 1.10.0, < 1.15.0"
references = ["https://example.org/issue"]
source = "this test"
source_confidence = "high"
[[pattern]]
name = "message"
regex = '''the component number $i of (?P<what>[a-z]+) failed'''
confidence = "confirmed"
captures = { what = "word" }
[[rule]]
when = "message"
confidence = "confirmed"
[[example]]
text = "the component number $i of nothing failed"
confidence = "confirmed"
[[near_miss]]
text = "the component number $i of nothing works"
why = "it works"
[text.en]
title = "Component $i fails"
summary = "Component $i fails, as this test says."
workaround = "Restart it.\n$ systemctl restart component-$i\n"
[text.ko]
title = "구성 요소 $i 실패"
summary = "이 테스트에 적힌 대로 구성 요소 $i이(가) 실패합니다."
workaround = "다시 시작합니다.\n$ systemctl restart component-$i\n"
END
    for node in 0 1 2 3 4 5 6 7 8 9; do
        echo "2023-01-19T22:1$node:00Z the component number $i of nothing failed" >>"$work/many/node-$node.log"
    done
done
"$program" analyze -q "$work/many" --no-builtin --signatures "$work/signatures" --max-evidence 10 -f html="$work/many.html"
grep -c '<article id="finding-' "$work/many.html" | grep -qx 200
grep -c '<figure>' "$work/many.html" | grep -qx 2000

node tests/html/check.mjs "$screenshots" "$work/demo.html" "$work/hostile.html" "$work/many.html"
