import type { Clock } from '../../link/clock.ts';
import type { Prepared, ToolResult } from '../tools/tool.ts';
import { type ExternalAnswer, externalResult } from './external-result.ts';

/** How long a client may take (protocol reference 6.1). */
export const externalDeadlineMs = 300_000;

export type ExternalCall = {
  /** Of the client that is to run it. */
  readonly session: string;
  readonly name: string;
  /** Tells the client, under the id by which it answers. */
  ask(requestId: string): void;
};

type Open = { readonly call: ExternalCall; end(result: ToolResult): void };

export type OpenCallsOptions = { readonly clock: Clock; mint(): string };

/** [TOOL-6] Calls that wait for the client that offered their tool. A client that left is waited for like one that is slow: it may be running. */
export class OpenCalls {
  readonly #options: OpenCallsOptions;
  readonly #open = new Map<string, Open>();

  constructor(options: OpenCallsOptions) {
    this.#options = options;
  }

  prepare(call: ExternalCall): Prepared {
    const { clock, mint } = this.#options;
    const requestId = `external-tool-${mint()}`;
    const { promise, resolve } = Promise.withResolvers<ToolResult>();
    const end = (result: ToolResult): void => {
      this.#open.delete(requestId);
      resolve(result);
    };
    let aborted = false;
    return {
      run: () => {
        if (aborted) return promise;
        const timer = clock.after(externalDeadlineMs, () => end(expired(call.name)));
        this.#open.set(requestId, { call, end });
        call.ask(requestId);
        return promise.finally(() => timer.cancel());
      },
      abort: async () => {
        aborted = true;
        end(interrupted(call.name));
      },
    };
  }

  /** False when nothing waits for that answer of that client: it was given, came too late, or is another client's to give. */
  answer(session: string, requestId: string, answer: ExternalAnswer): boolean {
    const open = this.#open.get(requestId);
    if (open?.call.session !== session) return false;
    open.end(externalResult(open.call.name, answer));
    return true;
  }
}

const expired = (name: string): ToolResult => ({
  status: 'error',
  text: `The client that runs ${name} did not answer within ${externalDeadlineMs / 1000} s: it may have run, in whole, in part, or not at all. Look before doing it again.`,
  indeterminate: true,
});

const interrupted = (name: string): ToolResult => ({
  status: 'error',
  text: `${name} was interrupted: it may have run in part.`,
  indeterminate: true,
});
