#!/usr/bin/env bash
# Runs schemathesis over every route of the contract, as a server of its own serves it: as a client, as an
# admin and, over their routes, as a worker. Arguments: the seed (1), and how many bodies are made up for
# each route (30). Fails where the contract and the server say different things.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seed=${1:-1}
examples=${2:-30}
root=$PWD
tool=$root/target/schemathesis
run=$root/target/contract
port=

python() {
  local each
  for each in python3 /usr/bin/python3; do
    if "$each" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      echo "$each"
      return
    fi
  done
  echo 'contract: this needs Python 3.10 or newer with venv (on Debian: python3-venv)' >&2
  return 1
}

# Installed once, as the list has it.
install() {
  if ! cmp -s scripts/contract/requirements.txt "$tool/installed"; then
    local python
    python=$(python)
    echo 'contract: installing schemathesis from PyPI into target/schemathesis'
    rm -rf "$tool"
    "$python" -m venv "$tool"
    "$tool/bin/pip" install -q --disable-pip-version-check -r scripts/contract/requirements.txt
    cp scripts/contract/requirements.txt "$tool/installed"
  fi
}

# In an environment of its own: settings of whoever runs this are not meant for it.
start() {
  rm -rf "$run"
  mkdir -p "$run/data" "$run/models"
  port=$("$tool/bin/python" -c '
import socket
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    print(free.getsockname()[1])')
  first=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  cd "$run"
  env -i PATH="$PATH" HOME="$HOME" JAVA_HOME="${JAVA_HOME:-}" LC_ALL=C.UTF-8 \
    API_PORT="$port" AUTH_TOKEN="$first" DATA_DIR="$run/data" MODELS_DIR="$run/models" \
    "$root/scripts/penstock" >"$run/server.log" 2>&1 &
  pid=$!
  trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true' EXIT
  local end=$((SECONDS + 120))
  until curl -sf -o /dev/null "http://127.0.0.1:$port/health/ready"; do
    if ! kill -0 "$pid" 2>/dev/null || [ $SECONDS -ge $end ]; then
      echo 'contract: the server did not start:' >&2
      tail -n 20 "$run/server.log" >&2
      exit 1
    fi
    sleep 0.2
  done
}

# The id of a new key and the key itself.
key() {
  curl -sf "http://127.0.0.1:$port/v1/keys" -H "Authorization: Bearer $first" \
    -H 'Content-Type: application/json' -d '{"owner":"contract","scopes":["'"$1"'"]}' |
    "$tool/bin/python" -c 'import json, sys; made = json.load(sys.stdin); print(made["id"], made["key"])'
}

export SCHEMATHESIS_HOOKS=$root/scripts/contract/hooks.py
export PYTHONDONTWRITEBYTECODE=1

failed=
try() {
  local scope=$1 id key attempt
  shift
  read -r id key < <(key "$scope")
  # Now and then the tool's own generator comes to different results twice, and says so: that is no
  # difference between server and contract, which would be found again.
  for attempt in 1 2 3; do
    echo "contract: as $scope, seed $seed"
    # Whatever it does not finish in time is a failure, too.
    CONTRACT_URL="http://127.0.0.1:$port" CONTRACT_KEY_ID=$id CONTRACT_KEY=$key \
      timeout --kill-after=5 300 "$tool/bin/schemathesis" run "http://127.0.0.1:$port/openapi.yaml" \
      --header "Authorization: Bearer $key" --seed "$seed" --max-examples "$examples" \
      --request-timeout 20 --suppress-health-check all --generation-database none \
      --continue-on-failure --workers 2 --no-color "$@" | tee "$run/$scope.log" && return
    if ! grep -q FlakyFailure "$run/$scope.log" || grep -q '= FAILURES =' "$run/$scope.log"; then
      break
    fi
    echo "contract: the generator failed in attempt $attempt"
  done
  failed=yes
}

install
start
try client --phases examples,coverage,fuzzing
try admin --phases examples,coverage,fuzzing
try worker --phases examples,coverage,fuzzing --include-path-regex '^/v1/worker/'
if ! kill -0 "$pid" 2>/dev/null; then
  echo 'contract: the server has ended' >&2
  failed=yes
fi
if [ -n "$failed" ]; then
  echo "contract: the server and its contract differ; again with: make contract SEED=$seed" >&2
  exit 1
fi
echo "contract: the server and its contract say the same (seed $seed)"
