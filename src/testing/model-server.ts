import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerOf } from './model-answer.ts';
import { behaviourAt, type Choice, chooseReply } from './model-choice.ts';
import { createCondition } from './model-condition.ts';
import { controlRoutes } from './model-control.ts';
import { createGates } from './model-gates.ts';
import { readJson, sendJson } from './model-http.ts';
import { finish, respond } from './model-playback.ts';
import { parseScripts, type Scripts } from './model-script.ts';
import { builtInScripts } from './model-scripts.ts';
import { type ModelWire, type Problem, refused, type Sent } from './model-wire.ts';
import { listingFor, type WireSaid, wireFor, wires } from './model-wires.ts';

/** A request that was answered from a script: `wire` and `body` are what was said to which API. */
export type RecordedRequest = WireSaid & {
  /** 1 for the first request of this server. */
  n: number;
  /** Times are milliseconds since the epoch. */
  at: number;
  headers: IncomingHttpHeaders;
  /** Null: the default echo. */
  script: string | null;
  step: number;
  /** When the response ended, whoever ended it. */
  endedAt?: number;
  /** The client closed its socket before the answer was complete. */
  aborted: boolean;
};

/** A request that was refused, as a real server would; a sound client causes none. `message` is the error body. */
export type RefusedRequest = { at: number; path: string; status: number; message: string; body: unknown };

export type ModelServer = {
  /** The base URL for clients of OpenAI and Anthropic, ending in `/v1`. */
  url: string;
  /** Without a path; clients of Google add `/v1beta`, those of Ollama's own API `/api`. */
  origin: string;
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
  /** What the model lists name; any model is answered. Default `scripted-model`. */
  models?: readonly string[];
  /** The keys that are let in, sent as each API wants it. Default: no key is asked for. */
  keys?: readonly string[];
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

  const refuse = (res: ServerResponse, wire: ModelWire, sent: Sent, problem: Problem) => {
    const { status, headers, body } = wire.fail(problem, `${instance}x${refusals.length.toString(36)}`);
    refusals.push({ at: Date.now(), path: sent.path, status, message: body, body: sent.body });
    sendJson(res, status, body, headers);
  };

  const keyProblem = (wire: ModelWire, sent: Sent): Problem | undefined => {
    if (!options.keys) return undefined;
    const key = wire.keyOf(sent);
    return key !== undefined && options.keys.includes(key)
      ? undefined
      : { kind: 'key', given: key !== undefined };
  };

  const answer = async (
    req: IncomingMessage,
    res: ServerResponse,
    wire: (typeof wires)[number],
    sent: Sent,
  ) => {
    const at = Date.now();
    const closed = new Promise<void>((resolve) => res.once('close', resolve));
    const { text, parsed } = await readJson(req);
    const said = { ...sent, body: parsed ? parsed.value : text };
    const problem = parsed
      ? keyProblem(wire, said)
      : refused('We could not parse the JSON body of your request.');
    if (problem) return refuse(res, wire, said, problem);
    const read = wire.read(said);
    if ('problem' in read) return refuse(res, wire, said, read.problem);
    const choice = chooseReply(scripts, read.messages);
    if ('unknown' in choice) {
      const known = Object.keys(scripts).join(', ');
      const message = `There is no script '${choice.unknown}'. Use one of: ${known}.`;
      return refuse(res, wire, said, refused(message));
    }

    const { script, step } = choice;
    const n = requests.length + 1;
    const by = { n, at, headers: req.headers, script, step, aborted: false };
    const record: RecordedRequest = { ...read.said, ...by };
    const request = `${instance}${n.toString(36)}`;
    const filled = answerOf(choice, behaviour(choice), read.messages, request);
    const encoded = read.encode(filled, { request, created: Math.floor(Date.now() / 1000) });
    const headers = {
      'cache-control': 'no-cache',
      ...(wire.idHeader && { [wire.idHeader]: `req_${request}` }),
    };
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
    const { signal } = left;
    const passGate = (gate: string) => gates.pass(gate, signal);
    try {
      const playback = { res, answer: filled, encoded, headers, passGate, signal };
      const ending = await respond(wire, request, playback);
      brokenOff = ending !== 'end';
      finish(res, ending);
    } catch (error) {
      // Once the client has left there is nobody to answer: the record says so.
      if (!signal.aborted && !closing) throw error;
    }
  };

  const control = controlRoutes(requests, refusals, gates);

  const route = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { pathname: path, searchParams: query } = new URL(req.url ?? '/', 'http://localhost');
    const sent: Sent = { path, query, headers: req.headers, body: undefined };
    const steer = control[`${req.method} ${path}`];
    if (steer) return steer(req, res);
    const wire = req.method === 'POST' ? wires.find((one) => one.path.test(path)) : undefined;
    if (wire) return answer(req, res, wire, sent);
    const other = wireFor(sent);
    const list = req.method === 'GET' ? listingFor(sent) : undefined;
    if (!list) {
      const { body } = other.fail(refused(`Invalid URL (${req.method} ${path}).`, { status: 404 }), instance);
      return sendJson(res, 404, body);
    }
    const problem = keyProblem(other, sent);
    if (problem) return refuse(res, other, sent, problem);
    sendJson(res, 200, JSON.stringify(list(models, started, query)));
  };

  const server = createServer((req, res) => {
    route(req, res).catch((error: unknown) => {
      // A request that broke off while it was read has no one to hear of it.
      if (req.destroyed && !req.complete) return;
      if (!res.headersSent)
        sendJson(res, 500, JSON.stringify({ error: { message: `The model server failed: ${error}` } }));
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

  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`;
  return {
    url: `${origin}/v1`,
    origin,
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
