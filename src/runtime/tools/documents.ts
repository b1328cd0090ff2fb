import { Worker } from 'node:worker_threads';
import type { Problem } from './tool.ts';

/** A document of somebody else's that is to become text. */
export type DocumentTask =
  | { readonly kind: 'html'; readonly html: string }
  /** `pages`: as `3` or `3-7`; left out: the first ones. `shown`: what the file is called. */
  | {
      readonly kind: 'pdf';
      readonly shown: string;
      readonly bytes: Uint8Array;
      readonly pages: string | undefined;
    };

export type DocumentAnswer = { readonly text: string } | Problem;

const patience = 20_000;
const maxMegabytes = 512;

/** Beside this file as source; where everything is bundled, among the entries. */
const program = new URL(
  import.meta.url.endsWith('.ts') ? './document-worker.ts' : '../workers/document.js',
  import.meta.url,
);

/**
 * Turns a document into text in a thread of its own: one that is made to be hard to read costs time and memory there, within bounds, and
 * nobody else waits. Rejects when told to stop.
 */
export async function readDocument(task: DocumentTask, signal: AbortSignal): Promise<DocumentAnswer> {
  signal.throwIfAborted();
  const worker = new Worker(program, {
    workerData: task,
    // It needs no secrets, and what it prints is nobody's.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: maxMegabytes },
  });
  const problem = (why: string): Problem => ({
    problem: `The document could not be turned into text: ${why}.`,
  });
  try {
    return await new Promise<DocumentAnswer>((resolve, reject) => {
      const timer = setTimeout(
        () => resolve(problem(`it takes longer than ${patience / 1_000} s`)),
        patience,
      );
      const settled = () => clearTimeout(timer);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      worker.once('message', (answer: DocumentAnswer) => resolve(answer));
      worker.once('error', (error) =>
        resolve(problem(error instanceof Error ? error.message : String(error))),
      );
      worker.once('exit', () => {
        settled();
        resolve(problem('its reader ended'));
      });
    });
  } finally {
    await worker.terminate();
  }
}
