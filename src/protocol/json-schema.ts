import * as z from 'zod';
import { deltas } from './contract/delta.ts';
import { contract } from './contract/index.ts';
import { namedShapes } from './contract/named.ts';
import { commandSpec } from './routing.ts';

export type JsonSchema = { readonly [keyword: string]: unknown };

/** The whole contract as one JSON Schema (2020-12), loose like the wire: `$defs` has every frame by its `type` and every named shape. */
export function jsonSchema(): JsonSchema {
  const defs = definitions();
  const frames = Object.keys(defs).filter((name) => !(name in namedShapes) && !name.includes('.'));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Farhand wire protocol',
    anyOf: frames.map((type) => ({ $ref: reference(type) })),
    $defs: defs,
  };
}

/** The name of a kind of delta among the `$defs`. */
export const deltaName = (kind: string): string => `delta.${kind}`;

/** Of this kind and of its shape, or of another kind: one that is not listed is somebody's extension. */
const ifKind = (kind: string): JsonSchema => ({
  anyOf: [{ not: { properties: { message_type: { const: kind } } } }, { $ref: reference(deltaName(kind)) }],
});

const reference = (name: string): string => `#/$defs/${name}`;

function definitions(): Record<string, JsonSchema> {
  const shapes = schemasOf(namedShapes);
  const kinds = schemasOf(deltas);
  const requests = schemasOf(mapped(contract.commands, ({ request }) => request));
  const payloads = schemasOf(mapped(contract.commands, ({ reply }) => reply?.payload));
  const events = schemasOf(mapped(contract.events, ({ body }) => body));
  const pushes = schemasOf(mapped(contract.pushes, ({ body }) => body));
  return {
    ...shapes,
    Delta: { ...shapes.Delta, allOf: Object.keys(kinds).map(ifKind) },
    ...Object.fromEntries(Object.entries(kinds).map(([kind, schema]) => [deltaName(kind), schema])),
    ...mapped(requests, typed),
    ...Object.fromEntries(
      Object.entries(payloads).flatMap(([command, payload]) => replyOf(command, payload)),
    ),
    ...mapped(events, (body, type) => ({ ...typed(body, type), allOf: [{ $ref: reference('Envelope') }] })),
    ...mapped(pushes, typed),
  };
}

/** JSON Schemas of several schemas at once, in which a named shape is referred to instead of repeated. */
function schemasOf(schemas: Readonly<Record<string, z.ZodType | undefined>>): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, shape] of Object.entries(namedShapes)) registry.add(shape, { id });
  for (const [id, schema] of Object.entries(schemas)) {
    // A clone, because a frame may consist of nothing but a named shape.
    if (schema && !(id in namedShapes)) registry.add(schema.clone(), { id });
  }
  const { schemas: all } = z.toJSONSchema(registry, { uri: reference });
  const wanted = Object.entries(all).filter(([id]) => schemas[id]);
  return Object.fromEntries(wanted.map(([id, { $schema, $id, ...schema }]) => [id, schema]));
}

function typed(schema: JsonSchema, type: string): JsonSchema {
  const { properties, required, ...rest } = schema;
  return {
    ...rest,
    properties: { type: { const: type }, ...Object(properties) },
    required: ['type', ...(Array.isArray(required) ? required : [])],
  };
}

const failed = (flag: string): JsonSchema => ({
  type: 'object',
  properties: { [flag]: { const: false }, error: { type: 'string' }, error_code: { type: 'string' } },
  required: [flag],
});

function replyOf(command: string, payload: JsonSchema): [string, JsonSchema][] {
  const reply = commandSpec(command)?.reply;
  if (!reply) return [];
  const { type, flag } = reply;
  if (!flag) return [[type, typed(payload, type)]];
  const done = { allOf: [{ properties: { [flag]: { const: true } }, required: [flag] }, payload] };
  const asked = { type: 'object', properties: { request_id: { type: 'string' } } };
  return [[type, { ...typed(asked, type), oneOf: [done, failed(flag)] }]];
}

function mapped<V, R>(
  record: Readonly<Record<string, V>>,
  change: (value: V, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}
