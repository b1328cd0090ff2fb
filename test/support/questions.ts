import { readFrame } from '../../src/link/read-frame.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import { routeOf } from '../../src/protocol/routing.ts';

type Open = { readonly frame: Frame; readonly least: number; readonly most: number; answers: string[] };

/** What the old commands of the first documents are answered with, besides the replies of today. */
const oldAnswers: ReadonlyMap<string, readonly string[]> = new Map([
  ['change_cwd', ['cwd_changed']],
  ['change_mode', ['mode_changed']],
  ['change_device_state', ['cwd_changed', 'mode_changed']],
  ['request_state', ['state_response']],
  ['recover_pending_approvals', ['recover_pending_approvals_ack']],
  ['cancel_run', ['cancel_ack']],
]);

/** [ERR-1] Counts the answers of everything that one client asked by a `request_id` of its own. */
export class Questions {
  readonly #open = new Map<string, Open>();
  #asked = 0;

  /** An id that no frame had before. */
  mint(): string {
    this.#asked += 1;
    return `q-${this.#asked}`;
  }

  /** Whatever is sent; what cannot be read, or bears no id of ours, is not counted. */
  sent(text: string): void {
    const read = readFrame(text, { maxBytes: limits.frameFromClient, maxDepth: limits.depth });
    if (!read.ok) return;
    const { frame } = read;
    const { request_id: id } = frame;
    if (typeof id === 'string' && /^q-\d+$/.test(id))
      this.#open.set(id, { frame, ...this.#bounds(frame), answers: [] });
  }

  /** Commands that must be answered and have no answer yet. */
  get open(): number {
    let open = 0;
    for (const { least, answers } of this.#open.values()) if (answers.length < least) open += 1;
    return open;
  }

  heard(frame: Frame): void {
    const { request_id: id, type } = frame;
    const open = typeof id === 'string' ? this.#open.get(id) : undefined;
    if (!open) return;
    const isAnswer =
      type === 'error' ||
      routeOf(type)?.kind === 'reply' ||
      (oldAnswers.get(open.frame.type)?.includes(type) ?? false);
    if (isAnswer) open.answers.push(type);
  }

  /** Commands that were answered too seldom or too often; the others are forgotten. */
  wrong(): readonly string[] {
    const wrong = [...this.#open.values()].filter(
      ({ answers, least, most }) => answers.length < least || answers.length > most,
    );
    this.#open.clear();
    return wrong.map(
      ({ frame, answers }) => `${JSON.stringify(frame).slice(0, 600)} ⇒ ${answers.join(', ') || 'nothing'}`,
    );
  }

  /** A command that has no reply is answered only where it failed. */
  #bounds({ type }: Frame): { readonly least: number; readonly most: number } {
    const route = routeOf(type);
    if (type === 'change_device_state') return { least: 0, most: 2 };
    if (type === 'change_cwd' || type === 'change_mode') return { least: 0, most: 1 };
    const isSilent = route?.kind === 'command' && route.replyType === null;
    return { least: isSilent ? 0 : 1, most: 1 };
  }
}
