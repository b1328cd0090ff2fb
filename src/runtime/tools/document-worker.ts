import { parentPort, workerData } from 'node:worker_threads';
import type { DocumentAnswer, DocumentTask } from './documents.ts';
import { markdownOf } from './html-markdown.ts';
import { pdfText } from './pdf-text.ts';

/** What runs in the thread of `documents.ts`: one task, one answer. */
async function answer(task: DocumentTask): Promise<DocumentAnswer> {
  return task.kind === 'html' ? { text: markdownOf(task.html) } : pdfText(task);
}

parentPort?.postMessage(await answer(workerData as DocumentTask));
