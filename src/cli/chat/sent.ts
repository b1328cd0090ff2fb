import type { Transcript } from '../../client/transcript.ts';

type State = 'sent' | 'accepted' | 'settled';

/** The messages of one terminal, on their way to the end of their turns. */
export class Sent {
  readonly #messages = new Map<string, { readonly text: string; readonly state: State }>();

  has(id: string): boolean {
    return this.#messages.has(id);
  }

  add(id: string, text: string): void {
    this.#messages.set(id, { text, state: 'sent' });
  }

  /** The device has it: it will be worked, whoever stays or goes. */
  accepted(id: string): void {
    const message = this.#messages.get(id);
    if (message?.state === 'sent') this.#messages.set(id, { ...message, state: 'accepted' });
  }

  settled(id: string): void {
    const message = this.#messages.get(id);
    if (message) this.#messages.set(id, { ...message, state: 'settled' });
  }

  /** Whether one is still to be worked; what an abort has parked waits for the person. */
  isUnderWay({ queue }: Transcript): boolean {
    const parked = queue.flatMap(({ client_message_id: id, paused }) => (paused === true ? [id] : []));
    return [...this.#messages].some(([id, { state }]) => state !== 'settled' && !parked.includes(id));
  }

  /** What nobody but this terminal has. */
  undelivered(): readonly string[] {
    return [...this.#messages.values()].flatMap(({ text, state }) => (state === 'sent' ? [text] : []));
  }
}
