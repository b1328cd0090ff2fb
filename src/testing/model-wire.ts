import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from './model-answer.ts';
import type { Message } from './model-choice.ts';
import type { Encoded } from './model-playback.ts';

/** The HTTP APIs the model server speaks. */
export type WireName = 'openai-chat' | 'openai-responses' | 'anthropic' | 'google';

/** Why a request gets no answer, before a wire puts it into its own words. */
export type Problem =
  /** What the API says with this HTTP status; `retryAfter` in seconds. */
  | { kind: 'status'; status: number; retryAfter?: number }
  /** A prompt of `tokens` tokens is too long. */
  | { kind: 'overflow'; tokens: number }
  /** The key is wrong, or was not `given`. */
  | { kind: 'key'; given: boolean }
  /** A request the API finds wrong. `param` and `code` are OpenAI's, `details` Google's. */
  | ({ kind: 'refused'; message: string } & RefusalDetails);

/** What is said of a refusal beside its message; `status` is 400 unless given. */
export type RefusalDetails = { status?: number; param?: string; code?: string; details?: readonly object[] };

export function refused(message: string, more: RefusalDetails = {}): Problem {
  return { kind: 'refused', message, ...more };
}

/** An error response: `error` is the part of the body that also goes into the events of a stream. */
export type Failure = { status: number; headers: Record<string, string>; body: string; error: object };

/** `request` is the unique part of the answer's ids, `created` in seconds. */
export type Envelope = { request: string; created: number };

/** A request as it came: `path` without the query, `body` parsed. */
export type Sent = { path: string; query: URLSearchParams; headers: IncomingHttpHeaders; body: unknown };

/** What a request says, with the name of the API it says it to. */
export type Said = { wire: WireName; body: unknown };

/** A request that was understood: what it says, and how it wants to be answered. */
export type Asked<What extends Said> = {
  said: What;
  /** The conversation in the form scripts are chosen by: one `assistant` message for each answer of the model. */
  messages: readonly Message[];
  encode(answer: Answer, envelope: Envelope): Encoded;
};

/** How one API reads requests, writes answers and says what is wrong. */
export type ModelWire<What extends Said = Said> = {
  /** Which paths (without the query) are posted to for answers. */
  path: RegExp;
  /** The header that carries the request's id, where the API has one. */
  idHeader?: string;
  /** The key the request brings, wherever the API takes it from. */
  keyOf(sent: Sent): string | undefined;
  read(sent: Sent): Asked<What> | { problem: Problem };
  fail(problem: Problem, request: string): Failure;
};

export function bearerOf({ headers }: Pick<Sent, 'headers'>): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** A header that a client sends once. */
export function headerOf({ headers }: Pick<Sent, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** One server-sent event with its name. */
export function namedEvent(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A body that is a single JSON text, in two halves, so that a fault has a middle to strike. */
export function wholeJson(body: object): Encoded {
  const json = JSON.stringify(body);
  const middle = Math.floor(json.length / 2);
  return {
    contentType: 'application/json',
    head: '',
    body: [json.slice(0, middle), json.slice(middle)],
    tail: '',
    garbage: '<garbage>',
  };
}
