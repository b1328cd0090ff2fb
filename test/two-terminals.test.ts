import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { runVariable, survivorsOf } from '../src/testing/chaos-survivors.ts';
import { type ModelServer, startModelServer } from '../src/testing/model-server.ts';
import { type Started, startFarhand } from './support/processes.ts';

// Two processes on one home have one owner between them. It is killed in the middle of a turn; the other one becomes the owner, and the
// turn ends there as if nothing had been. `test/crash` does the same at any moment; this is the plain case.

const tale = 'w1 w2 w3 w4 w5 w6 w7 w8 ';
const told = 'w1 w2 w3 w4 ';
const scripts = {
  tale: [{ text: tale, pieces: 8, hold: 'middle', holdAfter: 4 }],
  wait: [
    { calls: [{ name: 'Bash', arguments: { command: 'echo begun >> runs.log; sleep 60' } }] },
    { text: 'The command is settled.' },
  ],
};

let place: string;
let models: ModelServer;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'farhand-two-'));
  models = await startModelServer({ scripts });
  onTestFinished(async () => {
    await models.close();
    rmSync(place, { recursive: true });
  });
});

const terminal = (...args: string[]): Started =>
  startFarhand(args, {
    cwd: place,
    env: {
      FARHAND_HOME: join(place, 'home'),
      FARHAND_MODEL: 'openai-compatible/m',
      OPENAI_BASE_URL: models.url,
      [runVariable]: basename(place),
    },
  });
const prompt = (text: string, ...more: string[]) =>
  terminal('-p', text, '--output-format', 'stream-json', ...more);
const shows = (process: Started, text: string) =>
  process.watch((output) => output.includes(text) || undefined);

type Message = { type: string; uuid?: string; content?: string; [field: string]: unknown };
const messages = (process: Started, type: string): Message[] =>
  process
    .stdout()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Message)
    .filter((message) => message.type === type);
const textOf = (process: Started, uuid: unknown) =>
  messages(process, 'assistant')
    .flatMap((one) => (one.uuid === uuid ? [one.content] : []))
    .join('');

const takenOver = 'this process has taken over';

it('[HOME-1] a prompt goes on when the chat that owned the home is killed in the middle of the answer', {
  timeout: 20_000,
}, async () => {
  const chat = terminal('chat');
  await shows(chat, 'mode standard');
  const asked = prompt('Tell me. #script=tale');
  await models.onHeld('middle');
  await shows(chat, told);
  const first = await asked.watch(() => messages(asked, 'assistant')[0]?.uuid);
  await asked.watch(() => textOf(asked, first) === told || undefined);
  expect(chat.stdout()).toMatch(new RegExp(`Tell me\\. #script=tale\\n${told}$`));

  chat.child.kill('SIGKILL');
  const retry = await asked.watch(() => messages(asked, 'retry')[0]);
  expect(retry).toMatchObject({ reason: 'restart', voidedUuids: [first] });
  models.release('middle');
  expect(await asked.ended).toMatchObject({ code: 0 });
  expect(asked.output()).toContain(takenOver);
  expect(messages(asked, 'result')).toMatchObject([{ success: true, result: tale, stopReason: 'end_turn' }]);
  expect(models.requests).toHaveLength(2);
});

it('[HOME-1] a chat goes on when the prompt that owned the home is killed while a command runs', {
  timeout: 20_000,
}, async () => {
  const asked = prompt('Wait for it. #script=wait', '--mode', 'unrestricted');
  await asked.watch(() => messages(asked, 'tool_call')[0]);
  const chat = terminal('chat');
  await shows(chat, 'sleep 60');
  await expect.poll(() => runs(), { timeout: 10_000 }).toBe('begun\n');

  asked.child.kill('SIGKILL');
  await shows(chat, takenOver);
  await shows(chat, 'it may have run, in whole, in part, or not at all');
  await shows(chat, 'The command is settled.');
  expect(await survivorsOf(basename(place)), 'nothing of it is left').toEqual([]);
  expect(runs()).toBe('begun\n');

  chat.type('And now? #script=short');
  await shows(chat, 'That is all there is.');
  chat.child.stdin?.end();
  expect(await chat.ended).toMatchObject({ code: 0 });
  expect(models.refusals).toEqual([]);
});

/** Grows each time that the command begins. */
function runs(): string {
  const log = join(place, 'runs.log');
  return existsSync(log) ? readFileSync(log, 'utf8') : '';
}
