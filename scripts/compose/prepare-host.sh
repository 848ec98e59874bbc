#!/bin/bash
# Makes what docker-compose.yml mounts from the host: the folder for backups and the workers' log file, both writable
# for the containers. Run it as root; it may be run again. Reads BACKUP_HOST_DIR and BACKUP_LOG_FILE from the
# environment or from .env.
set -euo pipefail

readonly SAFEKEEP_ID=10001 # user and group in docker/Dockerfile

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)

# setting NAME DEFAULT
setting() {
  local value=${!1:-}
  if [[ -z $value && -r $root/.env ]]; then
    value=$(sed -n "s/^$1=//p" "$root/.env" | tail -n 1 | tr -d "\"'")
  fi
  echo "${value:-$2}"
}

backups=$(setting BACKUP_HOST_DIR /backups)
log=$(setting BACKUP_LOG_FILE /var/log/backup.log)

if ((EUID != 0)); then
  echo "This makes $backups and $log for another user, which needs root: sudo $0" >&2
  exit 1
fi

# The group may write, because the postgres container does (emergency dump); new files belong to the group (setgid).
install -d -o "$SAFEKEEP_ID" -g "$SAFEKEEP_ID" -m 2770 "$backups"
mkdir -p "$(dirname "$log")"
[[ -e $log ]] || install -o "$SAFEKEEP_ID" -g "$SAFEKEEP_ID" -m 640 /dev/null "$log"

echo "Backups go to $backups, the workers' log to $log; both belong to user and group $SAFEKEEP_ID."
