#!/usr/bin/env bash
# Opens a chat with a small model: on the program that runs, or on one that is started for it and stopped again.
# Arguments go to `penstock chat`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

model=smollm2-135m-instruct
url=${PENSTOCK_URL:-http://127.0.0.1:${API_PORT:-8000}}
log=${DATA_DIR:-data}/chat-server.log
server=

stop() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
}
trap stop EXIT

answers() {
  curl -s -o /dev/null --max-time 5 "$url/health/live"
}

if ! answers; then
  mkdir -p "$(dirname "$log")"
  echo "chat: starting the program; its log is $log"
  # In a group of its own, so that Ctrl-C stops an answer and not the program.
  set -m
  scripts/penstock >"$log" 2>&1 &
  server=$!
  set +m
  for ((i = 0; i < 240; i++)); do
    answers && break
    kill -0 "$server" 2>/dev/null || { tail -n 20 "$log" >&2; echo 'chat: the program did not start' >&2; exit 1; }
    sleep 0.25
  done
fi
export PENSTOCK_URL=$url
# A program that runs looks for new models every few seconds.
for ((i = 0; i < 40; i++)); do
  scripts/penstock models 2>/dev/null | grep -q "^$model " && break
  sleep 0.5
done
if [ $# -eq 0 ] || [ "${1#-}" != "$1" ]; then
  set -- "$model" "$@"
fi
scripts/penstock chat "$@"
