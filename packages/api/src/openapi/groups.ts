const OTHERS = 'This service';

/** The chapters of the document, by the beginning of the path; the first that fits. */
const GROUPS = [
  ['/auth', 'Login', 'An access token for a name and a password.'],
  ['/backup/monitoring', 'Monitoring', 'Is everything well? For people, load balancers and Prometheus.'],
  ['/backup/recovery', 'Recovery', 'Recovery tests and restores.'],
  ['/backup/verification', 'Verification', 'Whether the stored files are whole.'],
  ['/backup/report', 'Reports', 'The daily evidence.'],
  ['/backup/schedules', 'Schedules', 'What runs by itself, and when.'],
  ['/backup/cleanup', 'Retention', 'What is kept, what is removed, and why.'],
  ['/backup', 'Backups', 'Taking backups and telling their history.'],
  ['/audit', 'Audit trail', 'Who did what.'],
  ['', OTHERS, 'Whether it lives, and its contract.'],
] as const;

export const groups = GROUPS.map(([, name, description]) => ({ name, description }));

export function groupOf(path: string): string {
  return GROUPS.find(([beginning]) => path.startsWith(beginning))?.[1] ?? OTHERS;
}
