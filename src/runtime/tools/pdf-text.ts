import { getDocumentProxy } from 'unpdf';
import type { DocumentAnswer, DocumentTask } from './documents.ts';
import { reasonOf } from './errno.ts';
import { maxOutput, wellFormed } from './output-file.ts';

const maxPages = 20;

/** The text of pages, with a line before each that names it. */
export async function pdfText({
  shown,
  bytes,
  pages,
}: Extract<DocumentTask, { kind: 'pdf' }>): Promise<DocumentAnswer> {
  const pdf = await getDocumentProxy(bytes, { verbosity: 0 }).catch((error: unknown) => ({
    problem: `${shown} cannot be read as a PDF: ${reasonOf(error)}`,
  }));
  if ('problem' in pdf) return pdf;
  const { numPages } = pdf;
  const [first = 1, last = pages === undefined ? numPages : first] = pages?.split('-').map(Number) ?? [];
  if (first < 1 || first > numPages || last < first)
    return { problem: `${shown} has ${numPages} pages; there are no pages ${pages}.` };
  const until = Math.min(last, numPages);
  let text = `[${shown}: PDF, ${numPages} ${numPages === 1 ? 'page' : 'pages'}]\n`;
  let next = first;
  for (; next <= Math.min(until, first + maxPages - 1); next += 1) {
    const page = pageText(next, await contentOf(await pdf.getPage(next)));
    if (next > first && text.length + page.length > maxOutput) break;
    text += page.length > maxOutput ? `${wellFormed(page.slice(0, maxOutput))}\n[The page goes on.]\n` : page;
  }
  if (next > until) return { text };
  const end = Math.min(numPages, next + maxPages - 1);
  return { text: `${text}[More pages follow. Read on with pages "${next}-${end}".]\n` };
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
  const texts = items.map((item) =>
    'str' in item ? `${item.str}${'hasEOL' in item && item.hasEOL ? '\n' : ''}` : '',
  );
  return texts.join('');
}
