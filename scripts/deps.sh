#!/usr/bin/env bash
# Installs the Debian packages whose commands are missing. Arguments: command=package, or
# python:module=package for what is no command but a module of Debian's Python.
set -euo pipefail

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # servers live there, off most users' PATH

there() {
  case $1 in
    python:*) /usr/bin/python3 -c "import ${1#python:}" >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}

missing=()
for pair in "$@"; do
  found=
  # Alternatives are given as one|other=package; Ubuntu's CI machines have Chrome, not Chromium.
  IFS='|' read -ra commands <<<"${pair%%=*}"
  for command in "${commands[@]}"; do
    if there "$command"; then found=yes; fi
  done
  if [ -z "$found" ]; then missing+=("${pair#*=}"); fi
done

if [ ${#missing[@]} -eq 0 ]; then
  echo "deps: nothing is missing"
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "deps: missing, under their Debian names: ${missing[*]}" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "deps: missing; run: sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

echo "deps: installing ${missing[*]}"
apt-get update -qq
# The tests start their own servers on their own ports: RUNLEVEL=1 keeps the packages from starting theirs.
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
echo "deps: installed ${missing[*]}"
