import { type Io, note, outStyle, say, sayJson } from '../program/io.ts';
import type { ServeSettings } from './settings.ts';
import type { HomeTokens } from './token-files.ts';

export type Announced = {
  /** Under which the broker is reached: the public one, else that of this machine. */
  readonly url: string;
  /** How others reach it. */
  readonly farUrl: string;
  /** How this machine itself reaches it. */
  readonly nearUrl: string;
  readonly home: string;
  readonly tokens: HomeTokens;
  /** Of the runtime inside; null without one. */
  readonly agentId: string | null;
};

/** The first line for programs; each start says it whole, since it goes to whoever started the broker. */
export function announceJson({ url, home, tokens, agentId }: Announced, io: Io): void {
  const { client, device } = tokens;
  sayJson(io, { event: 'listening', url, token: client.token, deviceToken: device.token, home, agentId });
}

/** What a person has to know to use it. A token is shown by the start that made it, and never again (SEC-9). */
export function announce(announced: Announced, { name }: Pick<ServeSettings, 'name'>, io: Io): void {
  const { url, farUrl, home, tokens, agentId } = announced;
  const farhand = callOf(io);
  const { bold, dim } = outStyle(io);
  const { client, device } = tokens;
  say(io, `${bold(`farhand serve listens at ${url}`)} ${dim(`(home ${home})`)}`);
  if (agentId !== null) say(io, `The agents of this machine are there as "${name}".`);
  say(io, '\nTalk with an agent from anywhere:');
  say(io, `  ${farhand} chat --url ${farUrl} --token ${shown(client, `"$(cat ${quoted(client.path)})"`)}`);
  say(io, 'Bring in another machine:');
  say(io, `  ${farhand} remote --url ${farUrl} --token ${shown(device, `<what stands in ${device.path}>`)}`);
  if (client.isFresh || device.isFresh)
    say(io, dim(`\nThe tokens are shown this once. They are kept in ${client.path} and ${device.path}.`));
  for (const { path, token } of [client, device])
    if (token === null)
      note(io, `The token in ${path} no longer counts: ${farhand} tokens create makes another.`);
  say(io, dim(`${farhand} tokens lists, makes and revokes tokens. Ctrl-C stops.`));
}

/** Whoever started it by npm or npx need not have it on the path. */
const callOf = ({ env }: Io): string =>
  env.npm_execpath || env.npm_lifecycle_event ? 'npx farhand' : 'farhand';

const shown = ({ isFresh, token }: HomeTokens['client'], later: string): string =>
  isFresh && token !== null ? token : later;

/** As a POSIX shell takes it for one word. */
const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
