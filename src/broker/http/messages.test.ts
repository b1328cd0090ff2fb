import { describe, expect, it } from 'vitest';
import type { Pipe } from '../../link/pipe.ts';
import type { Frame } from '../../protocol/frames.ts';
import { bearer, testGround } from '../test-ground.ts';

const path = '/v1/environments/device-1/messages';

describe('a message without a socket', () => {
  const hello = [{ role: 'user', content: 'hello' }];

  async function device(answer: (frame: Frame, say: (frame: object) => void) => void) {
    const asked: Frame[] = [];
    const ground = testGround({}, (pipe: Pipe, text: string) => {
      const frame = JSON.parse(text) as Frame;
      if (frame.type === 'ping')
        return pipe.send(JSON.stringify({ type: 'pong', request_id: frame.request_id }));
      asked.push(frame);
      answer(frame, (one) => pipe.send(JSON.stringify(one)));
    });
    await ground.register(ground.make('device').token, {
      metadata: { defaultAgentId: 'agent-1' },
    });
    const headers = bearer(ground.make('client').token);
    const post = (body: unknown) => ground.ask('POST', path, headers, body);
    return { ...ground, asked, post };
  }
  const accept = (frame: Frame, say: (frame: object) => void) =>
    say({ type: 'input_accepted', request_id: frame.request_id, accepted: true, disposition: 'queued' });

  it('goes to the default agent as an input, and is answered when it is safe', async () => {
    const { post, asked, stations } = await device(accept);
    const { status, json } = await post({ messages: hello, client_tool_allowlist: [] });
    expect([status, json]).toEqual([
      200,
      {
        success: true,
        message: expect.any(String),
        clientMessageId: expect.stringMatching(/^cm-/),
        state: 'queued',
      },
    ]);
    expect(asked).toEqual([
      {
        type: 'input',
        request_id: expect.any(String),
        runtime: { agent_id: 'agent-1', conversation_id: 'default' },
        payload: {
          kind: 'create_message',
          client_tool_allowlist: [],
          messages: [{ role: 'user', content: 'hello', client_message_id: json.clientMessageId }],
        },
      },
    ]);
    const client = stations[0]?.clients[0]?.client;
    expect(client).toMatchObject({
      hears: 'followed',
      principal: { origin: 'broker' },
      reach: { agents: null },
    });
  });

  it('[IN-4] tells that the input waits for a device that is away', async () => {
    const { post } = await device((frame, say) => {
      accept(frame, say);
      const receipt = { type: 'input_receipt', input_id: 'in-1', state: 'parked', position: 7 };
      say({ ...receipt, client_message_id: 'mine' });
      say({ ...receipt, client_message_id: 'another', state: 'done' });
    });
    const messages = [{ ...hello[0], client_message_id: 'mine' }];
    const { json } = await post({ messages, agentId: 'agent-2', conversationId: 'conv-1' });
    expect(json).toMatchObject({
      success: true,
      clientMessageId: 'mine',
      state: 'parked',
      inputId: 'in-1',
      position: 7,
    });
  });

  it.each([
    [
      'a full queue',
      { type: 'input_accepted', accepted: false, error: 'full', error_code: 'queue_full' },
      429,
      'queue_full',
    ],
    [
      'no privilege',
      { type: 'input_accepted', accepted: false, error: 'no', error_code: 'forbidden' },
      403,
      'forbidden',
    ],
    ['a lost device', { type: 'error', message: 'gone', code: 'device_lost' }, 502, 'device_lost'],
    ['a code of nobody', { type: 'error', message: 'odd', code: 'odd' }, 500, 'internal'],
  ])('[ERR-2] answers %s with the status of its code', async (_name, reply, expected, code) => {
    const { post } = await device((frame, say) => say({ ...reply, request_id: frame.request_id }));
    const { status, json } = await post({ messages: hello });
    expect([status, json.errorCode]).toEqual([expected, code]);
  });

  it('[IN-1] is known by the id that the caller gives it', async () => {
    const { post, asked } = await device(accept);
    expect((await post({ messages: hello, otid: 'mine' })).json.clientMessageId).toBe('mine');
    expect(asked[0]?.payload).toEqual({ kind: 'create_message', messages: [{ ...hello[0], otid: 'mine' }] });
  });

  it('is not sent where it is none', async () => {
    const { post, asked } = await device(accept);
    for (const body of [
      {},
      { messages: [] },
      { messages: hello, agentId: '../x' },
      { messages: [{ content: 7 }] },
    ])
      expect((await post(body)).status, JSON.stringify(body)).toBe(400);
    expect(asked).toEqual([]);
  });

  it('that the broker cannot wait for may be sent again', async () => {
    const { post, broker } = await device(() => void broker.close());
    expect((await post({ messages: hello })).json.errorCode).toBe('broker_restarting');
  });
});
