import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, answerOf } from './model-answer.ts';
import { behaviourAt, type Choice, chooseReply } from './model-choice.ts';
import { createCondition } from './model-condition.ts';
import { createGates } from './model-gates.ts';
import { type Ending, play } from './model-playback.ts';
import { parseScripts, type Scripts } from './model-script.ts';
import { builtInScripts } from './model-scripts.ts';
import {
  type ChatRequest,
  encodeChat,
  errorBody,
  messagesOf,
  modelsBody,
  readChatRequest,
} from './model-wire-openai.ts';

/** A request that was answered from a script. Times are milliseconds since the epoch. */
export type RecordedRequest = {
  /** 1 for the first request of this server. */
  n: number;
  at: number;
  headers: IncomingHttpHeaders;
  body: ChatRequest;
  /** Null: the default echo. */
  script: string | null;
  step: number;
  /** When the response ended, whoever ended it. */
  endedAt?: number;
  /** The client closed its socket before the answer was complete. */
  aborted: boolean;
};

/** A request answered with 400, as a real server would; a sound client causes none. */
export type RefusedRequest = { at: number; message: string; body: unknown };

export type ModelServer = {
  /** The base URL for clients, ending in `/v1`. */
  url: string;
  requests: readonly RecordedRequest[];
  refusals: readonly RefusedRequest[];
  /** Opens a gate for good: for those who wait at it and for all who come. */
  release(gate: string): void;
  /** The n-th request (from 1) as soon as it has come. These three reject when the server closes first. */
  onRequest(n: number): Promise<RecordedRequest>;
  /** The n-th request as soon as its response has ended, also by an abort. */
  onEnd(n: number): Promise<RecordedRequest>;
  /** Resolves as soon as an answer waits at the gate. */
  onHeld(gate: string): Promise<void>;
  close(): Promise<void>;
};

export type ModelServerOptions = {
  /** Added to the built-in ones; the same name replaces. Throws if they are not valid. */
  scripts?: Scripts;
  /** Default 0: any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** What `GET /v1/models` lists; any model is answered. Default `scripted-model`. */
  models?: readonly string[];
};

/** Starts a model server that says what its scripts say. Rejects if the port cannot be bound. */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const scripts = { ...builtInScripts, ...parseScripts(options.scripts ?? {}) };
  const models = options.models ?? ['scripted-model'];
  const host = options.host ?? '127.0.0.1';
  // Ids must differ between servers too: a restarted one may answer the same conversation.
  const instance = randomBytes(3).toString('hex');
  const started = Math.floor(Date.now() / 1000);
  const requests: RecordedRequest[] = [];
  const refusals: RefusedRequest[] = [];
  const visits = new Map<string, number>();
  const condition = createCondition();
  const gates = createGates(condition);
  const open = new Set<Promise<void>>();
  let closing: Promise<void> | undefined;

  /** Counts visits to a step by the same user message, for replies with `times`. */
  const behaviour = (choice: Choice) => {
    const key = JSON.stringify([choice.script, choice.step, choice.userText]);
    const seen = visits.get(key) ?? 0;
    visits.set(key, seen + 1);
    return behaviourAt(choice.reply, seen);
  };

  const refuse = (res: ServerResponse, body: unknown, message: string) => {
    refusals.push({ at: Date.now(), message, body });
    sendJson(res, 400, errorBody(400, message));
  };

  const chat = async (req: IncomingMessage, res: ServerResponse) => {
    const at = Date.now();
    const closed = new Promise<void>((resolve) => res.once('close', resolve));
    const sent = await readText(req);
    const parsed = parseJson(sent);
    if (!parsed) return refuse(res, sent, 'We could not parse the JSON body of your request.');
    const read = readChatRequest(parsed.value);
    if ('refusal' in read) return refuse(res, parsed.value, read.refusal);
    const messages = messagesOf(read.request);
    const choice = chooseReply(scripts, messages);
    if ('unknown' in choice) {
      const known = Object.keys(scripts).join(', ');
      return refuse(res, parsed.value, `There is no script '${choice.unknown}'. Use one of: ${known}.`);
    }

    const { script, step } = choice;
    const record: RecordedRequest = {
      n: requests.length + 1,
      at,
      headers: req.headers,
      body: read.request,
      script,
      step,
      aborted: false,
    };
    const request = `${instance}${record.n.toString(36)}`;
    const answer = answerOf(choice, behaviour(choice), messages, request);
    const left = new AbortController();
    let brokenOff = false;
    const settled = closed.then(() => {
      record.aborted = !res.writableFinished && !brokenOff && !closing;
      record.endedAt = Date.now();
      left.abort();
      condition.changed();
      open.delete(settled);
    });
    open.add(settled);
    requests.push(record);
    condition.changed();
    try {
      const ending = await respond(res, answer, read.request, request, left.signal);
      brokenOff = ending !== 'end';
      finish(res, ending);
    } catch (error) {
      // Once the client has left there is nobody to answer: the record says so.
      if (!left.signal.aborted && !closing) throw error;
    }
  };

  const respond = async (
    res: ServerResponse,
    answer: Answer,
    body: ChatRequest,
    request: string,
    signal: AbortSignal,
  ): Promise<Ending> => {
    if (answer.delayMs) await sleep(answer.delayMs, undefined, { signal });
    const headers = { 'x-request-id': `req_${request}`, 'cache-control': 'no-cache' };
    const { fault } = answer;
    if (typeof fault === 'object') {
      const wait = fault.retryAfter === undefined ? {} : { 'retry-after': `${fault.retryAfter}` };
      const message = `The script answers with status ${fault.status}.`;
      res.writeHead(fault.status, { 'content-type': 'application/json', ...headers, ...wait });
      res.write(fault.body ?? errorBody(fault.status, message));
      return 'end';
    }
    const encoded = encodeChat(answer, body, {
      request,
      created: Math.floor(Date.now() / 1000),
      model: body.model,
    });
    return play({ res, answer, encoded, headers, passGate: (gate) => gates.pass(gate, signal), signal });
  };

  const routes: Record<string, (req: IncomingMessage, res: ServerResponse) => Promise<void> | void> = {
    'POST /v1/chat/completions': chat,
    'GET /v1/models': (_req, res) => sendJson(res, 200, modelsBody(models, started)),
    'GET /__control/health': (_req, res) => {
      const health = { ok: true, requests: requests.length, refusals: refusals.length, held: gates.held() };
      sendJson(res, 200, JSON.stringify(health));
    },
    'GET /__control/requests': (_req, res) => sendJson(res, 200, JSON.stringify({ requests, refusals })),
    'POST /__control/release': async (req, res) => {
      const gate = gateIn(parseJson(await readText(req))?.value);
      if (gate === undefined) return sendJson(res, 400, errorBody(400, 'Send {"gate": "<name>"}.'));
      gates.release(gate);
      sendJson(res, 200, JSON.stringify({ released: gate }));
    },
  };

  const server = createServer((req, res) => {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    const route = routes[`${req.method} ${path}`];
    if (!route) {
      sendJson(res, 404, errorBody(404, `Invalid URL (${req.method} ${path}).`));
      return;
    }
    Promise.resolve(route(req, res)).catch((error: unknown) => {
      // A request that broke off while it was read has no one to hear of it.
      if (req.destroyed && !req.complete) return;
      if (!res.headersSent) sendJson(res, 500, errorBody(500, `The model server failed: ${error}`));
      else res.destroy();
      process.emitWarning(error instanceof Error ? error : new Error(String(error)));
    });
  });
  // An idle connection that closes under a client's next request would look like a fault no script asked for.
  server.keepAliveTimeout = 10 * 60_000;
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') {
    throw new Error(`The model server has no port on ${host}.`);
  }

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}/v1`,
    requests,
    refusals,
    release: gates.release,
    onRequest: (n) => condition.until(() => requests[n - 1]),
    onEnd: (n) =>
      condition.until(() => (requests[n - 1]?.endedAt === undefined ? undefined : requests[n - 1])),
    onHeld: async (gate) => {
      await condition.until(() => gates.held()[gate]);
    },
    close: () => {
      closing ??= (async () => {
        condition.close(new Error('The model server was closed while something still waited for it.'));
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await Promise.all([closed, ...open]);
      })();
      return closing;
    },
  };
}

function finish(res: ServerResponse, ending: Ending): void {
  if (ending === 'end') res.end();
  else if (ending === 'cut') res.destroy();
  else res.socket?.resetAndDestroy();
}

function sendJson(res: ServerResponse, status: number, body: string): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function gateIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('gate' in value)) return undefined;
  return typeof value.gate === 'string' && value.gate !== '' ? value.gate : undefined;
}
