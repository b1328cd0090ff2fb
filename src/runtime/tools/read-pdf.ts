import { failure, success } from './define.ts';
import { reasonOf } from './errno.ts';
import { wellFormed } from './output-file.ts';
import { maxText } from './page.ts';
import type { ToolResult } from './tool.ts';

const maxPages = 20;

/** Some programs write a few bytes before the mark. */
export const isPdf = (start: Buffer): boolean => start.subarray(0, 1024).includes('%PDF-');

/** The text of pages (`3`, `3-7`), the first ones if left out, with a line before each that names it. */
export async function showPdf(
  shown: string,
  bytes: Buffer,
  pages: string | undefined,
  signal: AbortSignal,
): Promise<ToolResult> {
  const { getDocumentProxy } = await import('unpdf');
  // Its log would be written to the terminal of the runtime.
  const opened = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 }).catch((error: unknown) =>
    failure(`${shown} cannot be read as a PDF: ${reasonOf(error)}`),
  );
  if ('status' in opened) return opened;
  try {
    const [first = 1, last = pages === undefined ? opened.numPages : first] =
      pages?.split('-').map(Number) ?? [];
    if (first < 1 || first > opened.numPages || last < first)
      return failure(`${shown} has ${opened.numPages} pages; there are no pages ${pages}.`);
    const until = Math.min(last, opened.numPages, first + maxPages - 1);
    let text = `[${shown}: PDF, ${opened.numPages} ${opened.numPages === 1 ? 'page' : 'pages'}]\n`;
    let next = first;
    for (; next <= until; next += 1) {
      signal.throwIfAborted();
      const page = pageText(next, await contentOf(await opened.getPage(next)));
      if (next > first && text.length + page.length > maxText) break;
      text += page.length > maxText ? `${wellFormed(page.slice(0, maxText))}\n[The page goes on.]\n` : page;
    }
    const more = next <= Math.min(last, opened.numPages);
    const end = Math.min(opened.numPages, next + maxPages - 1);
    return success(more ? `${text}[More pages follow. Read on with pages "${next}-${end}".]\n` : text);
  } finally {
    await opened.loadingTask.destroy();
  }
}

const pageText = (number: number, text: string): string =>
  `--- page ${number} ---\n${text.trim() === '' ? '(no text; it may be a picture of a page)' : text.trimEnd()}\n`;

type TextPage = {
  getTextContent(): Promise<{ readonly items: readonly object[] }>;
  cleanup(): unknown;
};

async function contentOf(page: TextPage): Promise<string> {
  const { items } = await page.getTextContent();
  page.cleanup();
  // Marks of structure stand among the texts.
  return items
    .map((item) => ('str' in item ? `${item.str}${'hasEOL' in item && item.hasEOL ? '\n' : ''}` : ''))
    .join('');
}
