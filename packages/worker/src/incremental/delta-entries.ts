import { STAGING_SCHEMA } from '@safekeep/archive/compare-contents';
import type { TocEntry } from '@safekeep/archive/custom-format/toc';
import pg from 'pg';
import { applyProcedures } from './apply/apply-procedure.js';
import { instructions } from './apply/instructions.js';
import { quietly, title } from './apply/sql-text.js';
import type { StagingTable } from './apply/staging.js';
import type { DeltaPlan } from './delta-plan.js';

const PRE_DATA = 2;
const DATA = 3;
const POST_DATA = 4;

/** A kind that pg_restore does not know: it runs such entries as plain SQL, in the archive's order. */
const OWN = 'SAFEKEEP';

type Given = Pick<TocEntry, 'tag' | 'section'> & Partial<TocEntry>;

/**
 * The table of contents of a delta archive. `pg_restore -l` tells by it what is inside; a parallel pg_restore keeps to its
 * dependencies.
 */
export function deltaEntries(plan: DeltaPlan, staging: readonly StagingTable[]): TocEntry[] {
  const entries: TocEntry[] = [];
  const add = (given: Given): number => {
    entries.push(entry(entries.length + 1, given));
    return entries.length;
  };
  for (const given of settings()) add(given);
  const left = add({ tag: 'drop what an earlier attempt left', section: PRE_DATA, defn: drop() });
  const schema = quietly([`CREATE SCHEMA ${STAGING_SCHEMA}`]);
  const schemaId = add({
    tag: 'schema for what changed',
    section: PRE_DATA,
    defn: schema,
    dependencies: [left],
  });
  const needed = addPrepared(plan, schemaId, add);
  for (const table of staging) needed.push(addStaging(table, schemaId, add));
  let last = add({
    tag: `apply ${plan.increment.fileName} to ${plan.base.fileName}`,
    section: POST_DATA,
    defn: `CALL ${STAGING_SCHEMA}.apply();\n`,
    dependencies: needed,
  });
  for (const view of plan.refresh) last = add(refresh(view, last));
  add({ tag: 'drop the schema', section: POST_DATA, defn: drop(), dependencies: [last] });
  return entries;
}

/** As pg_dump begins an archive: pg_restore takes these for its sessions. */
function settings(): Given[] {
  const searchPath = "SELECT pg_catalog.set_config('search_path', '', false);\n";
  return [
    { desc: 'ENCODING', tag: 'ENCODING', section: PRE_DATA, defn: "SET client_encoding = 'UTF8';\n" },
    {
      desc: 'STDSTRINGS',
      tag: 'STDSTRINGS',
      section: PRE_DATA,
      defn: "SET standard_conforming_strings = 'on';\n",
    },
    { desc: 'SEARCHPATH', tag: 'SEARCHPATH', section: PRE_DATA, defn: searchPath },
  ];
}

function addPrepared(plan: DeltaPlan, schemaId: number, add: (given: Given) => number): number[] {
  const { changed, unchanged, sequences } = plan;
  const tag = `${changed.length} tables changed, ${unchanged.length} unchanged, ${sequences.length} sequences`;
  const common = { section: PRE_DATA };
  const told = add({ ...common, tag, defn: instructions(plan), dependencies: [schemaId] });
  const procedures = { ...common, tag: 'procedures', defn: applyProcedures(plan), dependencies: [told] };
  return [told, add(procedures)];
}

/** The staging table, then its rows, whose first dependency must be their table. */
function addStaging(table: StagingTable, schemaId: number, add: (given: Given) => number): number {
  const common = { tag: table.name, namespace: STAGING_SCHEMA };
  const made = {
    ...common,
    desc: table.holds,
    section: PRE_DATA,
    defn: table.create,
    dependencies: [schemaId],
  };
  const tableId = add(made);
  return add({
    ...common,
    desc: 'TABLE DATA',
    section: DATA,
    hasData: true,
    copyStmt: table.copy,
    dependencies: [tableId],
  });
}

function refresh(view: DeltaPlan['refresh'][number], after: number): Given {
  const names = [view.schema, view.name].map((name) => pg.escapeLiteral(name)).join(', ');
  const defn = `CALL ${STAGING_SCHEMA}.refresh(${names}, ${view.populated});\n`;
  return { tag: `refresh ${title(view)}`, section: POST_DATA, defn, dependencies: [after] };
}

function drop(): string {
  return quietly([`DROP SCHEMA IF EXISTS ${STAGING_SCHEMA} CASCADE`]);
}

function entry(dumpId: number, given: Given): TocEntry {
  return {
    dumpId,
    desc: OWN,
    hasData: false,
    catalogTableOid: 0,
    catalogOid: 0,
    defn: '',
    dropStmt: '',
    copyStmt: null,
    namespace: null,
    tablespace: null,
    tableAccessMethod: null,
    owner: '',
    dependencies: [],
    ...given,
  };
}
