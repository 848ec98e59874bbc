import { count } from '../../format.js';
import type { FindingFacts } from '../alert-facts.js';
import type { Rule, WantedAlert } from './wanted-alert.js';
import { utc } from './wording.js';

/** Files in the backup directory that no backup accounts for. Their names stay out: anything may stand in them. */
export const unknownFiles: Rule = ({ findings }) => {
  const sources = [...new Set(findings.map(({ source }) => source))];
  return sources.flatMap((source) => {
    const here = findings.filter((finding) => finding.source === source);
    const dumps = here.filter(({ kind }) => kind === 'plain-text-dump').map(plainTextDump);
    const strangers = here.filter(({ kind }) => kind !== 'plain-text-dump' && kind !== 'missing-file');
    return [...dumps, ...(strangers.length > 0 ? [unaccounted(source, strangers)] : [])];
  });
};

function plainTextDump({ source, files, since }: FindingFacts): WantedAlert {
  return {
    rule: 'unknown-files',
    severity: 'critical',
    source,
    subject: 'plain-text-dump',
    message: `${count(files, 'dump that is not encrypted stands', 'dumps that are not encrypted stand')} in the backup directory of "${source}", seen since ${utc(since)}. Everybody who can read the directory can read the data: encrypt it or remove it when the emergency is over (docs/OPERATIONS.md).`,
    detail: { files },
  };
}

function unaccounted(source: string, strangers: readonly FindingFacts[]): WantedAlert {
  const filesOf = (kind: FindingFacts['kind']) =>
    strangers.filter((finding) => finding.kind === kind).reduce((sum, { files }) => sum + files, 0);
  const detail = {
    unknownFiles: filesOf('unknown-file'),
    strayPartials: filesOf('stray-partial'),
    strangeFiles: filesOf('strange-file'),
  };
  const total = detail.unknownFiles + detail.strayPartials + detail.strangeFiles;
  const since = new Date(Math.min(...strangers.map((finding) => finding.since.getTime())));
  return {
    rule: 'unknown-files',
    severity: 'warning',
    source,
    subject: '',
    message: `${count(total, 'file')} in the backup directory of "${source}" ${total === 1 ? 'belongs' : 'belong'} to no backup that history knows, seen since ${utc(since)}. Safekeep leaves them alone. Find out who put them there; backups of a lost history come back with backup.sh catalog rebuild.`,
    detail,
  };
}
