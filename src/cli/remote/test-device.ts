import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../link/clock.ts';
import type { Variables } from '../../runtime/models/handles.ts';
import { type ModelServer, startModelServer } from '../../testing/model-server.ts';
import { Member } from '../home/member.ts';
import { type HomePaths, homePaths } from '../home/paths.ts';
import { readEndpoint } from './endpoint.ts';
import { type RemoteEvent, type RunningRemote, runRemote } from './remote.ts';
import { identity, queue } from './test-peers.ts';

/** A home of its own and a model that says what its scripts say. The device reads both from the environment of this process. */
export async function realHome(): Promise<{
  readonly paths: HomePaths;
  readonly models: ModelServer;
  /** Another process's place in that home, as far as that can be had in one process. */
  join(): Member;
  /** A process that owns the home until it is ended. */
  spawnOwner(): Promise<ChildProcess>;
}> {
  const folder = temporaryFolder();
  const paths = homePaths({ FARHAND_HOME: join(folder, 'home') });
  if ('code' in paths) throw new Error(paths.message);
  const models = await startModelServer({
    scripts: { steady: [{ text: 'word '.repeat(12), pieces: 12, chunkDelayMs: 50 }] },
  });
  process.env.OPENAI_BASE_URL = models.url;
  process.env.FARHAND_MODEL = 'openai-compatible/scripted-model';
  const members: Member[] = [];
  onTestFinished(async () => {
    for (const member of members) await member.leave();
    await models.close();
  });
  return {
    paths,
    models,
    join() {
      const member = new Member(paths, {
        cwd: folder,
        trouble: (what, error) => {
          throw new Error(what, { cause: error });
        },
      });
      members.push(member);
      return member;
    },
    async spawnOwner() {
      const script = `
        import { Member } from ${JSON.stringify(moduleAt('../home/member.ts'))};
        import { homePaths } from ${JSON.stringify(moduleAt('../home/paths.ts'))};
        const member = new Member(homePaths(process.env), { cwd: ${JSON.stringify(folder)}, trouble: console.error });
        const failure = await member.join();
        if (failure) throw new Error(failure.message);
        process.send('ready');`;
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
        {
          env: { ...process.env, FARHAND_HOME: paths.home },
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        },
      );
      onTestFinished(() => void child.kill('SIGKILL'));
      await once(child, 'message');
      return child;
    },
  };
}

/** Removed when the test is over, after whatever it set up later. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** `runRemote` on the machine's own clock. */
export function offer(
  member: Pick<Member, 'open'>,
  env: Variables,
): RunningRemote & { next(): Promise<RemoteEvent> } {
  const endpoint = readEndpoint({}, env, { hostname: 'desk' });
  if ('code' in endpoint) throw new Error(endpoint.message);
  const events = queue<RemoteEvent>();
  const remote = runRemote({
    member,
    endpoint,
    identity,
    version: '9.9.9',
    clock: systemClock,
    random: Math.random,
    report: events.push,
  });
  onTestFinished(async () => {
    remote.stop();
    await remote.done;
  });
  return { ...remote, next: events.next };
}

const moduleAt = (path: string): string => new URL(path, import.meta.url).href;
