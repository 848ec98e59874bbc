#!/bin/bash
# fetch-packages.sh NAME PACKAGE…: puts Debian packages, unpacked, into .cache/NAME and prints that folder. Nothing is
# installed, their dependencies are left out, root is not needed: apt works on a state of its own and checks signatures
# as always. For programs that need no more than libc and that only tests use. With WITH_DEPENDENCIES=1 all that they
# depend on is unpacked, too, down to libc; SUITE is another suite of Debian's.
set -euo pipefail

readonly SUITE=${SUITE:-trixie} # newer than the oldest system this runs on: its programs need libc 2.34 only
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cache=$root/.cache/$1
shift

if [[ -d $cache ]]; then
  echo "$cache"
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
if [[ ${WITH_DEPENDENCIES:-} == 1 ]]; then
  # Nothing counts as installed in a state of its own.
  mapfile -t needed < <(apt-get "${own_state[@]}" -qq --simulate --no-install-recommends install "$@" | awk '/^Inst/ { print $2 }')
  set -- "${needed[@]}"
fi
(cd "$work/archives" && apt-get "${own_state[@]}" -qq download "$@")
for package in "$work"/archives/*.deb; do dpkg-deb -x "$package" "$work/unpacked"; done

# Whoever fetches the same at the same time may be first.
mv -T "$work/unpacked" "$cache" 2>/dev/null || [[ -d $cache ]]
echo "$cache"
