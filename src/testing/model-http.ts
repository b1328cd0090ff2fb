import type { IncomingMessage, ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';

/** A body as it came, and parsed where it is JSON. */
export async function readJson(req: IncomingMessage): Promise<{ text: string; parsed?: { value: unknown } }> {
  const text = await readText(req);
  try {
    return { text, parsed: { value: JSON.parse(text) } };
  } catch {
    return { text };
  }
}

export function sendJson(
  res: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}
