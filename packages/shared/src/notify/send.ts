import type { Channel } from '../contracts/notification.js';
import { type Channels, configuredChannels } from './channels.js';
import { composeMessage, type Occasion } from './message.js';
import { sendMail } from './send-mail.js';
import { signedHeaders } from './signature.js';
import { Undelivered } from './undelivered.js';
import { sendWebRequest } from './web-request.js';

/** Sends what a notification says to its channel, once. @throws Undelivered */
export async function send(channels: Channels, channel: Channel, occasion: Occasion): Promise<void> {
  const { smtp, webhook, slack, heartbeat, allowedHosts } = channels;
  const { id } = occasion;
  const message = composeMessage(occasion);
  if (channel === 'smtp' && smtp !== null) {
    await sendMail(smtp, allowedHosts, { id, subject: message.title, text: message.text });
  } else if (channel === 'webhook' && webhook !== null) {
    const body = JSON.stringify(message.payload);
    const headers = signedHeaders(id, body, webhook.secret, new Date());
    await sendWebRequest({ url: webhook.url, method: 'POST', headers, body }, allowedHosts);
  } else if (channel === 'slack' && slack !== null) {
    const body = JSON.stringify({ text: `*${forSlack(message.title)}*\n${forSlack(message.text)}` });
    const headers = { 'Content-Type': 'application/json' };
    await sendWebRequest({ url: slack.url, method: 'POST', headers, body }, allowedHosts);
  } else if (channel === 'heartbeat' && heartbeat !== null) {
    await sendWebRequest({ url: heartbeat.url, method: 'GET', headers: {}, body: '' }, allowedHosts);
  } else {
    const known = configuredChannels(channels).join(', ') || 'none';
    throw new Undelivered(`this process has no settings for it (it has: ${known})`);
  }
}

/** Slack reads these three as the beginning of a link or a mention. */
function forSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
