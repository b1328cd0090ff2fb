import { describe, expect, it } from 'vitest';
import { callOf, inputOf, Scene } from '../../testing/scene.ts';

/** One request of the model that ends in a call, and the call's result. */
function oneStep(scene: Scene, n: number): void {
  scene.finish(callOf(`c${n}`, 'Read'));
  scene.prepared(`c${n}`);
  scene.done(`c${n}`);
}

describe('a turn that leads nowhere', () => {
  it('ends after 200 requests, and what waits goes on', () => {
    const scene = new Scene();
    scene.input('go');
    scene.input('next', { by: 'bob' });
    for (let n = 1; n < 200; n += 1) oneStep(scene, n);
    expect(scene.state.turn?.steps).toBe(200);
    scene.lines();
    oneStep(scene, 200);
    expect(scene.lines().slice(-10)).toEqual([
      'L WAITING_ON_INPUT',
      'D idle standard',
      'turn_finished max_steps',
      'S loop_error max_steps terminal',
      'S user_message cm-1',
      'Q',
      'L SENDING_API_REQUEST',
      'D busy standard',
      'Q dequeued:cm-1',
      'L WAITING_FOR_API_RESPONSE',
    ]);
    expect(scene.fates('go')).toEqual(['accepted', 'started', 'failed']);
    expect(scene.fates('next')).toEqual(['queued', 'started']);
  });

  it('counts requests, not attempts', () => {
    const scene = new Scene();
    scene.input('go');
    for (let n = 0; n < 3; n += 1) scene.model({ kind: 'lost' });
    expect(scene.state.turn?.steps).toBe(1);
    oneStep(scene, 1);
    expect(scene.state.turn?.steps).toBe(2);
  });
});

describe('[IN-2] [IN-3] every input has one terminal receipt', () => {
  const refused = { kind: 'failed', code: 'model_refused', message: 'No.', retryable: false } as const;
  it.each<[string, (scene: Scene) => void, string[], string | null]>([
    ['the turn ends', (s) => s.finish(), ['accepted', 'started', 'done'], null],
    [
      'the answer is cut short',
      (s) => s.model({ kind: 'finished', calls: [], usage: null, truncated: true }),
      ['accepted', 'started', 'done'],
      null,
    ],
    ['the model fails', (s) => s.model(refused), ['accepted', 'started', 'failed'], 'model_refused'],
    ['it is aborted', (s) => s.abort(), ['accepted', 'started', 'cancelled'], null],
  ])('%s', (_name, end, fates, code) => {
    const scene = new Scene();
    scene.input('go');
    end(scene);
    for (const late of [() => scene.finish(), () => scene.abort(), () => scene.tick(60_000)]) late();
    expect(scene.fates('go')).toEqual(fates);
    expect(scene.says.findLast((say) => say.say === 'receipt')?.receipt).toMatchObject({ code });
  });

  it('its receipts name its turn', () => {
    const scene = new Scene();
    scene.input('go');
    const turn = scene.state.turn?.id;
    scene.finish();
    const named = scene.says.flatMap((say) => (say.say === 'receipt' ? [say.receipt.turn_id] : []));
    expect(named).toEqual([null, turn, turn]);
  });
});

describe('what a turn says of itself', () => {
  it('an echo only of inputs that had to wait, each with its id', () => {
    const scene = new Scene();
    scene.input('go');
    scene.command(
      inputOf('parts', [{ role: 'user' }, { role: 'user', content: [{ type: 'text', text: 'hi' }] }]),
    );
    scene.finish();
    const echoes = scene.says.flatMap((say) => {
      const delta = say.say === 'event' ? Object(say.body.delta) : {};
      return delta.message_type === 'user_message' ? [delta] : [];
    });
    expect(echoes).toMatchObject([
      { id: 'user-msg-input-parts', otid: 'parts', content: [{ type: 'text', text: 'hi' }] },
    ]);
  });

  it('its end, with the failure that ended it', () => {
    const scene = new Scene();
    scene.input('go');
    const { id } = scene.state.turn ?? {};
    const run = scene.run;
    scene.model({ kind: 'failed', code: 'model_refused', message: 'No credit.', retryable: false });
    expect(scene.says.find((say) => say.say === 'event' && say.type === 'turn_finished')).toMatchObject({
      body: {
        turn_id: id,
        run_id: run,
        stop_reason: 'llm_api_error',
        error: 'No credit.',
        error_code: 'model_refused',
      },
    });
  });

  it('ids of one step differ', () => {
    const scene = new Scene('strict');
    scene.input('go');
    scene.input('next', { by: 'bob' });
    scene.abort();
    const ids = scene.says.flatMap((say) => {
      const delta = say.say === 'event' ? Object(say.body.delta) : {};
      return String(delta.id).startsWith('lifecycle') ? [delta.id] : [];
    });
    expect(new Set(ids).size).toBe(ids.length);
  });
});
