import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { contract } from './contract/index.ts';
import { fieldsText } from './fields-text.ts';
import { jsonSchema } from './json-schema.ts';
import { referenceTables, withReference } from './reference.ts';
import { routeOf } from './routing.ts';
import { checkCommand, checkEvent } from './validate.ts';

describe('the JSON Schema', () => {
  const schema = jsonSchema();
  const defs = Object(schema.$defs);

  it('has every frame by its type', () => {
    const types = [
      ...Object.keys(contract.commands),
      ...Object.keys(contract.events),
      ...Object.keys(contract.pushes),
    ];
    for (const type of types) {
      expect(defs[type].properties.type).toEqual({ const: type });
      expect(schema.anyOf).toContainEqual({ $ref: `#/$defs/${type}` });
      const route = routeOf(type);
      if (route?.kind === 'command' && route.replyType) expect(defs).toHaveProperty(route.replyType);
    }
  });

  it('refers only to what it defines', () => {
    const references = JSON.stringify(schema).match(/#\/\$defs\/[^"]+/g) ?? [];
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) expect(defs).toHaveProperty([reference.slice('#/$defs/'.length)]);
  });

  it('closes no object: the wire is loose', () => {
    expect(JSON.stringify(schema)).not.toContain('"additionalProperties":false');
  });
});

describe('the reference', () => {
  const document = readFileSync(path.resolve(import.meta.dirname, '../../PROTOCOL.md'), 'utf8');

  it('writes fields as TypeScript does', () => {
    const defs = Object(jsonSchema().$defs);
    expect(fieldsText(defs.remove_queue_item, ['type'])).toBe(
      'request_id: string, runtime: Scope, item_id: string',
    );
    expect(fieldsText(defs.ack, ['type'])).toBe('seq: int');
    expect(fieldsText(defs.Content, [])).toBe('string | object[]');
    expect(fieldsText(defs.update_queue, ['type'])).toContain(
      'removed?: { client_message_id: string, disposition: ',
    );
  });

  it('has a row for every command, with bars that do not end a cell', () => {
    const tables = referenceTables();
    for (const type of Object.keys(contract.commands)) expect(tables).toContain(`\n| \`${type}\` |`);
    const [row] = tables.split('\n').filter((line) => line.startsWith('| `input` | `request_id'));
    expect(row?.replaceAll('\\|', '').split('|')).toHaveLength(6);
  });

  it('[CONTRACT-1] stands in PROTOCOL.md as it is (else: npm run docs)', () => {
    expect(withReference(document)).toBe(document);
  });

  it('shows only frames that pass the checks', () => {
    const shown = Array.from(document.matchAll(/^ *```json\n(.*?)^ *```$/gms), ([, text]) =>
      JSON.parse(text ?? ''),
    );
    expect(shown.map(({ type }) => type)).toEqual(['input', 'control_request', 'input', 'sync']);
    for (const frame of shown) {
      const checked = routeOf(frame.type)?.kind === 'event' ? checkEvent(frame) : checkCommand(frame);
      expect(checked).toMatchObject({ ok: true });
    }
  });

  it('says so where a document lacks the markers', () => {
    expect(withReference('# nothing')).toBeNull();
    expect(withReference('<!-- /contract --><!-- contract -->')).toBeNull();
  });
});
