// The model server as a process of its own:
//   node src/testing/model-server-main.ts [--scripts file.json] [--port 0] [--host 127.0.0.1]
// It speaks OpenAI chat completions and Responses, Anthropic Messages (all under the url), Google Generative Language
// (under /v1beta of the same origin) and the model list of Ollama (/api/tags); the same scripts drive all of them.
// Prints {"url"} once it listens. Ends on SIGTERM or when its stdin closes, so it does not outlive who started it:
// give it a pipe (with stdin ignored it ends at once).
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parseScripts, type Scripts } from './model-script.ts';
import { startModelServer } from './model-server.ts';

async function readScripts(path: string): Promise<Scripts> {
  const text = await readFile(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(
      `${path} is not JSON (${error instanceof Error ? error.message : error}). Correct the file.`,
    );
  }
  return parseScripts(value);
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Error(`--port wants a number from 0 (any free port) to 65535, not '${text}'.`);
}

try {
  const { values } = parseArgs({
    options: {
      scripts: { type: 'string' },
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
    },
  });
  const server = await startModelServer({
    scripts: values.scripts === undefined ? {} : await readScripts(values.scripts),
    port: readPort(values.port),
    host: values.host,
  });
  const stop = () => {
    process.stdin.destroy();
    void server.close();
  };
  process.once('SIGTERM', stop);
  process.stdin.once('close', stop).resume();
  process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
