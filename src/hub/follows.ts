/** Replies that begin something: whoever asked follows the conversation in their `runtime` from then on. */
const replies: ReadonlySet<string> = new Set(['runtime_start_response']);

export const begins = (replyType: string | null): boolean => replyType !== null && replies.has(replyType);

/** Of one client; the snapshots that belong to such a command come with it or soon after. */
const MOST = 100;

/** The commands of one client that began something: their snapshots are told as they come, since no sync waits for them. */
export class Beginnings {
  #requestIds: Set<string> | null = null;

  note(requestId: string | undefined): void {
    if (requestId === undefined) return;
    this.#requestIds ??= new Set();
    this.#requestIds.add(requestId);
    const [oldest] = this.#requestIds;
    if (this.#requestIds.size > MOST && oldest !== undefined) this.#requestIds.delete(oldest);
  }

  has(requestId: string | undefined): boolean {
    return requestId !== undefined && this.#requestIds?.has(requestId) === true;
  }
}
