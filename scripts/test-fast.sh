#!/usr/bin/env bash
# Compiles what changed and runs the unit tests of its packages: those changed since the commit
# given or since the branch left main, and those not yet committed. MVN says how to call Maven.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

since=${1:-}
if [ -z "$since" ]; then
  since=$(git merge-base HEAD main 2>/dev/null || git merge-base HEAD origin/main 2>/dev/null) ||
    since=HEAD
fi

# The folder, below the sources, of each changed file whose tests stand in a package.
folders() {
  { git diff --name-only --no-renames "$since"; git ls-files --others --exclude-standard; } |
    sed -nE \
      -e 's#^src/(main|test)/java/(.*)/[^/]*$#\2#p' \
      -e 's#^bench/(dev/.*)/[^/]*$#\1#p' \
      -e 's#^src/main/jte/.*#dev/penstock/admin#p' \
      -e 's#^src/main/resources/.*#dev/penstock/api#p' \
      -e 's#^conf/.*#dev/penstock/config#p' |
    sort -u
}

tests=ArchitectureTest
while read -r folder; do
  if compgen -G "src/test/java/$folder/*Test.java" >/dev/null; then
    tests+=",$folder/*Test"
  fi
done < <(folders)

echo "test-fast: $tests, for what changed since $(git rev-parse --short "$since")"
# Only the sources that are newer than their classes: what uses them is compiled by `make test`.
exec ${MVN:-mvn -B -ntp} -q -Dmaven.compiler.useIncrementalCompilation=false \
  -Dsurefire.failIfNoSpecifiedTests=false "-Dtest=$tests" test
