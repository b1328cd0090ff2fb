import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';
import { reasonOf } from './errno.ts';
import type { SearchAccess, ToolResult } from './tool.ts';
import { marked } from './web-text.ts';

const patience = 20_000;
const maxBytes = 2 * 1024 * 1024;

type Query = { readonly query: string; readonly count: number };
type Asked = { readonly url: URL; readonly init: RequestInit };

const hit = z.object({ title: z.string().catch(''), url: z.string(), description: z.string().catch('') });
type Hit = z.output<typeof hit>;

type Provider = {
  /** Null: the owner must name one. */
  readonly baseUrl: string | null;
  /** The variable that holds the key; null: none is needed. */
  readonly keyVariable: string | null;
  ask(base: string, query: Query, key: string): Asked;
  /** What it answers, as hits. */
  readonly answer: z.ZodType<readonly Hit[]>;
};

const withContent = z.array(
  z.object({ title: z.string().catch(''), url: z.string(), content: z.string().catch('') }),
);
const fromContent = z
  .object({ results: withContent })
  .transform(({ results }) => results.map(({ content, ...rest }) => ({ ...rest, description: content })));

const providers: Readonly<Record<SearchAccess['provider'], Provider>> = {
  brave: {
    baseUrl: 'https://api.search.brave.com/res/v1',
    keyVariable: 'BRAVE_API_KEY',
    ask: (base, { query, count }, key) => ({
      url: at(base, 'web/search', { q: query, count: String(count), text_decorations: 'false' }),
      init: { headers: { accept: 'application/json', 'x-subscription-token': key } },
    }),
    answer: z
      .object({ web: z.object({ results: z.array(hit) }).optional() })
      .transform(({ web }) => web?.results ?? []),
  },
  tavily: {
    baseUrl: 'https://api.tavily.com',
    keyVariable: 'TAVILY_API_KEY',
    ask: (base, { query, count }, key) => ({
      url: at(base, 'search', {}),
      init: {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ query, max_results: count }),
      },
    }),
    answer: fromContent,
  },
  searxng: {
    baseUrl: null,
    keyVariable: null,
    ask: (base, { query }) => ({
      url: at(base, 'search', { q: query, format: 'json' }),
      init: { headers: { accept: 'application/json' } },
    }),
    answer: fromContent,
  },
};

/** Whom WebSearch asks by the settings and the environment of the device; null: nobody. */
export function searchAccess(
  chosen: { readonly provider: SearchAccess['provider']; readonly base_url?: string | undefined } | undefined,
  env: Readonly<Record<string, string | undefined>>,
): SearchAccess | null {
  if (!chosen) return null;
  const key = env[providers[chosen.provider].keyVariable ?? '']?.trim();
  return {
    provider: chosen.provider,
    ...(chosen.base_url !== undefined && { baseUrl: chosen.base_url }),
    ...(key && { key }),
  };
}

export const webSearch = defineTool({
  name: 'WebSearch',
  description:
    'Searches the internet and lists what is found: title, address and a few words of each. To read one use WebFetch.',
  input: z.strictObject({
    query: z.string().min(1).max(400).describe('What to look for'),
    count: z.int().min(1).max(20).default(8).describe('How many results'),
  }),
  example: { query: 'sqlite wal checkpoint starvation' },
  replay: 'safe',
  access: 'network',
  async deeds({ query }, { search }) {
    const base = search && baseOf(search);
    const match = base instanceof URL ? ({ kind: 'host', host: base.hostname } as const) : null;
    return [{ reach: 'network', subject: query, match }];
  },
  async prepare(query, { search }) {
    if (!search) return { problem: 'No search service is set up on this device. Go on without.' };
    const base = baseOf(search);
    if (!(base instanceof URL)) return base;
    const { keyVariable } = providers[search.provider];
    if (keyVariable !== null && !search.key)
      return {
        problem: `${search.provider} needs a key, and ${keyVariable} is not set for Farhand. Go on without searching.`,
      };
    return prepared('Searching', (signal) => find(search, base.href, query, signal));
  },
});

function baseOf({ provider, baseUrl, key }: SearchAccess): URL | { readonly problem: string } {
  const given = baseUrl ?? providers[provider].baseUrl;
  const base = URL.parse(given ?? '');
  if (!base || !/^https?:$/.test(base.protocol))
    return { problem: `The base_url of ${provider} in the settings is not an http or https address.` };
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(base.hostname);
  if (key && base.protocol === 'http:' && !isHere)
    return { problem: `The key of ${provider} is not sent over plain http. Set a base_url with https.` };
  return base;
}

const at = (base: string, path: string, query: Readonly<Record<string, string>>): URL => {
  const url = new URL(path, base.endsWith('/') ? base : `${base}/`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
};

async function find(
  access: SearchAccess,
  base: string,
  query: Query,
  stop: AbortSignal,
): Promise<ToolResult> {
  const { ask, answer } = providers[access.provider];
  const { url, init } = ask(base, query, access.key ?? '');
  const timeout = AbortSignal.timeout(patience);
  try {
    // A redirect could carry the key elsewhere.
    const response = await fetch(url, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.any([stop, timeout]),
    });
    const text = await textOf(response);
    if (!response.ok)
      return failure(`${access.provider} answered HTTP ${response.status}: ${text.slice(0, 300)}`);
    const hits = answer.safeParse(JSON.parse(text));
    if (!hits.success) return failure(`${access.provider} answered in a form that is not known.`);
    return found(query, hits.data.slice(0, query.count));
  } catch (error) {
    stop.throwIfAborted();
    const why = timeout.aborted ? `it took longer than ${patience / 1_000} s` : causeOf(error);
    return failure(`${access.provider} could not be asked: ${why}.`);
  }
}

/** fetch hides why behind an error that says only that it failed. */
const causeOf = (error: unknown): string =>
  reasonOf(error instanceof Error && error.cause !== undefined ? error.cause : error);

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function found({ query }: Query, hits: readonly Hit[]): ToolResult {
  if (hits.length === 0) return success(`Nothing was found for: ${query}`);
  const lines = hits.map(({ title, url, description }, index) => {
    const words = description
      .replace(/<[^>]*>/g, '')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 500);
    return `${index + 1}. ${title.replace(/\s+/g, ' ')}\n   ${url}\n   ${words}`;
  });
  return success(
    marked(`${hits.length} results for: ${query}.`, lines.join('\n'), randomBytes(6).toString('hex')),
  );
}
