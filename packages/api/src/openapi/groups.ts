const OTHERS = 'This service';

/** The chapters of the document in their order, each with the beginnings of the paths that are in it. */
const GROUPS = [
  { name: 'Login', description: 'An access token for a name and a password.', paths: ['/auth'] },
  { name: 'Backups', description: 'Taking backups and telling their history.', paths: ['/backup'] },
  {
    name: 'Verification',
    description: 'Whether the stored files are whole.',
    paths: ['/backup/verification'],
  },
  { name: 'Recovery', description: 'Recovery tests and restores.', paths: ['/backup/recovery'] },
  { name: 'Schedules', description: 'What runs by itself, and when.', paths: ['/backup/schedules'] },
  { name: 'Retention', description: 'What is kept, what is removed, and why.', paths: ['/backup/cleanup'] },
  { name: 'Reports', description: 'The daily evidence.', paths: ['/backup/report'] },
  {
    name: 'Monitoring',
    description: 'Is everything well? For people, load balancers and Prometheus.',
    paths: ['/backup/monitoring', '/health'],
  },
  { name: 'Audit trail', description: 'Who did what.', paths: ['/audit'] },
  { name: OTHERS, description: 'Its contract, for programs and for people.', paths: [''] },
];

export const groups = GROUPS.map(({ name, description }) => ({ name, description }));

/** The chapter of a path: that of the longest beginning which fits. */
export function groupOf(path: string): string {
  const fitting = GROUPS.flatMap(({ name, paths }) => paths.map((beginning) => ({ name, beginning })))
    .filter(({ beginning }) => path.startsWith(beginning))
    .sort((left, right) => right.beginning.length - left.beginning.length);
  return fitting[0]?.name ?? OTHERS;
}
