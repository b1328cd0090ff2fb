import { afterEach, describe, expect, it } from 'vitest';
import type { Client } from '../../client/index.ts';
import { type DeviceStand, deviceStand } from '../../testing/device-stand.ts';
import { isProblem } from '../program/outcome.ts';
import { plain } from '../program/style.ts';
import type { Place } from '../talk/place.ts';
import { settle } from '../talk/settle.ts';
import { Chat } from './chat.ts';
import { readHistory } from './history.ts';
import { TestScreen } from './test-screen.ts';

const stands: DeviceStand[] = [];
afterEach(async () => {
  for (const stand of stands.splice(0)) await stand.close();
});

async function begin(folder?: string) {
  const stand = deviceStand();
  stands.push(stand);
  const settled = await settle(stand.connect(), {}, {}, stand.test.cwd);
  if (isProblem(settled)) throw new Error(settled.message);
  const { place } = settled;
  return { stand, place, first: await sit(stand.connect(), place, folder ?? stand.test.cwd) };
}

let minted = 0;
async function sit(client: Client, place: Place, folder: string) {
  const screen = new TestScreen();
  const history = await readHistory(client, place.scope);
  if (isProblem(history)) throw new Error(history.message);
  const mint = () => `chat-${++minted}`;
  const showCommand = 'farhand conversations show --url https://b.example';
  const options = { client, place, history, showCommand, screen, style: plain, env: {}, folder, mint };
  const chat = new Chat(options);
  const left = chat.run();
  await screen.says('· mode ');
  return { client, chat, screen, left };
}

describe('a chat', () => {
  it('begins with whom, where, and what may happen without asking', async () => {
    const { first, stand } = await begin();
    await first.screen.ready();
    expect(first.screen.text).toMatch(
      /^farhand \d.* · Farhand · default · model demo \(built in, not an AI\)\n/,
    );
    expect(first.screen.text).toContain(`${stand.test.cwd} · mode standard · /help`);
    expect(first.screen.text).not.toContain('works there');
  });

  it('says when the conversation works in another folder', async () => {
    const { first } = await begin('/somewhere/else');
    expect(first.screen.text).toContain(
      'This conversation works there, not in /somewhere/else: /cd . changes that',
    );
  });

  it('streams an answer and waits for the next line', async () => {
    const { first } = await begin();
    const { screen } = first;
    await screen.ready();
    screen.type('ls');
    await screen.ready();
    expect(screen.text).toContain('[› ]ls\n[demo] Calling LS.\n● LS .\n  ');
    expect(screen.text).toMatch(/\[demo\] LS returned:\n/);
  });

  it('asks before a call runs, and runs it after a yes', async () => {
    const { screen } = (await begin()).first;
    await screen.ready();
    screen.type('run umask 22; echo hi');
    await screen.asked();
    expect(screen.label).toBe('[y]es, [1] and remember, [n]o and why, [e]dit, [v]iew › ');
    expect(screen.text).toMatch(
      /\? Bash waits for your approval\n {2}Bash.*: not known to only read\n {2}command: umask 22; echo hi\n/,
    );
    screen.type('hm');
    await screen.says('Please type y, 1, n');
    screen.type('y');
    await screen.ready();
    expect(screen.text).toContain('● Bash umask 22; echo hi\n');
    expect(screen.text).toMatch(/› \]y\n {2}hi\n\[demo\] Bash returned:\nhi/);
  });

  it('passes on why a call was denied', async () => {
    const { screen } = (await begin()).first;
    await screen.ready();
    screen.type('run umask 22; echo hi');
    await screen.asked();
    screen.type('n use the other one');
    await screen.ready();
    expect(screen.text).toContain('  Denied by the person: use the other one\n');
  });

  it('answers questions by number, one after the other', async () => {
    const { screen } = (await begin()).first;
    await screen.ready();
    screen.type('ask Which one? | left | right');
    await screen.asked();
    expect(screen.text).toContain('? Which one?\n  1 left  Answer "left"\n  2 right  Answer "right"\n');
    screen.type('2');
    await screen.ready();
    expect(screen.text).toContain('- Which one? right');
  });

  it('queues what is typed while a turn runs', async () => {
    const { screen } = (await begin()).first;
    await screen.ready();
    screen.type('run umask 22; echo first');
    await screen.asked();
    screen.type('/mode unrestricted');
    await screen.says('Permission mode: unrestricted');
    await screen.asked();
    screen.type('y');
    screen.type('ls');
    await screen.says('queued (1 waiting): ls');
    await screen.ready();
    expect(screen.text).toMatch(/› ls\n[\s\S]*LS returned/);
  });

  it('shows what its commands say', async () => {
    const { screen } = (await begin()).first;
    for (const [line, said] of [
      ['/help', '/resume'],
      ['/mode', 'Permission mode: standard'],
      ['/mode yolo', 'There is no mode "yolo". Modes: standard'],
      ['/mode acceptEdits', 'Permission mode: acceptEdits'],
      ['/cd', 'Working folder: /'],
      ['/cd nowhere-at-all', 'There is no folder '],
      ['/cd /', 'Working folder: /\n'],
      ['/approvals', 'Nothing waits for approval.'],
      ['/abort', 'No turn was running.'],
      ['/resume', 'No message was kept.'],
      ['/mod', 'Did you mean /mode?'],
      ['/xyzzy', '/help lists'],
    ] as const) {
      await screen.ready();
      screen.type(line);
      await screen.says(said);
    }
    await screen.ready();
  });

  it('leaves on /quit, on Ctrl-D, and on Ctrl-C twice', async () => {
    const { first, stand, place } = await begin();
    await first.screen.ready();
    first.screen.type('/quit');
    expect(await first.left).toBeNull();

    const second = await sit(stand.connect(), place, '/');
    second.screen.press('end');
    expect(await second.left).toBeNull();

    const third = await sit(stand.connect(), place, '/');
    await third.screen.ready();
    third.screen.press('interrupt');
    expect(third.screen.text).toContain('Ctrl-C again leaves.');
    third.screen.press('interrupt');
    expect(await third.left).toBeNull();
  });

  it('[ABT-2] stops the turn with Ctrl-C, and keeps what waited', async () => {
    const { screen } = (await begin()).first;
    await screen.ready();
    screen.type('run umask 22; echo first');
    await screen.asked();
    screen.type('/approvals');
    await screen.says('demo-1-1  Bash umask 22; echo first');
    screen.press('interrupt');
    await screen.says('Interrupted');
    await screen.ready();
    expect(screen.text).toContain('Stopping the turn… (Ctrl-C again leaves)');
  });

  it('[ABT-2] goes on with what waited when told to', async () => {
    const { screen } = (await begin()).first;
    await screen.ready();
    screen.type('/mode unrestricted');
    await screen.says('Permission mode: unrestricted');
    await screen.ready();
    screen.type('run umask 22; sleep 30');
    await screen.says('● Bash umask 22; sleep 30');
    screen.type('ls');
    await screen.says('queued (1 waiting): ls');
    screen.press('interrupt');
    await screen.says('1 waiting, kept until you send something or type /resume');
    await screen.ready();
    screen.type('/resume');
    await screen.says('LS returned');
    await screen.ready();
  });
});

describe('two terminals on one conversation', () => {
  it('see the same, whoever says it', async () => {
    const { first, stand, place } = await begin();
    const second = await sit(stand.connect(), place, '/');
    await first.screen.ready();
    first.screen.type('ls');
    await second.screen.says('LS returned');
    expect(second.screen.text).toMatch(/› ls\n\[demo\] Calling LS\.\n● LS \./);
  });

  it('shows the words of another before the answer to them, however long they take to look up', async () => {
    const { first, stand, place } = await begin();
    const client = stand.connect();
    const gate = Promise.withResolvers<void>();
    let slow = false;
    const call: Client['call'] = async (type, args) => {
      if (slow && type === 'conversation_messages_list') await gate.promise;
      return client.call(type, args);
    };
    const second = await sit({ ...client, call }, place, '/');
    slow = true;
    await first.screen.ready();
    first.screen.type('ls');
    await first.screen.ready();
    expect(second.screen.text).not.toContain('Calling LS');
    gate.resolve();
    await second.screen.says('LS returned');
    expect(second.screen.text).toMatch(/› ls\n\[demo\] Calling LS\./);
  });

  it('ask nothing twice while an answer is on its way', async () => {
    const { first, stand, place } = await begin();
    const client = stand.connect();
    const gate = Promise.withResolvers<void>();
    const decide: Client['decide'] = async (...decision) => {
      await gate.promise;
      return client.decide(...decision);
    };
    const slow = await sit({ ...client, decide }, place, '/');
    await slow.screen.ready();
    slow.screen.type('run umask 22; echo hi');
    await slow.screen.asked();
    slow.screen.type('y');
    await first.screen.asked();
    first.screen.type('/mode strict');
    await slow.screen.says('Permission mode: strict');
    expect(slow.screen.label).toBeNull();
    gate.resolve();
    await slow.screen.ready();
    expect(slow.screen.text.split('waits for your approval')).toHaveLength(2);
  });

  it('[APR-3] ask both, and the first answer counts', async () => {
    const { first, stand, place } = await begin();
    const second = await sit(stand.connect(), place, '/');
    await first.screen.ready();
    first.screen.type('run umask 22; echo hi');
    await Promise.all([first.screen.asked(), second.screen.asked()]);
    second.screen.type('y');
    await first.screen.says('Answered in another terminal.');
    await Promise.all([first.screen.ready(), second.screen.ready()]);
    expect(second.screen.text).not.toContain('Answered in another terminal.');
    expect(first.screen.text).toContain('Bash returned:\nhi');
  });

  it('a late one begins with what was said, and with the half of what is being said', async () => {
    const { first, stand, place } = await begin();
    await first.screen.ready();
    first.screen.type('ls');
    await first.screen.ready();
    first.screen.type('tell me');
    await first.screen.says('This is');
    const second = await sit(stand.connect(), place, '/');
    await Promise.all([first.screen.ready(), second.screen.ready()]);
    const half = second.screen.text.slice(second.screen.text.indexOf('› ls'));
    expect(half).toMatch(
      /^› ls\n\[demo\] Calling LS\.\n● LS \.\n {2}[\s\S]*\n› tell me\n—\n\[demo\] This is the built-in/,
    );
    const whole = (text: string) => text.slice(text.indexOf('[demo] This is'));
    expect(whole(second.screen.text)).toBe(whole(first.screen.text));
  });

  it('a late one is asked what is being asked', async () => {
    const { first, stand, place } = await begin();
    await first.screen.ready();
    first.screen.type('run umask 22; echo hi');
    await first.screen.asked();
    const second = await sit(stand.connect(), place, '/');
    await second.screen.asked();
    second.screen.type('y');
    await first.screen.says('Bash returned:\nhi');
  });

  it('go on over a lost connection without a word twice', async () => {
    const { first, stand, place } = await begin();
    const fragile = await sit(stand.connect(), place, '/');
    await fragile.screen.ready();
    const cuts = setInterval(() => stand.cut(), 7);
    fragile.screen.type('tell me');
    await fragile.screen.says('are found by themselves.');
    clearInterval(cuts);
    await Promise.all([first.screen.ready(), fragile.screen.ready()]);
    const whole = (text: string) => text.slice(text.indexOf('[demo] This is'));
    expect(whole(fragile.screen.text)).toBe(whole(first.screen.text));
  });
});

describe('a chat without a terminal', () => {
  it('denies what nobody can answer when its input ends, and then leaves', async () => {
    const { first } = await begin();
    const { screen, left } = first;
    screen.interactive = false;
    await screen.ready();
    screen.type('run umask 22; echo hi');
    await screen.asked();
    screen.press('end');
    await screen.ready();
    expect(screen.text).toContain('Denied: the input ended, so nobody can approve it here.');
    screen.press('end');
    expect(await left).toBeNull();
  });
});
