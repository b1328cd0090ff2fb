import type { Frame } from '../../protocol/frames.ts';
import { type Scope, scopeKey, scopeOf } from '../../protocol/shapes.ts';

type Offer = { readonly runtimes: readonly Scope[]; readonly external_tools: readonly unknown[] };

/** [TOOL-6] The tools that a peer offers, for the next owner of the home, which knows nothing of them. */
export class Offered {
  readonly #offers = new Map<string, Offer>();
  /** Of a start whose conversation is not known yet, by `request_id`. */
  readonly #starting = new Map<unknown, readonly unknown[]>();

  asked(frame: Frame): void {
    if (frame.type === 'runtime_start') this.#starting.set(frame.request_id, list(frame.external_tools));
    if (frame.type !== 'runtime_external_tools_update') return;
    for (const update of list(frame.updates)) {
      const { runtimes, external_tools }: { runtimes?: unknown; external_tools?: unknown } = Object(update);
      for (const runtime of list(runtimes)) this.#note(scopeOf(runtime), list(external_tools));
    }
  }

  told(frame: Frame): void {
    if (frame.type !== 'runtime_start_response') return;
    const tools = this.#starting.get(frame.request_id);
    this.#starting.delete(frame.request_id);
    if (tools && frame.success === true) this.#note(scopeOf(frame.runtime), tools);
  }

  /** What the next owner is to be told; nothing where nothing is offered. */
  again(): Frame[] {
    this.#starting.clear();
    const updates = [...this.#offers.values()];
    return updates.length === 0 ? [] : [{ type: 'runtime_external_tools_update', updates }];
  }

  #note(scope: Scope | null, external_tools: readonly unknown[]): void {
    if (!scope) return;
    if (external_tools.length === 0) this.#offers.delete(scopeKey(scope));
    else this.#offers.set(scopeKey(scope), { runtimes: [scope], external_tools });
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
