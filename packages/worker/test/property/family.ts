import { nameOf, quoted, type TableSpec } from './table-spec.js';

/** Two tables that refer to each other and one of them to itself: no order of restoring their rows would do. */
export interface Family {
  readonly tables: readonly TableSpec[];
  readonly ddl: readonly string[];
  /** After the tables are filled. */
  readonly constraints: readonly string[];
  /** Gives some rows another one to refer to. */
  relink(salt: number): readonly string[];
}

export function family(schema: string): Family {
  const doctor = table(schema, "doc'tor", 'int4', (g) => `${g}::int4`);
  const patient = table(schema, 'patient', 'uuid', (g) => `md5((${g})::text)::uuid`);
  const [doctors, patients] = [nameOf(doctor), nameOf(patient)];
  const refers = (from: string, column: string, to: string, more: string) =>
    `ALTER TABLE ${from} ADD FOREIGN KEY (${column}) REFERENCES ${to} ${more}`;
  return {
    tables: [doctor, patient],
    ddl: [
      `CREATE TABLE ${doctors} (k0 int4 PRIMARY KEY, v0 text, first_patient uuid, UNIQUE (k0, v0))`,
      `CREATE TABLE ${patients} (k0 uuid PRIMARY KEY, v0 text, doctor int4, mother uuid)`,
    ],
    constraints: [
      refers(doctors, 'first_patient', patients, 'ON DELETE SET NULL ON UPDATE CASCADE'),
      refers(
        patients,
        'doctor',
        doctors,
        'ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED',
      ),
      refers(patients, 'mother', patients, 'ON DELETE SET NULL ON UPDATE CASCADE NOT VALID'),
    ],
    relink: (salt) => [
      relinked(patients, 'doctor', doctors, salt),
      relinked(patients, 'mother', patients, salt),
      relinked(doctors, 'first_patient', patients, salt),
    ],
  };
}

function table(schema: string, name: string, type: string, key: (g: string) => string): TableSpec {
  return {
    schema,
    name,
    columns: [
      { name: 'k0', type, value: key, fixed: true },
      { name: 'v0', type: 'text', value: (g, salt) => `md5((${g} * ${salt}::int8)::text)` },
    ],
    key: { kind: 'of a family', columns: ['k0'], deferrable: false },
    traits: new Set(['foreign keys']),
    group: 'family',
    leaves: [{ schema, name }],
    capacity: 100_000,
    next: 1,
  };
}

function relinked(from: string, column: string, to: string, salt: number): string {
  const order = `hashtextextended(k0::text, ${salt})`;
  return `UPDATE ${from} SET ${quoted(column)} = (SELECT k0 FROM ${to} ORDER BY ${order} LIMIT 1)
    WHERE ${order} % 4 = 0`;
}
