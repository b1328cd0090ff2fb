import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';
import { reasonOf } from './errno.ts';
import { type Answer, httpGet, internet, type Net } from './http-get.ts';
import { isProblem } from './paths.ts';
import type { Problem, Tool, ToolResult } from './tool.ts';
import { marked, pageOf, textOfBody } from './web-text.ts';

const patience = 30_000;
const maxRedirects = 5;
const headers = {
  'user-agent': 'farhand',
  accept: 'text/markdown, text/html;q=0.9, application/json;q=0.9, text/plain;q=0.8, */*;q=0.1',
  'accept-encoding': 'gzip, deflate, br',
};

const address = z
  .string()
  .refine(
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
    'must be a whole http or https address',
  )
  .refine(
    (text) => !URL.parse(text)?.username && !URL.parse(text)?.password,
    'must hold no user and no password',
  );

/** `net`: how hosts are found, and which addresses may be connected to; the internet's if left out. */
export const makeWebFetch = (net: Net = internet): Tool =>
  defineTool({
    name: 'WebFetch',
    description:
      'Gets a page from the internet by GET: HTML as Markdown, other text as it is. A redirect to another host is told, not ' +
      'followed. Does not reach this machine or private networks.',
    input: z.strictObject({
      url: address.describe('The address, with https://'),
      offset: z.int().min(0).default(0).describe('To read on in a long page: the first character to show'),
    }),
    example: { url: 'https://example.com/docs' },
    replay: 'safe',
    access: 'network',
    deeds: async ({ url }) => [
      { reach: 'network', subject: url, match: { kind: 'host', host: new URL(url).hostname } },
    ],
    prepare: async ({ url, offset }) =>
      prepared(`Fetching ${url}`, (signal) => fetchPage(new URL(url), offset, net, signal)),
  });

export const webFetch = makeWebFetch();

async function fetchPage(start: URL, offset: number, net: Net, stop: AbortSignal): Promise<ToolResult> {
  const timeout = AbortSignal.timeout(patience);
  const signal = AbortSignal.any([stop, timeout]);
  try {
    const got = await follow(start, net, signal);
    if (isProblem(got)) return failure(got.problem);
    return await shown(got.url, got.answer, offset, signal);
  } catch (error) {
    stop.throwIfAborted();
    const why = timeout.aborted ? `it took longer than ${patience / 1_000} s` : reasonOf(error);
    return failure(`${start.href} could not be fetched: ${why.replace(/\.$/, '')}.`);
  }
}

type Got = { readonly url: URL; readonly answer: Answer };

/** Redirects on the same host are followed; what was allowed is this host. */
async function follow(start: URL, net: Net, signal: AbortSignal): Promise<Got | Problem> {
  let url = start;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const answer = await httpGet(url, headers, net, signal);
    if (isProblem(answer)) return answer;
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.status) || typeof location !== 'string')
      return { url, answer };
    const next = URL.parse(location, url.href);
    const isSame =
      next?.hostname === url.hostname && (next.protocol === url.protocol || next.protocol === 'https:');
    if (!next || !isSame)
      return {
        problem: `${url} redirects to ${next ?? location}, which was not followed. Fetch that address if you want it.`,
      };
    url = next;
  }
  return { problem: `${start} redirects more than ${maxRedirects} times.` };
}

async function shown(
  url: URL,
  { status, headers: answered, body, cut }: Answer,
  offset: number,
  signal: AbortSignal,
): Promise<ToolResult> {
  const type = String(answered['content-type'] ?? '');
  const material = await textOfBody(body, type, signal);
  if (!material) return failure(`${url.href} is ${type}, ${body.length} bytes: no text, so it is not shown.`);
  if (isProblem(material)) return failure(`${url.href}: ${material.problem}`);
  const { text, next } = pageOf(material.text, offset);
  const title = `${url} (HTTP ${status}, ${type || 'no content type'}).`;
  const notes = [
    ...(next === null ? [] : [`[More follows. Read on with offset ${next}.]`]),
    ...(cut || material.cut ? ['[The page is so long that its end was left out.]'] : []),
  ];
  const result = [marked(title, text || '(empty)', randomBytes(6).toString('hex')), ...notes].join('\n');
  return status < 400 ? success(result) : failure(result);
}
