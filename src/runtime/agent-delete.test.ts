import { describe, expect, it, onTestFinished } from 'vitest';
import { virtualClock } from '../link/virtual-clock.ts';
import { testDevice } from '../testing/device.ts';

function start() {
  const clock = virtualClock();
  const test = testDevice({ clock, env: { FARHAND_MODEL: 'none/none' } });
  onTestFinished(() => test.close());
  const say = (agent_id: unknown, request_id: string) => {
    const messages = [{ role: 'user', content: 'hi', client_message_id: request_id }];
    const runtime = { agent_id, conversation_id: 'default' };
    test.send({ type: 'input', request_id, runtime, payload: { kind: 'create_message', messages } });
  };
  return { clock, test, say };
}

describe('an agent that is deleted', () => {
  it('takes its conversations with it, also those that are asked for while it goes', async () => {
    const { clock, test, say } = start();
    const { agent } = await test.ask({ type: 'agent_create', body: { name: 'Gone' } });
    const { id } = agent as { id: string };
    say(id, 'before');
    // What the model reports of it comes when the agent is gone.
    await test.until((frame) => JSON.stringify(frame.loop_status ?? '').includes('SENDING_API_REQUEST'));
    test.send({ type: 'agent_delete', request_id: 'delete', agent_id: id });
    for (let n = 0; n < 5; n++) say(id, `during-${n}`);
    const last = await test.until(({ request_id }) => request_id === 'during-4');
    expect(last).toMatchObject({ accepted: false, error_code: 'conversation_deleted' });
    await clock.advance(600_000);
    expect(test.device.conversations.opened().filter(({ scope }) => scope.agent_id === id)).toEqual([]);
    expect(test.troubles).toEqual([]);
    // Only the next trimming of the store waits: nothing of the agent is tried again, or said again.
    expect(clock.pending).toBe(1);
  });
});
