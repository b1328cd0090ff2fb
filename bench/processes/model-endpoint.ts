// A chat-completions endpoint that costs as little as one can: a burst is encoded once and written at once, so that what is measured is
// the reader. The last user message says what to answer, see `replies.ts`.
import { createServer, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { ready } from '../child.ts';
import { nowText } from '../moment.ts';
import { word } from '../replies.ts';

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'bench',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    usage: null,
  })}\n\n`;

const head = chunk({ role: 'assistant', content: '' });
const usage = { prompt_tokens: 100, completion_tokens: 100, total_tokens: 200 };
const tail = `${chunk({}, 'stop')}data: ${JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'bench',
  choices: [],
  usage,
})}\n\ndata: [DONE]\n\n`;

const bursts = new Map<number, string>();

function burst(deltas: number): string {
  const known = bursts.get(deltas);
  if (known !== undefined) return known;
  const text = head + chunk({ content: word }).repeat(deltas) + tail;
  bursts.set(deltas, text);
  return text;
}

async function pace(res: ServerResponse, deltas: number, everyMs: number): Promise<void> {
  res.write(head);
  for (let n = 0; n < deltas && !res.destroyed; n++) {
    await pause(everyMs);
    res.write(chunk({ content: `${nowText()} ` }));
  }
  res.end(tail);
}

type Message = { readonly role: string; readonly content: string | readonly { readonly text?: string }[] };

/** What the newest user message says. */
function wanted(body: string): readonly string[] {
  const { messages } = JSON.parse(body) as { readonly messages: readonly Message[] };
  const content = messages.findLast((message) => message.role === 'user')?.content ?? '';
  const text = typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
  return text.split(' ');
}

const server = createServer(async (req, res) => {
  const [what, deltas = '1', everyMs = '1'] = wanted(await readText(req));
  if (what !== 'burst' && what !== 'paced') {
    res.writeHead(400, { 'content-type': 'application/json' });
    return res.end(
      JSON.stringify({ error: { message: `Say "burst <n>" or "paced <n> <ms>", not "${what}".` } }),
    );
  }
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  if (what === 'paced') return pace(res, Number(deltas), Number(everyMs));
  res.end(burst(Number(deltas)));
});
server.keepAliveTimeout = 10 * 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The endpoint has no port.');
  ready({ url: `http://127.0.0.1:${address.port}/v1` }, () => {
    server.close();
    server.closeAllConnections();
  });
});
