#!/usr/bin/env bash
# Fetches llama.cpp's native library from npm's registry, without npm, and checks it before it is used.
# Argument: the folder that gets a folder of its version. Nothing is done where that is there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

table=src/main/resources/dev/penstock/engine/llama/library.txt
folder=${1:-${DATA_DIR:-data}/native/llama}
version=$(awk '$1 == "version" { print $2 }' "$table")
target=$folder/$version

fail() {
  echo "llama: $1" >&2
  exit 1
}

platform() {
  local system arch
  case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=mac ;;
    *) system=$(uname -s) ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) arch=$(uname -m) ;;
  esac
  echo "$system-$arch"
}

registry() {
  local named=${npm_config_registry:-${NPM_CONFIG_REGISTRY:-}}
  if [ -z "$named" ] && command -v npm >/dev/null 2>&1; then
    named=$(npm config get registry 2>/dev/null || true)
  fi
  case $named in
    http://* | https://*) echo "${named%/}" ;;
    *) echo https://registry.npmjs.org ;;
  esac
}

sum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

if [ -d "$target" ]; then
  echo "llama: $target is there"
  exit 0
fi
platform=$(platform)
hash=$(awk -v platform="$platform" '$1 == platform { print $2 }' "$table")
[ -n "$hash" ] || fail "there is no library for $platform that was tried. Build llama.cpp v0.4.0 \
(cmake -DBUILD_SHARED_LIBS=ON -DGGML_BACKEND_DL=ON) and set LLAMA_LIBRARY to the folder of its libraries"
command -v curl >/dev/null 2>&1 || fail 'this needs curl'

mkdir -p "$folder"
# Beside its place, so that the last step is a rename: a folder of that name is always whole.
work=$(mktemp -d "$folder/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
url=$(registry)/@node-llama-cpp/$platform/-/$platform-$version.tgz
echo "llama: fetching $url (10 MB)"
curl -fsSL --proto '=http,https' --connect-timeout 20 --max-time 600 --retry 2 -o "$work/package.tgz" "$url" ||
  fail "cannot fetch $url. Without a network: fetch that file elsewhere, unpack the files of its folder \
bins into one folder, and set LLAMA_LIBRARY to it"
found=$(sum "$work/package.tgz")
[ "$found" = "$hash" ] || fail "$url is not what it was: its SHA-256 is $found, not $hash; nothing was kept"
mkdir "$work/unpacked" "$work/library"
tar -xzf "$work/package.tgz" -C "$work/unpacked"
for file in "$work/unpacked/package/bins"/*/* "$work/unpacked/package/LICENSE"; do
  case ${file##*/} in
    libllama-common.* | *.node | _*) ;; # for Node alone
    *) mv "$file" "$work/library/" ;;
  esac
done
chmod -R u=rwX,go=rX "$work/library"
if ! mv -T "$work/library" "$target" 2>/dev/null; then
  # Somebody else was quicker, or this mv knows no -T.
  [ -d "$target" ] || mv "$work/library" "$target"
fi
echo "llama: $target is there"
