import { createTransport } from 'nodemailer';
import { isAllowedHost } from '../config/allowed-hosts.js';
import type { Channels } from './channels.js';
import { Undelivered } from './undelivered.js';

/** Each step of the conversation with the mail server, in milliseconds. */
const TIMEOUT = 10_000;

export interface Mail {
  /** Makes the Message-ID: a mail that is sent twice can be told. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
}

/**
 * Sends one mail to all recipients. A password is sent over TLS alone, unless the host is on the list.
 * @throws Undelivered with the SMTP reply code or the connection's error code; what the server said stays out.
 */
export async function sendMail(
  smtp: NonNullable<Channels['smtp']>,
  allowedHosts: readonly string[],
  mail: Mail,
): Promise<void> {
  const url = new URL(smtp.url.reveal());
  const user = decodeURIComponent(url.username);
  const secure = url.protocol === 'smtps:';
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && user !== '' && !isAllowedHost(url, allowedHosts),
    ...(user !== '' && { auth: { user, pass: decodeURIComponent(url.password) } }),
    connectionTimeout: TIMEOUT,
    greetingTimeout: TIMEOUT,
    socketTimeout: TIMEOUT,
    dnsTimeout: TIMEOUT,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from: smtp.from,
      to: [...smtp.to],
      subject: mail.subject,
      text: mail.text,
      messageId: `<${mail.id}@safekeep>`,
    });
  } catch (error) {
    const { responseCode, code } = error as { responseCode?: number; code?: string };
    throw new Undelivered(
      responseCode === undefined
        ? `the mail server could not be used: ${code ?? 'unknown'}`
        : `the mail server refused with SMTP code ${responseCode}`,
    );
  } finally {
    transport.close();
  }
}
