import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root, type Started, startNode } from '../support/processes.ts';

const version = '0.25.9';
/** Kept between runs, and no part of the project's own dependencies. */
const cache = join(root, 'node_modules/.cache/farhand-interop', `letta-code-${version}`);
const program = join(cache, 'node_modules/@letta-ai/letta-code/letta.js');

/** Installs the published program from the npm registry, unless it is here already. */
export async function installLettaCode(): Promise<void> {
  if (existsSync(program)) return;
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'package.json'), JSON.stringify({ private: true }));
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--no-package-lock'];
  const npm = spawn('npm', ['install', ...options, `@letta-ai/letta-code@${version}`], {
    cwd: cache,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (data) => (said += data));
  const [code] = await once(npm, 'close');
  if (code !== 0 || !existsSync(program))
    throw new Error(`@letta-ai/letta-code@${version} cannot be installed (npm ended with ${code}):\n${said}`);
}

/** A home and a working directory of Letta Code, gone with the test. */
export type LettaHome = { readonly home: string; readonly project: string; readonly modelsUrl: string };

export function lettaHome(modelsUrl: string): LettaHome {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-interop-')));
  const place = { home: join(folder, 'home'), project: join(folder, 'project'), modelsUrl };
  for (const path of [place.home, place.project]) mkdirSync(path);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return place;
}

function letta(
  { home, project, modelsUrl }: LettaHome,
  args: string[],
  env: Record<string, string>,
): Started {
  return startNode([program, ...args], {
    cwd: project,
    env: {
      HOME: home,
      DISABLE_AUTOUPDATER: '1',
      LETTA_CODE_TELEM: '0',
      LMSTUDIO_BASE_URL: modelsUrl,
      ...env,
    },
  });
}

/** Makes an agent in that home, as its owner would on the command line. */
export async function makeAgent(place: LettaHome): Promise<string> {
  const model = ['-m', 'lmstudio/scripted-model', '--backend', 'local', '--no-memfs'];
  // An address where nobody is: with the local backend it needs none, but it wants to be told one.
  const nowhere = { LETTA_API_KEY: 'none', LETTA_BASE_URL: 'http://127.0.0.1:9' };
  const made = letta(place, ['-p', 'Hello.', '--new-agent', '--output-format', 'json', ...model], nowhere);
  await made.ended;
  const id = /"agent_id": "([^"]+)"/.exec(made.stdout())?.[1];
  if (id === undefined) throw new Error(`No agent was made:\n${made.output()}`);
  return id;
}

/** `letta remote` against a broker. */
export const letRemote = (
  place: LettaHome,
  broker: { readonly url: string; readonly token: string },
): Started =>
  letta(place, ['remote', '--env-name', 'local-dev', '--backend', 'local'], {
    LETTA_API_KEY: broker.token,
    LETTA_BASE_URL: broker.url,
    IGNORE_SELF_HOSTED_LISTENER_ERROR: '1',
  });
