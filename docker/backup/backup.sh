#!/bin/bash
# Safekeep's command line; backup.sh --help lists the verbs.
# A link to this file works as well (backup.sh in the repository, /backup.sh in the image), from any folder.
set -euo pipefail

readonly EXIT_CONFIGURATION=3 # as in packages/worker: what is missing here is set-up, not the backup

refuse() {
  printf 'backup.sh: %s\n' "$1" >&2
  exit "$EXIT_CONFIGURATION"
}

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(cd "$here/../.." && pwd)
main=$root/packages/worker/dist/cli/main.js

command -v node >/dev/null || refuse 'Node.js is not on PATH; Safekeep needs version 20.19 or newer.'

version=$(node --version)
IFS=. read -r major minor _ <<<"${version#v}"
if ((major < 20 || (major == 20 && minor < 19))); then
  refuse "Safekeep needs Node.js 20.19 or newer, this is $version."
fi

[[ -f $main ]] || refuse "Safekeep is not built yet. Run this once:
  cd '$root' && node scripts/bootstrap.mjs && npm run build"

exec node "$main" "$@"
