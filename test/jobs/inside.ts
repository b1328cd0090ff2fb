// Loaded into a process of a job before the program itself, for what cannot be done to it from outside. It dies, as if it were killed, at
// a moment too short for a signal from outside; and it finds the address of OpenAI, whose own API is spoken nowhere else, at the
// scripted model server.
import childProcess from 'node:child_process';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const die = () => process.kill(process.pid, 'SIGKILL');

/** `shell`: about to start the shell of a command. `written:<name>`: a file of that name has just been put in its place. */
const [moment, name = ''] = process.env.FARHAND_JOB_DIES?.split(':') ?? [];

if (moment === 'shell') {
  const { spawn } = childProcess;
  childProcess.spawn = new Proxy(spawn, {
    apply(target, self, args) {
      if (JSON.stringify(args).includes('--norc')) die();
      return Reflect.apply(target, self, args);
    },
  });
}
if (moment === 'written') {
  const { rename } = files;
  files.rename = async (from, to) => {
    await rename(from, to);
    if (String(to).endsWith(`/${name}`)) die();
  };
}
syncBuiltinESMExports();

const openai = process.env.FARHAND_JOB_OPENAI;
if (openai !== undefined) {
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => fetch(String(input).replace('https://api.openai.com', openai), init);
}
