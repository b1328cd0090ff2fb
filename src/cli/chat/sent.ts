import type { Transcript } from '../../client/transcript.ts';

type State = 'sent' | 'parked' | 'accepted' | 'settled';

/** The messages of one terminal, on their way to the end of their turns. */
export class Sent {
  readonly #messages = new Map<string, { readonly text: string; readonly state: State }>();

  has(id: string): boolean {
    return this.#messages.has(id);
  }

  add(id: string, text: string): void {
    this.#messages.set(id, { text, state: 'sent' });
  }

  /** What a receipt says of one: it waits at a broker, or its device has it and will work it, whoever stays or goes. */
  heard(id: string, receipt: unknown): 'parked' | 'delivered' | null {
    const message = this.#messages.get(id);
    if (message?.state !== 'sent' && message?.state !== 'parked') return null;
    const state = receipt === 'parked' ? 'parked' : 'accepted';
    this.#messages.set(id, { ...message, state });
    if (state === message.state) return null;
    return state === 'parked' ? 'parked' : message.state === 'parked' ? 'delivered' : null;
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

  text(id: string): string {
    return this.#messages.get(id)?.text ?? '';
  }

  /** `sent`: what nobody but this terminal has. `parked`: what waits at a broker. */
  all(wanted: 'sent' | 'parked'): readonly string[] {
    return [...this.#messages.values()].flatMap(({ text, state }) => (state === wanted ? [text] : []));
  }
}
