import type { Doomed, Mark } from './facts.ts';
import type { Call, State, Turn } from './state.ts';

/**
 * What should be going on in the world. The host starts what is desired and not running and stops what runs and is not desired, so
 * an abort, a crash and a retry need no code of their own here.
 */
export type Effect =
  /** One call of the model. Lost with its process: its text is void and the next attempt begins. */
  | { readonly do: 'model'; readonly run: string }
  /** Make a call ready: nothing happens outside yet, so a lost one is simply made ready again. */
  | { readonly do: 'prepare'; readonly call: Call }
  /** The call itself, started durably before. */
  | { readonly do: 'tool'; readonly call: Call; readonly mark: Mark | null }
  /** A summary of everything so far, that the model reads instead of it (CMP-1). */
  | { readonly do: 'compact'; readonly compaction: string }
  /** A process whose call is settled must not live on (TOOL-5). */
  | { readonly do: 'kill'; readonly process: Doomed };

/** `model:<run>`, `prepare:<call>`, `tool:<call>`, `compact:<id>`, `kill:<pid>`. */
export type EffectId = string;

export type Plan = { readonly effects: ReadonlyMap<EffectId, Effect>; readonly wakeAt: number | null };

export function plan(state: State): Plan {
  const effects = new Map<EffectId, Effect>();
  for (const process of state.doomed) effects.set(`kill:${process.pid}`, { do: 'kill', process });
  const { compaction } = state;
  if (compaction && compaction.retryAt === null)
    effects.set(`compact:${compaction.id}`, { do: 'compact', compaction: compaction.id });
  const run = state.turn?.run;
  if (run && run.retryAt === null) effects.set(`model:${run.id}`, { do: 'model', run: run.id });
  if (state.turn && !run) {
    for (const call of batch(state.turn)) {
      if (call.status === 'running') effects.set(`tool:${call.id}`, { do: 'tool', call, mark: call.mark });
      else effects.set(`prepare:${call.id}`, { do: 'prepare', call });
    }
  }
  return { effects, wakeAt: run?.retryAt ?? compaction?.retryAt ?? null };
}

/**
 * The calls that may go on now, once every call of the step is decided: calls that only read go together; one that acts goes alone,
 * in the order the model asked.
 */
function batch(turn: Turn): readonly Call[] {
  if (turn.calls.some((call) => call.allowed === null)) return [];
  const open = turn.calls.filter((call) => call.allowed && call.status !== 'settled');
  const acting = open.findIndex((call) => call.replay !== 'safe');
  if (acting < 0) return open;
  return acting === 0 ? open.slice(0, 1) : open.slice(0, acting);
}
