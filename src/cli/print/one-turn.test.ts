import { afterEach, describe, expect, it } from 'vitest';
import type { Client } from '../../client/index.ts';
import { emptyTranscript, fold, type Transcript } from '../../client/index.ts';
import { type DeviceStand, deviceStand } from '../../testing/device-stand.ts';
import { findPlace } from '../talk/place.ts';
import { OneTurn, type OneTurnOptions } from './one-turn.ts';
import type { SdkMessage } from './sdk-message.ts';

const stands: DeviceStand[] = [];
afterEach(async () => {
  for (const stand of stands.splice(0)) await stand.close();
});

async function begin() {
  const stand = deviceStand();
  stands.push(stand);
  const client = stand.connect();
  const place = await findPlace(client, {});
  if ('code' in place) throw new Error(place.message);
  let turns = 0;
  const turn = (prompt: string, more: Partial<OneTurnOptions> = {}) => {
    const messages: SdkMessage[] = [];
    const notes: string[] = [];
    const stop = new AbortController();
    const stopNow = new AbortController();
    const one = new OneTurn({
      client,
      place,
      prompt,
      approve: 'deny',
      wayFlags: '',
      timeoutMs: null,
      stop: stop.signal,
      stopNow: stopNow.signal,
      tell: (message) => messages.push(message),
      note: (text) => notes.push(text),
      clientMessageId: `cm-one-${++turns}`,
      ...more,
    });
    return { messages, notes, stop, stopNow, one, result: one.run() };
  };
  return { stand, client, place, turn };
}

/** Another terminal on the conversation. */
function watch(client: Client, scope: { agent_id: string; conversation_id: string }) {
  let transcript: Transcript = emptyTranscript;
  const looks = new Set<() => void>();
  const hear = (frame: Parameters<typeof fold>[1]) => {
    transcript = fold(transcript, frame);
    for (const look of looks) look();
  };
  client.follow(scope, { event: hear, snapshot: hear });
  return (is: (now: Transcript) => boolean) =>
    new Promise<Transcript>((found) => {
      const look = () => {
        if (!is(transcript)) return;
        looks.delete(look);
        found(transcript);
      };
      looks.add(look);
      look();
    });
}

describe('one turn, printed', () => {
  it('is told message by message, the result last', async () => {
    const { turn } = await begin();
    const { messages, result } = turn('ls');
    expect(await result).toMatchObject({ success: true, stopReason: 'end_turn', conversationId: 'default' });
    const types = messages.map(({ type }) => type);
    expect(types.filter((type) => type === 'tool_call' || type === 'tool_result')).toEqual([
      'tool_call',
      'tool_result',
    ]);
    expect(types.indexOf('result')).toBe(types.length - 1);
  });

  it('denies by itself what nobody is there to approve, and says so', async () => {
    const { turn } = await begin();
    const { messages, notes, result } = turn('run umask 22; echo hi');
    expect(await result).toMatchObject({ success: true });
    expect(notes).toEqual([
      expect.stringMatching(/^Denied Bash umask 22; echo hi: nobody is here to approve it\. --approve wait/),
    ]);
    expect(messages.find(({ type }) => type === 'tool_result')).toMatchObject({
      isError: true,
      content: expect.stringContaining('nobody is there'),
    });
  });

  it('denies again when the first denial may not have been heard', async () => {
    const { turn, client, place } = await begin();
    let lost = 0;
    const decide: Client['decide'] = async (...decision) => {
      lost += 1;
      if (lost === 1) return { ok: false, failure: { code: 'deadline', message: 'lost' } };
      return client.decide(...decision);
    };
    const { notes, result } = turn('run umask 22; echo hi', { client: { ...client, decide } });
    // Anything that happens in the conversation is a reason to look again.
    const look = () => void client.call('change_device_state', { runtime: place.scope, payload: {} });
    const looks = setInterval(look, 20);
    expect(await result.finally(() => clearInterval(looks))).toMatchObject({ success: true });
    expect(lost).toBe(2);
    expect(notes).toHaveLength(1);
  });

  it('leaves it to others on request', async () => {
    const { stand, turn, place } = await begin();
    const other = stand.connect();
    const until = watch(other, place.scope);
    const { messages, notes, result } = turn('run umask 22; echo hi', { approve: 'wait' });
    const { approvals } = await until((now) => now.approvals.length > 0);
    const [approval] = approvals;
    await other.decide(
      place.scope,
      approval?.request_id ?? '',
      { behavior: 'allow' },
      approval?.input_hash ?? '',
    );
    expect(await result).toMatchObject({ success: true });
    expect(notes).toEqual([
      expect.stringMatching(/^Bash umask 22; echo hi waits for approval: farhand approvals allow demo-/),
    ]);
    expect(messages.find(({ type }) => type === 'tool_result')).toMatchObject({
      isError: false,
      content: 'hi',
    });
  });

  it('does not decide for a turn that somebody else began', async () => {
    const { stand, turn, place } = await begin();
    const other = stand.connect();
    const until = watch(other, place.scope);
    void other.send(place.scope, 'run umask 22; echo theirs', { client_message_id: 'cm-theirs' });
    await until((now) => now.approvals.length > 0);
    const { notes, result } = turn('ls');
    const { approvals, queue } = await until((now) => now.queue.length > 0);
    expect(queue).toHaveLength(1);
    const first = expect.stringMatching(
      /^Another turn comes first: Bash umask 22; echo theirs waits for approval: farhand/,
    );
    expect(notes).toEqual([first]);
    const [approval] = approvals;
    await other.decide(
      place.scope,
      approval?.request_id ?? '',
      { behavior: 'allow' },
      approval?.input_hash ?? '',
    );
    expect(await result).toMatchObject({ success: true });
    expect(notes).toEqual([first]);
  });

  it('does not decide for a turn that its prompt has only joined', async () => {
    const { stand, turn, place } = await begin();
    const other = stand.connect();
    const until = watch(other, place.scope);
    const allow = async (command: string) => {
      const { approvals } = await until(({ approvals: [first] }) => JSON.stringify(first)?.includes(command));
      const [approval] = approvals;
      const answer = { behavior: 'allow' } as const;
      await other.decide(place.scope, approval?.request_id ?? '', answer, approval?.input_hash ?? '');
    };
    void other.send(place.scope, 'run umask 22; echo theirs');
    await until((now) => now.approvals.length > 0);
    const { notes, messages, result } = turn('run umask 22; echo mine');
    await until((now) => now.queue.length > 0);
    await allow('echo theirs');
    await allow('echo mine');
    expect(await result).toMatchObject({ success: true });
    expect(notes).toEqual([
      expect.stringContaining('Another turn comes first: Bash umask 22; echo theirs'),
      expect.stringMatching(/^Bash umask 22; echo mine waits for approval: farhand approvals allow/),
    ]);
    expect(messages.filter(({ type }) => type === 'tool_result').at(-1)).toMatchObject({ content: 'mine' });
  });

  it('is aborted by Ctrl-C', async () => {
    const { stand, turn, place } = await begin();
    const until = watch(stand.connect(), place.scope);
    const { messages, notes, stop, result } = turn('run umask 22; echo hi', { approve: 'wait' });
    await until((now) => now.approvals.length > 0);
    stop.abort('SIGINT');
    expect(await result).toMatchObject({
      success: false,
      stopReason: 'cancelled',
      errorCode: 'interrupted',
      errorDetail: 'Stopped by Ctrl-C.',
    });
    expect(notes.at(-1)).toBe('Stopping the turn…');
    expect(messages.at(-2)).toMatchObject({ type: 'error', message: 'Stopped by Ctrl-C.' });
    await until((now) => now.loop?.status === 'WAITING_ON_INPUT');
  });

  it('is not even sent when Ctrl-C comes first', async () => {
    const { stand, turn, place } = await begin();
    const stopped = AbortSignal.abort('SIGINT');
    expect(await turn('ls', { stop: stopped }).result).toMatchObject({
      success: false,
      errorCode: 'interrupted',
    });
    expect(stand.test.store.head(place.scope)?.event_seq ?? 0).toBe(0);
  });

  it('is aborted also when Ctrl-C comes while the prompt is on its way', async () => {
    const { stand, turn, place, client } = await begin();
    const stop = new AbortController();
    const send: Client['send'] = (...sent) => {
      const sending = client.send(...sent);
      stop.abort('SIGINT');
      return sending;
    };
    const { messages, result } = turn('run umask 22; echo hi', {
      client: { ...client, send },
      stop: stop.signal,
    });
    expect(await result).toMatchObject({ success: false, stopReason: 'cancelled' });
    expect(messages.filter(({ type }) => type === 'tool_call')).toEqual([]);
    const until = watch(stand.connect(), place.scope);
    await until((now) => now.loop?.status === 'WAITING_ON_INPUT');
  });

  it('ends at once with a second Ctrl-C', async () => {
    const { stand, turn, place } = await begin();
    const until = watch(stand.connect(), place.scope);
    const { stopNow, result } = turn('run umask 22; echo hi', { approve: 'wait' });
    await until((now) => now.approvals.length > 0);
    stopNow.abort();
    expect(await result).toMatchObject({ success: false, stopReason: 'interrupted' });
  });

  it('is stopped when its time is over', async () => {
    const { turn } = await begin();
    const { result } = turn('run umask 22; echo hi', { approve: 'wait', timeoutMs: 250 });
    expect(await result).toMatchObject({
      success: false,
      stopReason: 'cancelled',
      errorDetail: 'The turn was stopped after 0.25 s (--timeout).',
    });
  });

  it('takes its prompt back out of the queue', async () => {
    const { stand, turn, place } = await begin();
    const other = stand.connect();
    const until = watch(other, place.scope);
    void other.send(place.scope, 'run umask 22; echo theirs');
    await until((now) => now.approvals.length > 0);
    const { messages, stop, result } = turn('ls');
    await until((now) => now.queue.length > 0);
    stop.abort('SIGINT');
    expect(await result).toMatchObject({
      success: false,
      stopReason: 'cancelled',
      errorDetail: 'Stopped by Ctrl-C.',
      durationMs: 0,
    });
    expect(messages.filter(({ type }) => type === 'tool_call')).toEqual([]);
    const left = await until((now) => now.queue.length === 0);
    expect(left.approvals).toHaveLength(1);
  });

  it('tells why a message was refused', async () => {
    const { turn, place } = await begin();
    const nowhere = { ...place, scope: { ...place.scope, agent_id: 'agent-gone' } };
    expect(await turn('ls', { place: nowhere }).result).toMatchObject({
      success: false,
      errorDetail: expect.stringContaining('no agent agent-gone'),
    });
  });

  it('goes on over a lost connection', async () => {
    const { stand, place, turn } = await begin();
    const fragile = stand.connect();
    const { messages, result } = turn('ls', { client: fragile, place });
    const cuts = setInterval(() => stand.cut(), 5);
    expect(await result.finally(() => clearInterval(cuts))).toMatchObject({ success: true });
    expect(messages.filter(({ type }) => type === 'tool_call')).toHaveLength(1);
  });
});
