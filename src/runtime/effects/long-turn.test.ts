import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { initialState } from '../../core/state.ts';
import { emptyTranscript } from '../../core/transcript.ts';
import { testDevice } from '../../testing/device.ts';
import type { ModelPart } from '../models/model.ts';
import { TaskList } from '../tasks/task-list.ts';
import { isLongTurn } from './long-turn.ts';
import { runModel } from './run-model.ts';

/** Keeps the event loop busy. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('a turn of the event loop', () => {
  it('is long when it has lasted, and the next one begins anew', async () => {
    await setImmediate();
    expect(isLongTurn()).toBe(false);
    work(5);
    expect(isLongTurn()).toBe(true);
    await setImmediate();
    expect(isLongTurn()).toBe(false);
  });

  it('is not kept by a burst: others are heard between its words', async () => {
    const { device, close } = testDevice();
    async function* stream(): AsyncGenerator<ModelPart> {
      for (let n = 0; n < 60; n++) {
        work(1);
        yield { kind: 'text', text: 'word ' };
      }
      yield { kind: 'finish', reason: 'end_turn', usage: null };
    }
    const heard: string[] = [];
    let ended = false;
    const elsewhere = async () => {
      for (; !ended; await setImmediate()) heard.push('somebody');
    };
    const subject = {
      scope: { agent_id: null, conversation_id: 'conv-1' },
      state: initialState,
      tasks: new TaskList(() => undefined),
      seen: new Map<string, string>(),
      transcript: emptyTranscript,
      hear: () => undefined,
    };
    const others = elsewhere();
    await runModel(
      subject,
      { ...device.host, model: async () => ({ handle: 'test', window: null, stream }) },
      'run-1',
      new AbortController().signal,
      () => heard.push('model'),
    );
    ended = true;
    await others;
    await close();
    const turns = heard.join(' ').split('somebody');
    expect(heard.filter((who) => who === 'model')).toHaveLength(61);
    expect(turns.length).toBeGreaterThan(8);
  });
});
