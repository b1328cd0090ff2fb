import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { isPublicAddress } from './public-address.ts';
import type { Problem } from './tool.ts';

/** What is between us and the internet; for tests. */
export type Net = {
  lookup(host: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void): void;
  isAllowed(address: string): boolean;
};

export const internet: Net = {
  // With an error come no addresses, whatever the types say.
  lookup: (host, done) =>
    systemLookup(host, { all: true }, (error, found) => done(error, error ? [] : found)),
  isAllowed: isPublicAddress,
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** There was more than is taken. */
  readonly cut: boolean;
};

const maxBytes = 5 * 1024 * 1024;

/**
 * One GET. The address that was found for the host is checked and is the one that is connected to, so that a name which answers
 * differently the second time gains nothing.
 */
export async function httpGet(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { lookup, isAllowed }: Net,
  signal: AbortSignal,
): Promise<Answer | Problem> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const refusal = `${url.host} is on this machine or in a private network, where this tool does not go.`;
  if (isIP(host) !== 0 && !isAllowed(host)) return { problem: refusal };
  const checked: LookupFunction = (name, options, done) =>
    lookup(name, (error, found) => {
      const [first] = found;
      if (error || !first) return done(error ?? new Error(`${name} has no address`), []);
      // One that is not allowed is enough: whoever names it means no good.
      if (!found.every(({ address }) => isAllowed(address))) return done(new Error(refusal), []);
      if (options.all) done(null, [...found]);
      else done(null, first.address, first.family);
    });
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    // No agent: a connection that is kept would have been checked by somebody else.
    const sent = send(url, { headers, lookup: checked, signal, agent: false }, resolve);
    sent.on('error', reject);
    sent.end();
  });
  const { body, cut } = await bodyOf(message);
  return { status: message.statusCode ?? 0, headers: message.headers, body, cut };
}

async function bodyOf(message: IncomingMessage): Promise<{ body: Buffer; cut: boolean }> {
  const stream = unpacked(message);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  message.destroy();
  return { body: Buffer.concat(chunks).subarray(0, maxBytes), cut: size > maxBytes };
}

function unpacked(message: IncomingMessage): Readable {
  const unpack = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress }[
    message.headers['content-encoding']?.toLowerCase() ?? ''
  ];
  // What goes wrong on the way ends the stream that is read.
  return unpack ? pipeline(message, unpack(), () => undefined) : message;
}
