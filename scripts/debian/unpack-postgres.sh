#!/bin/bash
# unpack-postgres.sh MAJOR: puts Debian's PostgreSQL of that version, with all libraries that it needs, into
# .cache/postgresql-MAJOR, and prints the folder of its programs. Nothing is installed. The programs find the libraries of
# their own suite by scripts that stand in their places, so they run on an older system, too.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
major=$1

# Debian releases hold one version each; the one that is being made holds the newest.
case $major in
  17) suite=trixie ;;
  *) suite=sid ;;
esac
root=$(SUITE=$suite WITH_DEPENDENCIES=1 "$here/fetch-packages.sh" "postgresql-$major" "postgresql-$major" "postgresql-client-$major")
programs=$root/usr/lib/postgresql/$major/bin
real=$programs/.real

if [[ ! -d $real ]]; then
  loader=$(find "$root/usr/lib" "$root/usr/lib64" -name 'ld-linux-*.so.*' 2>/dev/null | head -n 1)
  [[ -n $loader ]] || { echo "no loader of programs in $root" >&2; exit 1; }
  libraries=$(dirname "$(find "$root/usr/lib" -name 'libc.so.6' | head -n 1)")
  work=$(mktemp -d "$programs/.work-XXXXXX")
  for program in "$programs"/*; do mv "$program" "$work/"; done
  for program in "$work"/*; do
    name=$(basename "$program")
    printf '#!/bin/sh\nexec %q --argv0 "$0" --library-path %q %q "$@"\n' \
      "$loader" "$libraries:$root/usr/lib/postgresql/$major/lib" "$real/$name" >"$programs/$name"
    chmod 755 "$programs/$name"
  done
  chmod 755 "$work"
  mv -T "$work" "$real"
fi
echo "$programs"
