/** Why a channel did not take a message: a sentence without addresses, names of hosts, or what the other side said. */
export class Undelivered extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'Undelivered';
  }
}
