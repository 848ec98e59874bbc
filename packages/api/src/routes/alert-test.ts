import { requestAlertTest } from '@safekeep/shared/alerts/request-alert-test';
import type { Notification } from '@safekeep/shared/contracts/notification';
import type { Answer, Call } from '../route.js';
import type { Services } from '../services.js';

/** Accepts a test message to every configured channel. */
export async function testAlerts(
  services: Services,
  { audit }: Call<unknown>,
): Promise<Answer<Notification[]>> {
  return { body: await requestAlertTest(services, audit.actor) };
}
