-- Run once by psql, as medical_user, when the postgres container makes its cluster: Safekeep's history gets a database
-- of its own. safekeep_migrator owns the tables; safekeep_app works with them and cannot change the audit trail.
\set migrator_password `cat /run/secrets/history_migrator_password`
\set app_password `cat /run/secrets/history_password`

CREATE ROLE safekeep_migrator LOGIN PASSWORD :'migrator_password';
CREATE ROLE safekeep_app LOGIN PASSWORD :'app_password';
CREATE DATABASE safekeep_history OWNER safekeep_migrator;
REVOKE ALL ON DATABASE safekeep_history FROM PUBLIC;
GRANT CONNECT ON DATABASE safekeep_history TO safekeep_app;
