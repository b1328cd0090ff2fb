import type { Fact } from '../core/facts.ts';
import {
  type Commit,
  type InputRecord,
  type ScopeId,
  type Store,
  StoreError,
  type StoreOptions,
} from './store.ts';

export const t0 = Date.parse('2026-01-02T03:04:05.678Z');
export const options: StoreOptions = { applyVersion: 1, machine: 'this' };
export const agentA: ScopeId = { agent_id: 'agent-a', conversation_id: 'default' };
export const agentB: ScopeId = { agent_id: 'agent-b', conversation_id: 'default' };

/** A place where stores are opened again and again, as one home is by one process after another. */
export type TestHome = { open(options: StoreOptions): Store; dispose(): void };

/** The home and the store of the running test. */
export class Context {
  #inside: { home: TestHome; store: Store } | null = null;

  get home(): TestHome {
    return this.#now().home;
  }

  get store(): Store {
    return this.#now().store;
  }

  enter(home: TestHome): void {
    this.#inside = { home, store: home.open(options) };
  }

  reopen(change: Partial<StoreOptions> = {}): Store {
    const { home, store } = this.#now();
    store.close();
    this.#inside = { home, store: home.open({ ...options, ...change }) };
    return this.store;
  }

  leave(): void {
    this.#now().home.dispose();
    this.#inside = null;
  }

  #now(): { home: TestHome; store: Store } {
    if (!this.#inside) throw new Error('no test is running');
    return this.#inside;
  }
}

export function change(scope: ScopeId, part: Partial<Commit>): Commit {
  return { scope, at: t0, facts: [], events: [], inputs: [], ...part };
}

export const createdFact: Fact = { kind: 'created', v: 1, ...agentA, cwd: '/work', mode: 'standard' };

export function textFact(text: string): Fact {
  return { kind: 'text', v: 1, message: 'm', field: 'assistant', text };
}

export function messageFact(id: string, text: string): Fact {
  return { kind: 'message', v: 1, id, field: 'assistant', text, run: 'run-1', at: t0 };
}

export const turnFinishedFact: Fact = {
  kind: 'turn_finished',
  v: 1,
  stop_reason: 'end_turn',
  error: null,
  at: t0,
};

export function input(key: string): InputRecord {
  return { key, input_id: `in-${key}`, hash: 'h', state: 'accepted', turn_id: null, code: null, at: t0 };
}

/** The code of the `StoreError` that `act` throws; any other outcome as text. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof StoreError ? error.code : `not a StoreError: ${String(error)}`;
  }
  return 'nothing thrown';
}
