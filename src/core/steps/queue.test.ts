import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../../testing/scene.ts';
import type { Step } from '../step.ts';

function busy(): Scene {
  const scene = new Scene('unrestricted');
  scene.input('go');
  return scene;
}
/** A turn in which a tool runs; `end` lets its result reach the model. */
function withTool(): { scene: Scene; end: () => void } {
  const scene = busy();
  scene.finish(callOf('c1', 'Bash'));
  scene.prepared('c1');
  return { scene, end: () => void scene.done('c1') };
}
const worked = (scene: Scene) => scene.state.turn?.inputs.map((item) => item.client_message_id);
const waiting = (scene: Scene) => scene.state.queue.map((item) => item.client_message_id);
const answerOf = (made: Step) => made.says.flatMap((say) => (say.say === 'answer' ? [say.answer] : []))[0];

/** `a:ann b:bob:fast`: inputs by their ids, each with who sends it and, where there are any, its options. */
function send(scene: Scene, inputs: string): void {
  for (const input of inputs.split(' ')) {
    const [id = '', by = '', template = ''] = input.split(':');
    scene.input(id, { by, template });
  }
}

describe('[QUE-2] inputs share a turn only with those of the same principal and the same options', () => {
  it.each([
    ['all alike', 'a:ann b:ann c:ann', ['a', 'b', 'c'], []],
    ['another principal', 'a:ann b:bob c:ann', ['a'], ['b', 'c']],
    ['other options', 'a:ann:x b:ann:y', ['a'], ['b']],
    ['the first decides', 'a:bob:x b:bob:x c:bob', ['a', 'b'], ['c']],
  ])('as the next turn: %s', (_name, sent, together, left) => {
    const scene = busy();
    send(scene, sent);
    scene.finish();
    expect(worked(scene)).toEqual(together);
    expect(waiting(scene)).toEqual(left);
  });

  it.each([
    ['all alike', 'a:ann b:ann', ['go', 'a', 'b'], []],
    ['another principal', 'a:bob', ['go'], ['a']],
    ['other options', 'a:ann:x', ['go'], ['a']],
    ['only up to the first that differs', 'a:ann b:bob c:ann', ['go', 'a'], ['b', 'c']],
  ])('at the boundary after a tool: %s', (_name, sent, together, left) => {
    const { scene, end } = withTool();
    send(scene, sent);
    end();
    expect(worked(scene)).toEqual(together);
    expect(waiting(scene)).toEqual(left);
  });

  it('they share its outcome', () => {
    const { scene, end } = withTool();
    send(scene, 'a:ann b:bob');
    end();
    expect([scene.fates('go'), scene.fates('a')]).toEqual([
      ['accepted', 'started'],
      ['queued', 'started'],
    ]);
    scene.finish();
    expect(scene.fates('a')).toEqual(['queued', 'started', 'done']);
    expect(scene.fates('go')).toEqual(['accepted', 'started', 'done']);
    expect(worked(scene)).toEqual(['b']);
    const turns = scene.says.flatMap((say) =>
      say.say === 'receipt' && say.receipt.state === 'done' ? [say.receipt.turn_id] : [],
    );
    expect(new Set(turns).size).toBe(1);
  });

  it('one that joins while the model is asked again after a failure waits for the next boundary', () => {
    const scene = busy();
    scene.model({ kind: 'failed', code: 'model_unavailable', message: 'Busy.', retryable: true });
    scene.input('a');
    scene.tick(1_000);
    expect(worked(scene)).toEqual(['go']);
    expect(waiting(scene)).toEqual(['a']);
  });

  it('each turn of the queue ends before the next begins', () => {
    const scene = busy();
    send(scene, 'a:bob b:ann');
    for (let n = 0; n < 3; n += 1) scene.finish();
    const turns = scene.facts.flatMap(({ kind }) => (kind.startsWith('turn_') ? [kind] : []));
    expect(turns).toEqual([
      'turn_started',
      'turn_finished',
      'turn_started',
      'turn_finished',
      'turn_started',
      'turn_finished',
    ]);
    expect(scene.state.turn).toBeNull();
  });
});

describe('a queued input, told', () => {
  it('as it joins a turn', () => {
    const { scene, end } = withTool();
    scene.input('a');
    scene.lines();
    end();
    expect(scene.lines()).toEqual([
      'S client_tool_end call-1 success',
      'S tool_return_message call-1 success',
      'S user_message cm-1',
      'L SENDING_API_REQUEST',
      'Q dequeued:cm-1',
      'L WAITING_FOR_API_RESPONSE',
    ]);
  });

  it('as it begins a turn', () => {
    const scene = busy();
    send(scene, 'a:ann b:ann');
    scene.finish();
    expect(scene.lines().slice(-8)).toEqual([
      'turn_finished end_turn',
      'S user_message cm-1',
      'S user_message cm-2',
      'Q',
      'L SENDING_API_REQUEST',
      'D busy unrestricted',
      'Q dequeued:cm-1 dequeued:cm-2',
      'L WAITING_FOR_API_RESPONSE',
    ]);
  });

  it('with its first content and when it came', () => {
    const scene = busy();
    scene.now += 5;
    const made = scene.input('a', { id: 'cm-a' });
    const event = made.says.find((say) => say.say === 'event');
    expect(event).toMatchObject({
      type: 'update_queue',
      body: {
        queue: [
          {
            id: 'q-2',
            client_message_id: 'cm-a',
            kind: 'message',
            source: 'user',
            content: 'a',
            enqueued_at: '2026-01-01T00:00:00.005Z',
          },
        ],
        removed: [],
      },
    });
  });
});

describe('[ABT-2] parked inputs', () => {
  const parked = () => {
    const scene = busy();
    send(scene, 'a:ann b:bob');
    scene.abort();
    scene.lines();
    return scene;
  };

  it('stay where they are until they are resumed', () => {
    const scene = parked();
    for (const ms of [0, 60_000]) scene.tick(ms);
    scene.command({ do: 'tell_status' });
    expect(scene.state.turn).toBeNull();
    expect(waiting(scene)).toEqual(['a', 'b']);
  });

  it('go on when they are resumed', () => {
    const scene = parked();
    expect(answerOf(scene.command({ do: 'resume_queue' }))).toEqual({ ok: true, fields: { resumed: 2 } });
    expect(worked(scene)).toEqual(['a']);
    expect(scene.lines()).toEqual([
      'resume_queue_response 2',
      'Q cm-1, cm-2',
      'S user_message cm-1',
      'Q cm-2',
      'L SENDING_API_REQUEST',
      'D busy unrestricted',
      'Q cm-2 dequeued:cm-1',
      'L WAITING_FOR_API_RESPONSE',
    ]);
  });

  it('nothing to resume, nothing happens', () => {
    const scene = busy();
    scene.input('a');
    scene.lines();
    const made = scene.command({ do: 'resume_queue' });
    expect(made.facts).toEqual([]);
    expect(scene.lines()).toEqual(['resume_queue_response 0']);
  });
});

describe('taking an input out of the queue', () => {
  it('it is cancelled and told', () => {
    const scene = busy();
    scene.input('a');
    scene.input('b');
    scene.lines();
    const made = scene.command({ do: 'remove_queue_item', id: 'q-2' });
    expect(answerOf(made)).toEqual({ ok: true, fields: { item_id: 'q-2' } });
    expect(scene.lines()).toEqual(['remove_queue_item_response true', 'Q cm-2 cancelled:cm-1']);
    expect(scene.fates('a')).toEqual(['queued', 'cancelled']);
    scene.finish();
    expect(worked(scene)).toEqual(['b']);
  });

  it('a parked one too, and the others stay parked', () => {
    const scene = busy();
    scene.input('a');
    scene.input('b');
    scene.abort();
    scene.lines();
    scene.command({ do: 'remove_queue_item', id: 'q-2' });
    expect(scene.lines()).toEqual(['remove_queue_item_response true', 'Q cm-2 paused cancelled:cm-1']);
    expect(scene.state.turn).toBeNull();
  });

  it.each([
    ['never was', 'q-99'],
    ['is worked already', 'q-1'],
  ])('one that %s: refused, and the asker sees the queue', (_name, id) => {
    const scene = busy();
    scene.lines();
    const made = scene.command({ do: 'remove_queue_item', id });
    expect(answerOf(made)).toMatchObject({
      ok: false,
      failure: { code: 'queue_item_not_found' },
      fields: { item_id: id },
    });
    expect(made.says.map((say) => (say.say === 'event' ? say.type : say.say))).toEqual([
      'answer',
      'update_queue',
    ]);
    expect(scene.fates('go')).toEqual(['accepted', 'started']);
  });
});
