import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { launcher, notBuilt, remoteServer, startRemote } from '../built-remote.ts';
import { interleave, type Measurement, p50, spread, timed } from '../harness.ts';
import { withFolder } from '../scratch.ts';
import { farhandEnvironment } from '../stand.ts';

const rounds = { rounds: 15, warmUp: 3 };
/** What bare Node took where the goals were set. */
const NODE_MS = 33;

/** How long a person waits for the program itself. */
export const start: Measurement = {
  name: 'start',
  about: `The built program, from the start of its process: \`--version\` to its end, and \`remote --json\` to its word that it is connected, in a home that is there already. The goals are 60 and 150 ms where bare Node takes ${NODE_MS} ms, so that many times bare Node.`,
  run: async () => notBuilt() ?? (await withFolder('disk', coldStarts)),
};

async function coldStarts(folder: string) {
  const server = await remoteServer();
  const env = { ...farhandEnvironment(folder, 'http://127.0.0.1:9/v1'), ...server.env };
  const ran = async (...args: string[]) => {
    const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}.`);
  };
  try {
    const { node, version, remote } = await interleave(
      {
        node: () => timed(() => ran('-e', '0')),
        version: () => timed(() => ran(launcher, '--version')),
        remote: async () => {
          const running = await startRemote(env);
          await running.stop();
          return running.connectedMs;
        },
      },
      rounds,
    );
    const row = { bare: `${spread(node)} node -e 0`, repetitions: rounds.rounds };
    const times = (ms: number) => Number((ms / NODE_MS).toFixed(1));
    return [
      {
        ...row,
        what: 'Cold start of --version',
        farhand: spread(version),
        figure: { value: p50(version) / p50(node), unit: '×' as const },
        goal: times(60),
        stock: '',
      },
      {
        ...row,
        what: 'Cold start of remote to connected',
        farhand: spread(remote),
        figure: { value: p50(remote) / p50(node), unit: '×' as const },
        goal: times(150),
        stock: '769 ms',
      },
    ];
  } finally {
    server.close();
  }
}
