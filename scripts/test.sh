#!/usr/bin/env bash
# Does what `mvn verify` does one after the other: builds, checks the format and runs every test. What
# keeps one core busy goes beside something else here. MVN says how to call Maven.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(scripts/scratch.sh)
beside=
trap 'kill $beside 2>/dev/null || true; rm -rf "$scratch"' EXIT

maven() {
  ${MVN:-mvn -B -ntp} "-Dscratch.folder=$scratch" "$@"
}

# Starts it in the background; what it says is told when it has failed.
begin() {
  maven "$@" >"$scratch/beside.log" 2>&1 &
  beside=$!
}

finish() {
  wait "$beside" || {
    cat "$scratch/beside.log" >&2
    exit 1
  }
  beside=
}

begin spotless:check
maven compile
finish
begin jar:jar shade:shade antrun:run@heavy-files antrun:run@train-start
maven resources:testResources build-helper:add-test-source@bench compiler:testCompile surefire:test
finish
maven failsafe:integration-test failsafe:verify
