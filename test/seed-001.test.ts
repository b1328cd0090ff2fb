import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startModelServer } from '../src/testing/model-server.ts';
import { startNode } from './support/processes.ts';
import { folder, serve } from './support/serve.ts';

// The curl line and the minimal client of the second document, to the letter but for the host and the ids, at the built `farhand serve`.

/** The documents lie beside the checkout, or where FARHAND_CORPUS says; they are no part of the project. */
const seeds = resolve(process.env.FARHAND_CORPUS ?? '../shared', 'seeds');
const page = existsSync(seeds) ? readdirSync(seeds).find((name) => name.startsWith('001')) : undefined;
if (page === undefined)
  console.warn(`The clients of the documents are left out: there is nothing at ${seeds} (FARHAND_CORPUS).`);

describe.runIf(page !== undefined)('the clients of the documents and farhand serve', () => {
  it('[REG-6] find the environment with curl and hold a turn with it', { timeout: 60_000 }, async () => {
    const models = await startModelServer();
    onTestFinished(() => models.close());
    const home = folder();
    const { url, token, deviceToken, agentId } = await serve(home, {
      env: { FARHAND_MODEL: 'openai-compatible/m', OPENAI_BASE_URL: models.url },
    });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(agentId).toMatch(/^agent-/);
    expect(deviceToken).not.toBe(token);
    const document = readFileSync(join(seeds, page ?? ''), 'utf8');

    const listed = await shell(block(document, 'curl -sS').replaceAll('https://api.letta.com', url), token);
    expect(listed).toEqual({
      connections: [
        expect.objectContaining({
          id: expect.any(String),
          connectionId: expect.stringMatching(/^conn-/),
          deviceId: expect.any(String),
          connectionName: expect.any(String),
          organizationId: expect.any(String),
          connectedAt: expect.any(Number),
          lastHeartbeat: expect.any(Number),
          lastSeenAt: expect.any(Number),
          firstSeenAt: expect.any(Number),
          currentMode: 'standard',
          metadata: expect.objectContaining({ workingDirectory: home, defaultAgentId: agentId }),
        }),
      ],
      hasNextPage: false,
    });

    const client = minimalClient(home, document, {
      'wss://api.letta.com': url.replace(/^http/, 'ws'),
      'conn-...': listed.connections[0].connectionId,
      'agent-...': String(agentId),
      'conv-...': 'conv-01J_demo',
      'Summarize this repo.': 'Summarize this repo. #script=text40',
    });
    const { ended } = startNode(['--disable-warning=ExperimentalWarning', client], {
      cwd: home,
      env: { LETTA_API_KEY: token },
    });
    expect(await ended).toMatchObject({ code: 0 });
    const said = readFileSync(join(home, 'said.txt'), 'utf8');
    expect(said).toMatch(/^The scripted model says this .* Done\.$/);
    expect(models.refusals).toEqual([]);
  });
});

async function shell(command: string, token: string) {
  const env = { PATH: process.env.PATH, LETTA_API_KEY: token };
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { env });
  return JSON.parse(stdout);
}

/** The sample with what it leaves to its reader: what a delta and a status are shown as, here in a file, and when it ends. */
function minimalClient(home: string, document: string, values: Readonly<Record<string, string>>): string {
  let code = block(document, 'const ws = new WebSocket');
  for (const [placeholder, value] of Object.entries(values)) code = code.replaceAll(placeholder, value);
  const file = join(home, 'client.ts');
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs';
let began = false;
function renderDelta(delta: any) {
  if (delta.message_type === 'assistant_message') appendFileSync('said.txt', delta.content);
}
function renderStatus({ status }: any) {
  if (status !== 'WAITING_ON_INPUT') began = true;
  else if (began) ws.close();
}
${code}`,
  );
  return file;
}

function block(markdown: string, containing: string): string {
  const blocks = Array.from(markdown.matchAll(/^```\w*\n([\s\S]*?)^```/gm), ([, code]) => code ?? '');
  const found = blocks.find((code) => code.includes(containing));
  if (!found) throw new Error(`The page has no code with "${containing}" any more.`);
  return found;
}
