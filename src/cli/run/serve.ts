import type { BrokerEvent } from '../../broker/log.ts';
import { failure } from '../../protocol/errors.ts';
import { acquireOwnerLock } from '../../sqlite/owner-lock.ts';
import { StoreError } from '../../sqlite/store-error.ts';
import { homePaths } from '../home/paths.ts';
import { demoHint } from '../models/models-of.ts';
import { errStyle, type Io, note } from '../program/io.ts';
import { isProblem, type Outcome } from '../program/outcome.ts';
import { type Announced, announce, announceJson } from '../serve/announce.ts';
import { logLine } from '../serve/log-line.ts';
import { type ServeOptions, Serving } from '../serve/serving.ts';
import { readSettings, type ServeFlags } from '../serve/settings.ts';
import { hearInterrupts } from '../talk/interrupts.ts';
import { saveToken } from '../talk/saved-tokens.ts';

export async function runServe({ json = false, ...flags }: ServeFlags, io: Io): Promise<Outcome> {
  const settings = readSettings(flags, io.cwd);
  if (isProblem(settings)) return settings;
  const paths = homePaths(io.env);
  if ('code' in paths) return paths;
  for (const warning of settings.warnings) note(io, errStyle(io).yellow(warning));
  try {
    const lock = acquireOwnerLock(paths.home, 'broker');
    if ('code' in lock) return failure(lock.code, taken(paths.home));
    const log = (event: BrokerEvent) => logTo(io, json, event);
    return await serve({ settings, paths, log, io }, json).finally(() => lock.release());
  } catch (error) {
    if (error instanceof StoreError) return failure(error.code, error.message);
    throw error;
  }
}

/** Until it is told to stop. A second signal does not wait for sockets and tools. */
async function serve(options: ServeOptions, json: boolean): Promise<Outcome> {
  const { settings, io } = options;
  const interrupts = hearInterrupts(io);
  const serving = new Serving(options);
  try {
    const served = await serving.start();
    if ('code' in served) return served;
    if (settings.port !== 0) keepTokens(served, io);
    if (json) announceJson(served, io);
    else announce(served, settings, io);
    const hint = served.agentId === null || json ? null : await demoHint(io);
    if (hint !== null) note(io, errStyle(io).yellow(hint));
    await aborted(interrupts.first);
    return interrupts.first.reason === 'SIGINT' ? 130 : 0;
  } finally {
    await Promise.race([serving.stop(interrupts.second), aborted(interrupts.second)]);
    interrupts.stop();
  }
}

const taken = (home: string): string =>
  `Another farhand serve runs with the home ${home}. End that one, or set FARHAND_HOME to another folder.`;

/** Commands on this machine need no token for the broker of their own home. */
function keepTokens({ farUrl, nearUrl, tokens }: Announced, io: Io): void {
  for (const address of new Set([farUrl, nearUrl]))
    for (const kind of ['client', 'device'] as const) {
      const { token } = tokens[kind];
      const failed = token === null ? null : saveToken(io.env, address, kind, token);
      if (failed) return note(io, errStyle(io).yellow(failed.message));
    }
}

function logTo(io: Io, json: boolean, event: BrokerEvent): void {
  const at = new Date();
  note(io, json ? JSON.stringify({ at: at.toISOString(), ...event }) : logLine(event, at));
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
