#!/bin/bash
# Puts Debian's docker-compose 2 into .cache/docker-compose and prints its path. Used where no docker compose is on PATH.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
cache=$("$here/../debian/fetch-packages.sh" docker-compose docker-compose)
program=$cache/usr/libexec/docker/cli-plugins/docker-compose
"$program" version >&2
echo "$program"
