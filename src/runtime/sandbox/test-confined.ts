import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { bash } from '../tools/bash.ts';
import { call, makeContext } from '../tools/test-context.ts';
import type { ToolContext, ToolResult } from '../tools/tool.ts';
import { findSandbox } from './find-sandbox.ts';
import { type Asking, sandboxing } from './sandboxing.ts';

const found = await findSandbox();

/** Why nothing can be tried for real on this machine; null where it can. */
export const untried: string | null =
  'missing' in found
    ? found.missing
    : found.sandbox.name === 'bubblewrap'
      ? null
      : `These attempts are for bubblewrap, and this is ${found.sandbox.name}.`;

/** A user of their own: a home with a key, a project in it, and a folder outside of it. */
export type ConfinedGround = {
  readonly home: string;
  readonly cwd: string;
  readonly outside: string;
  readonly scratch: string;
  /** As it is prepared for a call, to be changed by `more`. */
  contextOf(more?: Partial<Omit<Asking, 'key'>>): ToolContext;
  run(
    command: string,
    more?: Partial<Omit<Asking, 'key'>> & { readonly timeout?: number },
  ): Promise<ToolResult>;
  /** Everything below a folder: names, kinds, modes and contents. */
  pictureOf(folder: string): readonly string[];
};

/** Not below /tmp, which confined commands have one of their own of. */
export async function confinedGround(): Promise<ConfinedGround> {
  const { root: _, ...context } = await makeContext();
  const root = mkdtempSync('/var/tmp/farhand-confined-');
  const [home, outside] = [join(root, 'home'), join(root, 'outside')];
  const [farhand, cwd] = [join(home, '.farhand'), join(home, 'project')];
  const scratch = join(farhand, 'scratch');
  for (const folder of [join(home, '.ssh'), join(home, '.config', 'gcloud'), scratch, cwd, outside])
    mkdirSync(folder, { recursive: true });
  for (const file of [
    join(home, '.ssh', 'id_test'),
    join(home, '.netrc'),
    join(home, '.config', 'gcloud', 'token'),
    join(farhand, 'device.db'),
    join(outside, 'file'),
  ])
    writeFileSync(file, 'a secret\n');
  writeFileSync(join(home, '.gitconfig'), '[user]\n  name = Tester\n  email = tester@example.com\n');
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: home };
  execFileSync('git', ['init', '-q', cwd], { env });
  const confined = sandboxing({
    setting: () => 'auto',
    farhand,
    folder: `${root}-private`,
    readable: [scratch],
    env,
  });
  onTestFinished(async () => {
    await confined.close();
    rmSync(root, { recursive: true, force: true });
  });
  let calls = 0;
  const contextOf: ConfinedGround['contextOf'] = (more = {}) => {
    const asking = { key: 'conversation', cwd, mode: 'standard', workspace: null, ...more } as const;
    calls += 1;
    return {
      ...context,
      toolCallId: `call-${calls}`,
      callId: `call-${basename(root)}-${calls}`,
      cwd: asking.cwd,
      scratch,
      denied: [farhand],
      readable: [scratch],
      env,
      confine: confined.confine(asking),
    };
  };
  return {
    home,
    cwd,
    outside,
    scratch,
    contextOf,
    run: (command, { timeout, ...more } = {}) =>
      call(bash, { command, ...(timeout !== undefined && { timeout }) }, contextOf(more)),
    pictureOf: picture,
  };
}

function picture(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => {
      const path = join(folder, name);
      const { mode, size, mtimeMs } = lstatSync(path);
      const text = lstatSync(path).isFile() ? readFileSync(path, 'utf8') : '';
      return [name, mode.toString(8), text === '' ? '' : size, text === '' ? '' : mtimeMs, text].join(' ');
    });
}
