import { describe, expect, it } from 'vitest';
import { limits } from '../../protocol/limits.ts';
import { inputOf, Scene } from '../../testing/scene.ts';
import type { Step } from '../step.ts';

/** A scene in each state that an input may meet. */
const idle = () => new Scene();
function busy(): Scene {
  const scene = new Scene();
  scene.input('first');
  return scene;
}
function interrupted(): Scene {
  const scene = busy();
  scene.abort();
  return scene;
}
function parked(): Scene {
  const scene = busy();
  scene.input('waits');
  scene.abort();
  return scene;
}
function ended(): Scene {
  const scene = busy();
  scene.finish();
  return scene;
}

function answerOf(made: Step) {
  const answer = made.says.find((say) => say.say === 'answer')?.answer;
  if (!answer) throw new Error('The step has no answer.');
  return answer.ok ? answer.fields : answer.failure.code;
}
const receiptsOf = (made: Step) => made.says.flatMap((say) => (say.say === 'receipt' ? [say.receipt] : []));
const told = (made: Step) =>
  made.says.flatMap((say) => (say.say === 'event' ? [say.type] : say.say === 'receipt' ? [] : [say.say]));

describe('[IN-1] an input is taken up according to what the conversation does', () => {
  it.each([
    ['idle: at once', idle, 'started', ['accepted', 'started']],
    ['after a turn: at once', ended, 'started', ['accepted', 'started']],
    ['a turn runs: queued', busy, 'queued', ['queued']],
    ['right after an abort: queued first, as stock does', interrupted, 'queued', ['queued', 'started']],
    ['with parked inputs: queued, and all go on', parked, 'queued', ['queued', 'started']],
  ] as const)('%s', (_name, scene, disposition, fates) => {
    const here = scene();
    const made = here.input('next');
    expect(answerOf(made)).toEqual({ disposition });
    expect(here.fates('next')).toEqual(fates);
    expect(here.state.queue.some((item) => item.paused)).toBe(false);
  });

  it('a new input lets what was parked go on with it, in order', () => {
    const scene = parked();
    scene.input('next');
    expect(scene.state.turn?.inputs.map((item) => item.client_message_id)).toEqual(['waits', 'next']);
    expect(scene.fates('waits')).toEqual(['queued', 'started']);
  });

  it('only its first receipt adds it to the store, with its hash', () => {
    const scene = new Scene();
    const receipts = receiptsOf(scene.input('next'));
    expect(receipts.map(({ state, hash, turn_id }) => ({ state, hash, turn_id }))).toEqual([
      { state: 'accepted', hash: 'hash of next', turn_id: null },
      { state: 'started', hash: null, turn_id: scene.state.turn?.id },
    ]);
  });

  it('queue ids go on counting for ever', () => {
    const scene = ended();
    scene.input('second');
    scene.input('third');
    expect(scene.state.queue.map((item) => item.id)).toEqual(['q-3']);
  });
});

describe('[IN-2] an input that was sent before is told its fate and not worked again', () => {
  const again = (scene: Scene, text = 'first') => scene.input(text, { id: 'first' });
  it.each([
    ['while it is worked', busy, 'started', 'started'],
    ['when it is done', ended, 'done', 'started'],
    ['when it was cancelled', interrupted, 'cancelled', 'started'],
  ] as const)('%s', (_name, at, state, disposition) => {
    const scene = at();
    const before = scene.state;
    const made = again(scene);
    expect(answerOf(made)).toEqual({ disposition });
    expect(receiptsOf(made)).toMatchObject([{ state, client_message_id: 'first', hash: null }]);
    expect(made.says.filter((say) => say.say === 'receipt').every((say) => say.known)).toBe(true);
    expect(told(made)).toEqual(['answer', 'aside']);
    expect(made.facts).toEqual([]);
    expect(scene.state).toBe(before);
  });

  it('while it waits, it is still queued', () => {
    const scene = busy();
    scene.input('waits');
    expect(answerOf(scene.input('waits'))).toEqual({ disposition: 'queued' });
    expect(scene.state.queue).toHaveLength(1);
  });

  it('another content under the same id is a conflict and changes nothing', () => {
    const scene = ended();
    const made = again(scene, 'something else');
    expect(answerOf(made)).toBe('idempotency_conflict');
    expect(receiptsOf(made)).toMatchObject([{ state: 'rejected', code: 'idempotency_conflict', hash: null }]);
    expect(made.facts).toEqual([]);
    expect(answerOf(again(scene))).toEqual({ disposition: 'started' });
    expect(scene.fates('first')).toEqual(['accepted', 'started', 'done']);
  });

  it('one that was refused stays refused', () => {
    const scene = new Scene();
    const empty = inputOf('empty', [{ role: 'user' }]);
    expect(answerOf(scene.command(empty))).toBe('input_invalid');
    expect(answerOf(scene.command(empty))).toBe('input_invalid');
    expect(scene.fates('empty')).toEqual(['rejected']);
  });
});

describe('an input that cannot be worked is refused, with a receipt that says so', () => {
  it.each([
    ['no message at all', []],
    ['messages without content', [{ role: 'user' }, { role: 'user', otid: 'o' }]],
  ])('[IN-1] %s', (_name, messages) => {
    const scene = new Scene();
    expect(answerOf(scene.command(inputOf('empty', messages)))).toBe('input_invalid');
    expect(scene.fates('empty')).toEqual(['rejected']);
    expect(scene.facts).toHaveLength(1);
  });

  it('content in a later message is enough', () => {
    const scene = new Scene();
    scene.command(inputOf('late', [{ role: 'user' }, { role: 'user', content: '' }]));
    expect(scene.fates('late')).toEqual(['accepted', 'started']);
  });

  it('[QUE-1] a full queue refuses and drops nothing', () => {
    const scene = busy();
    for (let n = 0; n < limits.queue; n += 1) scene.input(`waits ${n}`);
    const before = scene.state;
    const made = scene.input('one too many');
    expect(answerOf(made)).toBe('queue_full');
    expect(scene.fates('one too many')).toEqual(['rejected']);
    expect(scene.state).toBe(before);
    expect(scene.state.queue).toHaveLength(limits.queue);
    expect(answerOf(scene.input('one too many'))).toBe('queue_full');
  });

  it('[QUE-1] parked inputs count, and a refused one does not let them go on', () => {
    const scene = busy();
    for (let n = 0; n < limits.queue; n += 1) scene.input(`waits ${n}`);
    scene.abort();
    expect(answerOf(scene.input('one too many'))).toBe('queue_full');
    expect(scene.state.turn).toBeNull();
    expect(scene.state.queue.every((item) => item.paused)).toBe(true);
  });
});
