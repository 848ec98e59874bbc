#!/bin/bash
# Makes the secrets that docker-compose.yml mounts, each in a file of its own in secrets/. Keeps what is there: run it
# again after an upgrade and only new secrets are made. Prints no secret.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
folder=$root/secrets
command -v openssl >/dev/null || { echo "openssl is needed to make secrets" >&2; exit 1; }

# The folder keeps other users of this host out. The files are readable for all, because containers see them with the
# host's permissions and their users have other ids than you.
mkdir -p "$folder"
chmod 700 "$folder"
umask 022

made=()

# write NAME VALUE: nothing is ever overwritten; a name appears only with its whole value.
write() {
  local file=$folder/$1.txt
  [[ -e $file ]] && return
  printf '%s\n' "$2" >"$file.partial"
  mv -n "$file.partial" "$file"
  made+=("secrets/$1.txt")
}

# Base64 without the three characters that mean something in a URL.
random_password() { openssl rand -base64 33 | tr '+/' '-_' | tr -d '=\n'; }

value() { cat "$folder/$1.txt"; }

for name in postgres_password history_password history_migrator_password redis_password admin_password grafana_password; do
  write "$name" "$(random_password)"
done
write jwt_secret "$(openssl rand -base64 48)"
write backup_encryption_key "$(openssl rand -base64 48)"

history=postgres:5432/safekeep_history
write source_database_url "postgres://medical_user:$(value postgres_password)@postgres:5432/healthy_stellar"
write history_database_url "postgres://safekeep_app:$(value history_password)@$history"
write history_migrations_url "postgres://safekeep_migrator:$(value history_migrator_password)@$history"
write redis_url "redis://:$(value redis_password)@redis:6379"

# For docker/alertmanager/alertmanager.yml; this name belongs to nobody, so nothing is sent until you put yours in.
write alert_webhook_url https://webhook.invalid/

if ((${#made[@]} == 0)); then
  echo "All secrets are there already; nothing was changed."
  exit
fi
printf 'Made %s\n' "${made[@]}"
if [[ " ${made[*]} " == *" secrets/backup_encryption_key.txt "* ]]; then
  echo
  echo "Keep a copy of secrets/backup_encryption_key.txt outside this system: without it no backup can be restored."
fi
