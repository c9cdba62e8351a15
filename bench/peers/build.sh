#!/usr/bin/env bash
# Builds what `make bench-peers` measures Penstock beside, into target/peers: packages from Maven and
# npm at pinned versions. None of them becomes part of the program or of its tests.
set -euo pipefail

cd "$(dirname "$0")/../.."
out=$PWD/target/peers

for command in node npm; do
  if ! command -v "$command" >/dev/null 2>&1; then
    echo "bench-peers: there is no $command; it needs Node 20 or newer, with npm" >&2
    exit 1
  fi
done
if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; then
  echo "bench-peers: it needs Node 20 or newer; this is $(node --version)" >&2
  exit 1
fi

# The build passes its own way of calling Maven: several words.
# shellcheck disable=SC2086
${MVN:-mvn -B -ntp} -q -f bench/peers/langchain4j/pom.xml compile dependency:build-classpath \
  -Dmdep.outputFile="$out/langchain4j/classpath"

mkdir -p "$out/transformers"
cp bench/peers/transformers/* "$out/transformers"
cd "$out/transformers"
if ! cmp -s package-lock.json node_modules/installed.json; then
  # Without install scripts: one would fetch CUDA's libraries; the binding for CPUs is in the package.
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/installed.json
fi
