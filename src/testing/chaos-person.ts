import type { Approval } from '../client/transcript.ts';
import type { ChaosClient, View } from './chaos-client.ts';
import type { Random } from './chaos-random.ts';

export type PersonOptions = {
  readonly random: Random;
  /** How often they say no. */
  readonly denials: number;
  /** The longest they think, in milliseconds. */
  readonly thinkMs: number;
  /** The request that a device has taken an answer to. */
  decided(requestId: string, view: View): void;
};

/** Whoever answers the tool requests that a client shows. */
export type Person = {
  /** Looks at what a conversation shows now. */
  look(view: View): void;
  /** From now on says yes to everything at once, and lets parked messages go on. */
  hurry(): void;
};

const askAgainMs = 20;

export function person(
  { client, views }: Pick<ChaosClient, 'client' | 'views'>,
  options: PersonOptions,
): Person {
  const { random, denials, thinkMs, decided } = options;
  const busy = new Set<string>();
  let hurried = false;

  /** One thing at a time; it is looked at again when it was not done. */
  async function once(id: string, view: View, waitMs: number, act: () => Promise<boolean>): Promise<void> {
    if (busy.has(id)) return;
    busy.add(id);
    await pause(waitMs);
    const done = await act();
    if (!done) await pause(askAgainMs);
    busy.delete(id);
    if (!done) look(view);
  }

  async function decide(view: View, { request_id, request, input_hash }: Approval): Promise<boolean> {
    const { scope } = view;
    const denies = !hurried && random.chance(denials);
    const decision = denies
      ? ({ behavior: 'deny', message: 'Not this time.' } as const)
      : { behavior: 'allow' as const, ...answers(request) };
    const result = await client.decide(scope, request_id, decision, input_hash ?? undefined);
    if (result.ok) decided(request_id, view);
    return result.ok || result.failure.code === 'approval_not_pending';
  }

  async function resume({ scope }: View): Promise<boolean> {
    const result = await client.call('resume_queue', { runtime: scope });
    return result.ok;
  }

  function look(view: View): void {
    // What an old owner showed may have changed: only one that is there can say so.
    if (!view.synced) return;
    const { approvals, queue } = view.transcript;
    for (const approval of approvals) {
      const waitMs = hurried ? 0 : random.int(0, thinkMs);
      void once(approval.request_id, view, waitMs, () => decide(view, approval));
    }
    if (hurried && queue.some(({ paused }) => paused)) {
      void once(`queue of ${view.scope.conversation_id}`, view, 0, () => resume(view));
    }
  }

  return {
    look,
    hurry() {
      hurried = true;
      for (const view of views.values()) look(view);
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A question wants an answer, not only leave. */
function answers({ tool_name, input }: Readonly<Record<string, unknown>>) {
  return tool_name === 'AskUserQuestion'
    ? { updated_input: { ...(input as Record<string, unknown>), answers: { 'Which way?': 'Left' } } }
    : {};
}
