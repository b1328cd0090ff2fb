import Turndown from 'turndown';

/** Headings, lists, links and code; no scripts, no styles, and of pictures only what they say. */
export function markdownOf(html: string): string {
  const turndown = new Turndown({ headingStyle: 'atx', codeBlockStyle: 'fenced', bulletListMarker: '-' });
  turndown.remove(['script', 'style', 'noscript', 'iframe', 'object', 'embed', 'canvas', 'template']);
  // Their data would be long and say nothing.
  turndown.addRule('pictures', {
    filter: (node) => ['IMG', 'SVG', 'svg'].includes(node.nodeName),
    replacement: (_, node) => node.getAttribute('alt')?.trim() ?? '',
  });
  return turndown
    .turndown(html)
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
