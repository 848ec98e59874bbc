import type { Transport } from '../contracts/report-body.js';
import type { Secret } from './secret.js';

type Protection = Transport['protection'];

/** How a connection is protected that a URL asks for; only what the URL enforces counts. Shows nothing of the URL. */
export function protectionOf(url: Secret): Protection {
  const parsed = new URL(url.reveal());
  const host = parsed.searchParams.get('host') ?? decodeURIComponent(parsed.hostname);
  if (isLocal(host)) return 'local';
  if (parsed.protocol === 'rediss:') return 'verified';
  if (parsed.protocol === 'redis:') return 'plain';
  const mode = parsed.searchParams.get('sslmode');
  if (mode === 'verify-full') return 'verified';
  return mode === 'require' || mode === 'verify-ca' ? 'encrypted' : 'plain';
}

function isLocal(host: string): boolean {
  return host === '' || host.startsWith('/') || /^(localhost|127\.[\d.]+|\[?::1\]?)$/.test(host);
}
