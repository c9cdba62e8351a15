#!/usr/bin/env bash
# Writes the order of the test classes where Surefire and Failsafe look for how long each took: those of
# src/test/longest-first.txt, then all others; of those named IT, which are seldom short, the others go
# first. They note there what their last run took, which a new checkout has not had yet, and which may have
# been of one class.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for kind in Test IT; do
  all=$(find src/test/java bench -name "*$kind.java" | sed -E 's#^(src/test/java|bench)/##; s#\.java$##; s#/#.#g')
  {
    if [ $kind = IT ]; then grep -vxFf src/test/longest-first.txt <<<"$all" || true; fi
    cat src/test/longest-first.txt
    echo "$all"
  } | awk -v kind="$kind\$" '$0 ~ kind && !seen[$0]++ { print "1," 100000 - NR "," $0 ",all" }' >".surefire-$kind"
done
