import type { Finding } from '@safekeep/shared/contracts/finding';
import type { RecoveryFacts, RecoveryTest } from '@safekeep/shared/contracts/recovery-test';
import { seconds } from '@safekeep/shared/format';
import { table } from './print.js';
import { hintOf } from './recorded-error.js';

/** A recovery test that has ended, for people: what was compared, what differs, and times against their targets. */
export function describeRecoveryTest(test: RecoveryTest): string {
  const { facts, findings, reason } = test;
  const sections = [
    `recovery test ${test.id} of backup ${test.backupId}: ${test.status.toUpperCase()}`,
    ...(reason === null
      ? []
      : [test.errorCode === null ? reason : `${test.errorCode}: ${reason}${hintOf(test.errorCode)}`]),
    ...(facts === null ? [] : [comparedTable(facts, findings ?? [])]),
    ...(facts === null || facts.criticalTables.length === 0 ? [] : [criticalTable(facts)]),
    ...(findings === null || findings.length === 0
      ? []
      : [findingsTable(findings, facts?.differences ?? findings.length)]),
    ...(facts?.notCompared ?? []).map((sentence) => `not compared: ${sentence}`),
    ...(test.rpoSeconds === null ? [] : [timesTable(test)]),
  ];
  return sections.join('\n\n');
}

const COMPARED: readonly (readonly [label: string, fact: keyof RecoveryFacts, kinds: readonly string[]])[] = [
  ['tables: rows', 'tables', ['table', 'rows']],
  ['tables: contents', 'contents', ['content', 'keys']],
  ['large objects', 'largeObjects', ['large-objects']],
  ['sequences', 'sequences', ['sequence']],
  ['constraints', 'constraints', ['constraint']],
  ['indexes', 'indexes', ['index']],
  ['extensions', 'extensions', ['extension']],
  ['other definitions', 'definitions', ['view', 'function', 'trigger', 'policy', 'type']],
];

function comparedTable(facts: RecoveryFacts, findings: readonly Finding[]): string {
  const rows = COMPARED.map(([label, fact, kinds]) => {
    const different = findings.filter((finding) => kinds.includes(finding.kind)).length;
    return [label, String(facts[fact]), different === 0 ? 'equal' : `${different} DIFFERENT`];
  });
  return table(['compared', 'number', 'result'], rows);
}

function criticalTable({ criticalTables }: RecoveryFacts): string {
  return table(
    ['critical table', 'rows'],
    criticalTables.map(({ name, rows }) => [name, String(rows)]),
  );
}

function findingsTable(findings: readonly Finding[], differences: number): string {
  const text = (value: Finding['expected']) => (value === null ? 'not there' : String(value));
  const rows = findings.map(({ kind, object, expected, actual }) => [
    kind,
    object,
    text(expected),
    text(actual),
  ]);
  const more = differences > findings.length ? `\n… ${differences} differences in all` : '';
  return table(['difference', 'of', 'in the backup', 'in the copy'], rows) + more;
}

function timesTable(test: RecoveryTest): string {
  const row = (label: string, value: number | null, target: number | null) => [
    label,
    value === null ? '' : seconds(value),
    target === null ? '' : seconds(target),
    value === null || target === null ? '' : value <= target ? 'met' : 'MISSED',
  ];
  return table(
    ['time', 'measured', 'target', ''],
    [
      row('to recover (RTO)', test.rtoSeconds, test.rtoTargetSeconds),
      row('age of the data (RPO)', test.rpoSeconds, test.rpoTargetSeconds),
    ],
  );
}
