/** The words of a report, for a reader who runs nothing. */
export const GLOSSARY: readonly (readonly [word: string, meaning: string])[] = [
  ['Source', 'a database that is backed up'],
  [
    'Backup',
    'one encrypted file that holds a source as it was at one moment, with a record of what is in it',
  ],
  [
    'Verification',
    'reads a stored backup from end to end and compares it with that record; nothing is restored',
  ],
  [
    'Recovery test',
    'restores a backup into a scratch database and compares rows and contents; the proof that it can be used',
  ],
  ['RTO', 'recovery time objective: how long a recovery may take. Measured by each recovery test'],
  ['RPO', 'recovery point objective: how old the newest data that can be restored may be'],
  ['Disposal', 'the removal of a backup by retention, recorded with checksum, time and reason'],
  ['Legal hold', 'a mark that keeps a backup whatever retention says'],
  [
    'Audit trail',
    'who did what and when; each event is chained to the one before by a hash, so a change shows',
  ],
  ['Key id', 'the public name of an encryption key; it does not reveal the key'],
];
