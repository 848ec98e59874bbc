#!/bin/bash
# postgres-majors.sh [MAJOR…]: runs the tests of delta archives, the property test, the pgbench chain, the restores of chains and the verification of zstd and lz4 on other versions
# of PostgreSQL than the one that is installed, 17 and 18 unless named. PROPERTY_SEEDS and PROPERTY_SEED are the test's. A version that cannot be had here
# is skipped, and that is said loudly.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

[[ $# -gt 0 ]] || set -- 17 18
failed=0
for major in "$@"; do
  programs=/usr/lib/postgresql/$major/bin
  if [[ ! -x $programs/initdb ]] && ! programs=$(scripts/debian/unpack-postgres.sh "$major"); then
    echo "SKIPPED: PostgreSQL $major can neither be found nor unpacked on this machine; NOTHING WAS TESTED ON IT." >&2
    continue
  fi
  echo "PostgreSQL $major: $programs"
  PATH=$programs:$PATH npx mocha --no-config --node-option=import=tsx/esm --node-option=conditions=source --timeout=60000 \
    packages/worker/test/incremental/delta/*.test.ts packages/worker/test/property/*.test.ts packages/worker/test/postgres/program-inspector.test.ts \
    packages/worker/test/jobs/verify-compressed.test.ts packages/worker/test/jobs/restore-chain.test.ts || failed=1
done
exit "$failed"
