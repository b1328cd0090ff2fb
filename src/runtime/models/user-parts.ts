import type { LanguageModelV4FilePart, LanguageModelV4TextPart } from '@ai-sdk/provider';

export type UserPart = LanguageModelV4TextPart | LanguageModelV4FilePart;

/** What a person or a tool's image is to a model that cannot look at images. */
const UNSEEN = '[An image cannot be shown to you: you take no images]';

/** The content of a user's message, with something to say in any case: endpoints refuse an empty one. */
export function userParts(content: unknown, images: boolean): UserPart[] {
  const parts = typeof content === 'string' ? [textPart(content)] : [content].flat().map(userPart);
  const shown = parts.map((part) => (part.type === 'text' || images ? part : textPart(UNSEEN)));
  const said = shown.filter((part) => part.type !== 'text' || part.text.trim() !== '');
  return said.length > 0 ? said : [textPart('(empty message)')];
}

export function textPart(text: string) {
  return { type: 'text', text } as const;
}

export function imagePart(mediaType: string, data: string): LanguageModelV4FilePart {
  return { type: 'file', mediaType, data: { type: 'data', data } };
}

function userPart(part: unknown): UserPart {
  if (typeof part === 'string') return textPart(part);
  const fields = fieldsOf(part);
  if (fields.type === 'text' && typeof fields.text === 'string') return textPart(fields.text);
  if (fields.type === 'image') return sourcePart(fieldsOf(fields.source));
  const kind = typeof fields.type === 'string' ? fields.type : typeof part;
  return textPart(`[A part of this message cannot be shown to you: ${kind}]`);
}

function sourcePart({ type, media_type: mediaType, data, url }: Readonly<Record<string, unknown>>): UserPart {
  if (type === 'base64' && typeof data === 'string' && typeof mediaType === 'string') {
    if (/^image\/[\w.+-]+$/.test(mediaType)) return imagePart(mediaType, data);
    return textPart(`[An image cannot be shown to you: its type is ${mediaType}]`);
  }
  if (type === 'url' && typeof url === 'string' && /^https?:/.test(url) && URL.canParse(url)) {
    return { type: 'file', mediaType: 'image', data: { type: 'url', url: new URL(url) } };
  }
  return textPart('[An image cannot be shown to you: its source is neither base64 data nor a web address]');
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
