#!/usr/bin/env bash
# Prints the home of a JDK 25 or newer; says what to install where there is none.
set -euo pipefail

need=25

# A JRE has no javac, and Maven would only find that out much later.
good() {
  [ -x "$1/bin/javac" ] || return 1
  local major
  major=$("$1/bin/javac" -version 2>&1 | sed -n 's/^javac \([0-9][0-9]*\).*/\1/p')
  [ -n "$major" ] && [ "$major" -ge "$need" ]
}

candidates() {
  if [ -n "${JAVA_HOME:-}" ]; then printf '%s\n' "$JAVA_HOME"; fi
  local home
  for home in /usr/lib/jvm/*"$need"*; do
    if [ -d "$home" ]; then printf '%s\n' "$home"; fi
  done
  # Through the launcher itself: a shim on PATH need not lie in its own home.
  if command -v java >/dev/null 2>&1; then
    java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p'
  fi
  if [ -x /usr/libexec/java_home ]; then /usr/libexec/java_home -v "$need+" 2>/dev/null || true; fi
}

while IFS= read -r home; do
  if good "$home"; then
    printf '%s\n' "$home"
    exit 0
  fi
done < <(candidates)

cat >&2 <<EOF
Penstock needs a JDK $need or newer, and none was found (JAVA_HOME, /usr/lib/jvm, PATH).
Install one, e.g. the package temurin-$need-jdk (https://adoptium.net/installation/linux)
or on macOS: brew install --cask temurin@$need. Then set JAVA_HOME if it is in an unusual place.
EOF
exit 1
