import {
  backup,
  backupId,
  fullBackupRequest,
  historyQuery,
  idempotencyHeader,
} from '@safekeep/shared/contracts/backup';
import { backupDetail } from '@safekeep/shared/contracts/backup-detail';
import { liveness, readiness } from '@safekeep/shared/contracts/health';
import { loginAnswer, loginRequest } from '@safekeep/shared/contracts/login';
import { verification, verificationStatus, verifyRequest } from '@safekeep/shared/contracts/verification';
import { z } from 'zod';
import { type Route, route } from './route.js';
import { readBackup } from './routes/backup-detail.js';
import { requestFullBackup } from './routes/full-backup.js';
import { tellAlive, tellReady } from './routes/health.js';
import { readHistory } from './routes/history.js';
import { login } from './routes/login.js';
import { readVerificationStatus } from './routes/verification-status.js';
import { requestVerify } from './routes/verify.js';

/** The whole API. A fixed path stands before one with a parameter that would match it too. */
export const routes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/auth/login',
    role: null,
    audit: { action: 'login', by: 'pipeline' },
    throttle: 'failed logins',
    request: { body: loginRequest },
    status: 200,
    response: loginAnswer,
    handle: login,
  }),
  route({
    method: 'POST',
    path: '/backup/full',
    role: 'operator',
    audit: { action: 'backup.request', by: 'handler' },
    throttle: 'writes',
    request: { body: fullBackupRequest, headers: idempotencyHeader },
    status: 202,
    response: backup,
    handle: requestFullBackup,
  }),
  route({
    method: 'GET',
    path: '/backup/history',
    role: 'viewer',
    audit: { action: 'history.read', by: 'pipeline' },
    throttle: 'none',
    request: { query: historyQuery },
    status: 200,
    response: z.array(backup),
    handle: readHistory,
  }),
  route({
    method: 'GET',
    path: '/backup/verification/status',
    role: 'viewer',
    audit: { action: 'verification.read', by: 'pipeline' },
    throttle: 'none',
    request: {},
    status: 200,
    response: verificationStatus,
    handle: readVerificationStatus,
  }),
  route({
    method: 'POST',
    path: '/backup/:id/verify',
    role: 'operator',
    audit: { action: 'verification.request', by: 'handler' },
    throttle: 'writes',
    request: { params: backupId, body: verifyRequest },
    status: 202,
    response: verification,
    handle: requestVerify,
  }),
  route({
    method: 'GET',
    path: '/backup/:id',
    role: 'viewer',
    audit: { action: 'backup.read', by: 'pipeline' },
    throttle: 'none',
    request: { params: backupId },
    status: 200,
    response: backupDetail,
    handle: readBackup,
  }),
  // Orchestrators ask every few seconds and without a token; that leaves no trace in the audit trail.
  route({
    method: 'GET',
    path: '/health/live',
    role: null,
    audit: null,
    throttle: 'none',
    request: {},
    status: 200,
    response: liveness,
    handle: tellAlive,
  }),
  route({
    method: 'GET',
    path: '/health/ready',
    role: null,
    audit: null,
    throttle: 'none',
    request: {},
    status: 200,
    response: readiness,
    handle: tellReady,
  }),
];
