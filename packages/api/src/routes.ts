import { alert, alertId, alertsQuery } from '@safekeep/shared/contracts/alert';
import { auditEvent, auditQuery } from '@safekeep/shared/contracts/audit';
import {
  backup,
  backupId,
  fullBackupRequest,
  historyQuery,
  idempotencyHeader,
} from '@safekeep/shared/contracts/backup';
import { backupDetail } from '@safekeep/shared/contracts/backup-detail';
import { cleanupQuery, cleanupRequest, cleanupRun, holdRequest } from '@safekeep/shared/contracts/cleanup';
import { liveness, readiness } from '@safekeep/shared/contracts/health';
import { loginAnswer, loginRequest } from '@safekeep/shared/contracts/login';
import { monitoringHealth, statistics, statisticsQuery } from '@safekeep/shared/contracts/monitoring';
import { notification } from '@safekeep/shared/contracts/notification';
import { openApiContract } from '@safekeep/shared/contracts/openapi';
import {
  acceptHeader,
  report,
  reportDetail,
  reportId,
  reportRequest,
  reportsQuery,
} from '@safekeep/shared/contracts/report';
import { verification, verificationStatus, verifyRequest } from '@safekeep/shared/contracts/verification';
import { z } from 'zod';
import { type Route, route } from './route.js';
import { acknowledge } from './routes/acknowledge.js';
import { testAlerts } from './routes/alert-test.js';
import { readAlerts } from './routes/alerts.js';
import { readAuditTrail } from './routes/audit.js';
import { readBackup } from './routes/backup-detail.js';
import { readCleanups, startCleanup } from './routes/cleanup.js';
import { requestFullBackup } from './routes/full-backup.js';
import { tellAlive, tellReady } from './routes/health.js';
import { readHistory } from './routes/history.js';
import { holdBackup } from './routes/hold.js';
import { login } from './routes/login.js';
import { readMetrics } from './routes/metrics.js';
import { readMonitoringHealth } from './routes/monitoring-health.js';
import { tellContract } from './routes/openapi.js';
import { requestReport } from './routes/report.js';
import { readReport, readReports } from './routes/reports.js';
import { readStatistics } from './routes/statistics.js';
import { readVerificationStatus } from './routes/verification-status.js';
import { requestVerify } from './routes/verify.js';

/** The whole API. A fixed path stands before one with a parameter that would match it too. */
export const routes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/auth/login',
    summary: 'Log in with a name and a password',
    description:
      'The token lasts 15 minutes. Failed logins are counted, for the account and for the address; the answer never says which of the two was wrong.',
    role: null,
    audit: { action: 'login', by: 'pipeline' },
    throttle: 'failed logins',
    request: { body: loginRequest },
    status: 200,
    response: loginAnswer,
    errors: ['LOGIN_FAILED', 'LOGIN_UNAVAILABLE'],
    handle: login,
  }),
  route({
    method: 'POST',
    path: '/backup/full',
    summary: 'Take a full backup',
    description:
      'Answers with the new history row as soon as it is queued; ask for the row until its status is completed or failed. The same Idempotency-Key gives the same backup again.',
    role: 'operator',
    audit: { action: 'backup.request', by: 'handler' },
    throttle: 'writes',
    request: { body: fullBackupRequest, headers: idempotencyHeader },
    status: 202,
    response: backup,
    errors: ['SOURCE_UNKNOWN', 'IDEMPOTENCY_KEY_REUSED', 'QUEUE_UNAVAILABLE'],
    handle: requestFullBackup,
  }),
  route({
    method: 'GET',
    path: '/backup/history',
    summary: 'List backups, newest first',
    role: 'viewer',
    audit: { action: 'history.read', by: 'pipeline' },
    throttle: 'none',
    request: { query: historyQuery },
    status: 200,
    response: z.array(backup),
    answerHeaders: { 'X-Total-Count': 'How many backups match, beyond this page.' },
    errors: [],
    handle: readHistory,
  }),
  route({
    method: 'GET',
    path: '/backup/verification/status',
    summary:
      'Tell the newest verification of each kept backup, counts, and what the directories hold wrongly',
    role: 'viewer',
    audit: { action: 'verification.read', by: 'pipeline' },
    throttle: 'none',
    request: {},
    status: 200,
    response: verificationStatus,
    errors: [],
    handle: readVerificationStatus,
  }),
  route({
    method: 'POST',
    path: '/backup/report',
    summary: 'Have a report made: the last day, trends, and the compliance checklist',
    description:
      'Answers with the new report as soon as it is queued. Without a source it is about all of them.',
    role: 'operator',
    audit: { action: 'report.request', by: 'handler' },
    throttle: 'writes',
    request: { body: reportRequest },
    status: 202,
    response: report,
    errors: ['SOURCE_UNKNOWN', 'QUEUE_UNAVAILABLE'],
    handle: requestReport,
  }),
  route({
    method: 'GET',
    path: '/backup/reports',
    summary: 'List reports, newest first, without their bodies',
    role: 'auditor',
    audit: { action: 'report.list', by: 'pipeline' },
    throttle: 'none',
    request: { query: reportsQuery },
    status: 200,
    response: z.array(report),
    errors: [],
    handle: readReports,
  }),
  route({
    method: 'GET',
    path: '/backup/reports/:id',
    summary: 'Read one report, as JSON or as a page',
    description:
      'The page is that of the HTML file in the backup directory, made again from the body that history keeps.',
    role: 'auditor',
    audit: { action: 'report.read', by: 'pipeline' },
    throttle: 'none',
    request: { params: reportId, headers: acceptHeader },
    status: 200,
    response: z.union([reportDetail, z.string()]),
    produces: ['application/json', 'text/html'],
    answerHeaders: { Vary: 'The answer depends on the header Accept.' },
    errors: ['REPORT_UNKNOWN', 'REPORT_NOT_COMPLETED', 'NOT_ACCEPTABLE'],
    handle: readReport,
  }),
  route({
    method: 'POST',
    path: '/backup/:id/verify',
    summary: 'Verify a stored backup to its last row',
    description:
      'Answers with the new verification as soon as it is queued; its verdict shows in GET /backup/{id}.',
    role: 'operator',
    audit: { action: 'verification.request', by: 'handler' },
    throttle: 'writes',
    request: { params: backupId, body: verifyRequest },
    status: 202,
    response: verification,
    errors: ['BACKUP_UNKNOWN', 'BACKUP_NOT_COMPLETED', 'BACKUP_DISPOSED', 'QUEUE_UNAVAILABLE'],
    handle: requestVerify,
  }),
  route({
    method: 'POST',
    path: '/backup/cleanup',
    summary: 'Remove the backups that have expired, or tell which ones would be',
    description:
      'Answers as soon as it is queued; GET /backup/cleanup has the decision about every backup, each with its reason.',
    role: 'operator',
    audit: { action: 'cleanup.request', by: 'handler' },
    throttle: 'writes',
    request: { body: cleanupRequest },
    status: 202,
    response: cleanupRun,
    errors: ['SOURCE_UNKNOWN', 'QUEUE_UNAVAILABLE'],
    handle: startCleanup,
  }),
  route({
    method: 'GET',
    path: '/backup/cleanup',
    summary: 'List cleanups, newest first, with all they decided',
    role: 'viewer',
    audit: { action: 'cleanup.read', by: 'pipeline' },
    throttle: 'none',
    request: { query: cleanupQuery },
    status: 200,
    response: z.array(cleanupRun),
    errors: [],
    handle: readCleanups,
  }),
  route({
    method: 'POST',
    path: '/backup/:id/hold',
    summary: 'Put a backup under legal hold, or take the hold away',
    description: 'Retention removes neither a held backup nor the base that it needs.',
    role: 'admin',
    audit: { action: 'hold.set', by: 'handler' },
    throttle: 'writes',
    request: { params: backupId, body: holdRequest },
    status: 200,
    response: backup,
    errors: ['BACKUP_UNKNOWN', 'BACKUP_NOT_COMPLETED', 'BACKUP_DISPOSED'],
    handle: holdBackup,
  }),
  route({
    method: 'GET',
    path: '/backup/monitoring/alerts',
    summary: 'Alerts, newest first: those that are open, unless `state` asks for others',
    role: 'viewer',
    audit: { action: 'alerts.read', by: 'pipeline' },
    throttle: 'none',
    request: { query: alertsQuery },
    status: 200,
    response: z.array(alert),
    errors: [],
    handle: readAlerts,
  }),
  route({
    method: 'POST',
    path: '/backup/monitoring/alerts/:id/acknowledge',
    summary: 'Note that you have seen an alert; it stays open until its cause is gone',
    role: 'operator',
    audit: { action: 'alert.acknowledged', by: 'handler' },
    throttle: 'writes',
    request: { params: alertId },
    status: 200,
    response: alert,
    errors: ['ALERT_UNKNOWN'],
    handle: acknowledge,
  }),
  route({
    method: 'POST',
    path: '/backup/monitoring/alert-test',
    summary: 'Send a test message to every configured channel',
    role: 'operator',
    audit: { action: 'notify.test', by: 'handler' },
    throttle: 'writes',
    request: {},
    status: 202,
    response: z.array(notification),
    errors: ['NOTIFY_NOT_CONFIGURED', 'QUEUE_UNAVAILABLE'],
    handle: testAlerts,
  }),
  route({
    method: 'GET',
    path: '/backup/:id',
    summary: 'Show one backup with its verifications and recovery tests',
    role: 'viewer',
    audit: { action: 'backup.read', by: 'pipeline' },
    throttle: 'none',
    request: { params: backupId },
    status: 200,
    response: backupDetail,
    errors: ['BACKUP_UNKNOWN'],
    handle: readBackup,
  }),
  route({
    method: 'GET',
    path: '/backup/monitoring/health',
    summary: 'Tell whether backups are in order',
    description: 'The alerts that are open; with a token also what they are about.',
    role: null,
    optionalToken: true,
    audit: { action: 'monitoring.read', by: 'pipeline' },
    throttle: 'none',
    request: {},
    status: 200,
    response: monitoringHealth,
    errors: ['TOKEN_MISSING'],
    handle: readMonitoringHealth,
  }),
  route({
    method: 'GET',
    path: '/backup/monitoring/statistics',
    summary: 'Count what ended in the last days',
    description:
      'By UTC day and type, and by source; and why `complianceStatus` of the health is what it is now.',
    role: 'viewer',
    audit: { action: 'monitoring.read', by: 'pipeline' },
    throttle: 'none',
    request: { query: statisticsQuery },
    status: 200,
    response: statistics,
    errors: [],
    handle: readStatistics,
  }),
  // Prometheus asks every minute, and with a token of its own or none.
  route({
    method: 'GET',
    path: '/backup/monitoring/metrics',
    summary: 'Tell Prometheus',
    description: 'With METRICS_TOKEN set, that token is needed as bearer token, and no other one will do.',
    role: null,
    audit: null,
    throttle: 'none',
    request: { headers: z.object({ authorization: z.string().optional() }) },
    status: 200,
    response: z.string(),
    produces: ['text/plain'],
    errors: ['METRICS_TOKEN_WRONG'],
    handle: readMetrics,
  }),
  route({
    method: 'GET',
    path: '/audit',
    summary: 'List the events of the audit trail, newest first',
    description:
      'Each event carries the hash of the one before it; `backup.sh audit verify` checks the chain. `action` takes one action (`backup.request`) or all of an area (`backup`). Reading leaves an event too.',
    role: 'auditor',
    audit: { action: 'audit.read', by: 'pipeline' },
    throttle: 'none',
    request: { query: auditQuery },
    status: 200,
    response: z.array(auditEvent),
    answerHeaders: { 'X-Total-Count': 'How many events match, beyond this page.' },
    errors: [],
    handle: readAuditTrail,
  }),
  // Orchestrators ask every few seconds and without a token; that leaves no trace in the audit trail.
  route({
    method: 'GET',
    path: '/health/live',
    summary: 'Tell whether the process answers',
    description: 'It asks nobody else: restarting the API mends neither Redis nor history.',
    role: null,
    audit: null,
    throttle: 'none',
    request: {},
    status: 200,
    response: liveness,
    errors: [],
    handle: tellAlive,
  }),
  route({
    method: 'GET',
    path: '/health/ready',
    summary: 'Tell whether history and Redis answer',
    description: 'The problem of a 503 has `history` and `redis`, each `up` or `down`.',
    role: null,
    audit: null,
    throttle: 'none',
    request: {},
    status: 200,
    response: readiness,
    errors: ['NOT_READY'],
    handle: tellReady,
  }),
  // Programmers and their tools ask before they have an account, and learn nothing about anybody's backups.
  route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'Describe this API',
    role: null,
    audit: null,
    throttle: 'none',
    request: {},
    status: 200,
    response: openApiContract,
    errors: [],
    handle: tellContract,
  }),
];
