import type { Condition } from './model-condition.ts';

/** Named gates at which answers pause. */
export type Gates = {
  /** Opens a gate for good: for those who wait at it and for all who come. */
  release(gate: string): void;
  /** Resolves when the gate is open; rejects when `signal` aborts (tell the condition) or the condition closes. */
  pass(gate: string, signal: AbortSignal): Promise<void>;
  /** How many wait at each gate where someone waits. */
  held(): Record<string, number>;
};

export function createGates(condition: Condition): Gates {
  const open = new Set<string>();
  const waiting: string[] = [];
  return {
    release: (gate) => {
      open.add(gate);
      condition.changed();
    },
    pass: async (gate, signal) => {
      if (open.has(gate)) return;
      waiting.push(gate);
      condition.changed();
      try {
        await condition.until(() => open.has(gate) || signal.aborted || undefined);
      } finally {
        waiting.splice(waiting.indexOf(gate), 1);
      }
      signal.throwIfAborted();
    },
    held: () => {
      const counts = new Map<string, number>();
      for (const gate of waiting) counts.set(gate, (counts.get(gate) ?? 0) + 1);
      return Object.fromEntries(counts);
    },
  };
}
