import type { IncomingMessage } from 'node:http';

export type Posted = { readonly status: number; readonly retryAfter: string | null; readonly body: string };

/**
 * Posts JSON and follows no redirect: one would carry the token to where nobody sent it. Not `fetch`, and no import of the module, which
 * loads `fetch` as well: that is a fifth of the time until `remote` is connected. Rejects when there is no answer; a body longer than `maxBody` characters is cut.
 */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  { signal, maxBody }: { readonly signal: AbortSignal; readonly maxBody: number },
): Promise<Posted> {
  const { request: send } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const request = send(url, { method: 'POST', headers: { ...headers, 'content-length': length }, signal });
    request.once('error', reject);
    request.once('response', resolve);
    request.end(body);
  });
  answer.setEncoding('utf8');
  let text = '';
  for await (const chunk of answer) {
    text += chunk;
    if (text.length > maxBody) break;
  }
  return { status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] ?? null, body: text };
}
