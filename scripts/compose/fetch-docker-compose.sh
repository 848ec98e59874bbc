#!/bin/bash
# Puts Debian's docker-compose 2 into .cache/docker-compose and prints its path. Nothing is installed, root is not
# needed: apt works on a state of its own and checks signatures as always. Used where no docker compose is on PATH.
set -euo pipefail

readonly SUITE=trixie # bookworm has docker-compose 1, which does not know this compose file's syntax
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cache=$root/.cache/docker-compose
program=$cache/usr/libexec/docker/cli-plugins/docker-compose

if [[ -x $program ]]; then
  echo "$program"
  exit
fi
for command in apt-get dpkg-deb; do
  command -v "$command" >/dev/null || { echo "no $command: this is no Debian" >&2; exit 1; }
done
[[ -r $KEYRING ]] || { echo "no Debian signatures in $KEYRING" >&2; exit 1; }

# The mirror that this system uses, if it is a Debian; else the project's own.
# shellcheck disable=SC2016 # apt-get fills in the name, not the shell
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null \
  | grep -v security | head -n 1 || true)

mkdir -p "$root/.cache"
work=$(mktemp -d "$root/.cache/apt-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{sources,preferences,lists/partial,archives/partial,unpacked}
: >"$work/status"
cat >"$work/sources/debian.sources" <<END
Types: deb
URIs: ${mirror:-http://deb.debian.org/debian}
Suites: $SUITE
Components: main
Signed-By: $KEYRING
END

own_state=(
  -o Dir::Etc::SourceList=/dev/null
  -o Dir::Etc::SourceParts="$work/sources"
  -o Dir::Etc::PreferencesParts="$work/preferences"
  -o Dir::State::Lists="$work/lists"
  -o Dir::State::status="$work/status"
  -o Dir::Cache="$work"
  -o Acquire::Languages=none
  -o Acquire::Retries=2
  -o Acquire::http::Timeout=30
  -o APT::Sandbox::User=root
)
apt-get "${own_state[@]}" -qq update
(cd "$work/archives" && apt-get "${own_state[@]}" -qq download docker-compose)
dpkg-deb -x "$work"/archives/docker-compose_*.deb "$work/unpacked"

rm -rf "$cache"
mv "$work/unpacked" "$cache"
"$program" version >&2
echo "$program"
