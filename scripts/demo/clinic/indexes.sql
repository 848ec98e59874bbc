-- Keys, indexes, a view, rights and comments, made after the rows.

SET maintenance_work_mem = '128MB';
SET max_parallel_maintenance_workers = 1;

\echo step: keys
ALTER TABLE users ADD PRIMARY KEY (id), ADD UNIQUE (username);
ALTER TABLE patients ADD PRIMARY KEY (id), ADD UNIQUE (medical_record_number), ADD FOREIGN KEY (physician_id) REFERENCES users;
ALTER TABLE appointments ADD PRIMARY KEY (id), ADD FOREIGN KEY (patient_id) REFERENCES patients, ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE appointments ADD CONSTRAINT a_visit_has_a_length CHECK (minutes BETWEEN 5 AND 480);
ALTER TABLE observations ADD PRIMARY KEY (observed_at, id);
ALTER TABLE observations ADD FOREIGN KEY (patient_id) REFERENCES patients;
ALTER TABLE documents ADD PRIMARY KEY (id), ADD FOREIGN KEY (patient_id) REFERENCES patients;
ALTER TABLE legacy_images ADD PRIMARY KEY (id), ADD FOREIGN KEY (patient_id) REFERENCES patients;

\echo step: indexes
CREATE INDEX patients_by_name ON patients (lower(family_name), lower(given_name));
CREATE INDEX patients_by_allergy ON patients USING gin (allergies);
CREATE INDEX appointments_of_patient ON appointments (patient_id, starts_at DESC);
CREATE INDEX appointments_to_come ON appointments (starts_at) WHERE status = 'booked';
CREATE INDEX observations_of_patient ON observations (patient_id, code);
CREATE INDEX documents_of_patient ON documents (patient_id) INCLUDE (kind);

\echo step: views
CREATE VIEW patient_overview AS
SELECT p.id, p.full_name, count(a.id) AS appointments, max(a.starts_at) AS last_appointment
FROM patients p LEFT JOIN appointments a ON a.patient_id = p.id GROUP BY p.id;
CREATE MATERIALIZED VIEW appointments_by_month AS
SELECT date_trunc('month', starts_at, 'UTC') AS month, status, count(*) AS appointments FROM appointments GROUP BY 1, 2;

CREATE FUNCTION remember_registration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.registered_at := coalesce(NEW.registered_at, now());
  RETURN NEW;
END $$;
CREATE TRIGGER remember_registration BEFORE INSERT ON patients FOR EACH ROW EXECUTE FUNCTION remember_registration();

-- Roles belong to the server, not to the database: a second clinic on the same server meets them again.
SELECT 'CREATE ROLE clinic_reader NOLOGIN' WHERE to_regrole('clinic_reader') IS NULL \gexec
GRANT USAGE ON SCHEMA public TO clinic_reader;
GRANT SELECT ON patients, appointments, patient_overview TO clinic_reader;
GRANT SELECT (id, patient_id, kind, title) ON documents TO clinic_reader;
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY reviewed_documents ON documents FOR SELECT TO clinic_reader USING ('reviewed' = ANY (tags));

COMMENT ON TABLE patients IS 'Synthetic people; no row is about anybody';
COMMENT ON COLUMN observations.reference IS 'Range in which the value raises no question';
COMMENT ON MATERIALIZED VIEW appointments_by_month IS 'Refreshed by hand';

\echo step: statistics
VACUUM (ANALYZE);
