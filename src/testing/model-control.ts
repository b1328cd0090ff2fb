import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gates } from './model-gates.ts';
import { readJson, sendJson } from './model-http.ts';

type Route = (req: IncomingMessage, res: ServerResponse) => Promise<void> | void;

/** What another process watches and steers the server by, by method and path. */
export function controlRoutes(
  requests: readonly unknown[],
  refusals: readonly unknown[],
  gates: Gates,
): Record<string, Route> {
  return {
    'GET /__control/health': (_req, res) => {
      const health = { ok: true, requests: requests.length, refusals: refusals.length, held: gates.held() };
      sendJson(res, 200, JSON.stringify(health));
    },
    'GET /__control/requests': (_req, res) => sendJson(res, 200, JSON.stringify({ requests, refusals })),
    'POST /__control/release': async (req, res) => {
      const { parsed } = await readJson(req);
      const gate = gateIn(parsed?.value);
      if (gate === undefined) {
        return sendJson(res, 400, JSON.stringify({ error: { message: 'Send {"gate": "<name>"}.' } }));
      }
      gates.release(gate);
      sendJson(res, 200, JSON.stringify({ released: gate }));
    },
  };
}

function gateIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('gate' in value)) return undefined;
  return typeof value.gate === 'string' && value.gate !== '' ? value.gate : undefined;
}
