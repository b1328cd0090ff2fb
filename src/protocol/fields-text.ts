import type { JsonSchema } from './json-schema.ts';

/** An object's fields on one line, as TypeScript writes them: `id: string, name?: string`. `flag` is a reply's, true by definition. */
export function fieldsText(
  schema: JsonSchema,
  without: readonly string[],
  flag: string | null = null,
): string {
  if (typeof schema.$ref === 'string') return nameOf(schema.$ref);
  if (!isSchema(schema.properties)) return typeText(schema);
  const required = Array.isArray(schema.required) ? schema.required : [];
  const own = Object.entries(schema.properties)
    .filter(([name]) => !without.includes(name))
    .map(
      ([name, type]) =>
        `${name}${required.includes(name) ? '' : '?'}: ${isSchema(type) ? typeText(type) : 'any'}`,
    );
  return (flag ? [`${flag}: true`, ...own] : own).join(', ');
}

function typeText(schema: JsonSchema): string {
  if (typeof schema.$ref === 'string') return nameOf(schema.$ref);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const branches = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(branches)) return branches.map(typeText).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.join(' | ');
  if (schema.type === 'array')
    return `${inBrackets(isSchema(schema.items) ? typeText(schema.items) : 'any')}[]`;
  if (schema.type === 'object') return objectText(schema);
  return schema.type === 'integer' ? 'int' : typeof schema.type === 'string' ? schema.type : 'any';
}

function objectText(schema: JsonSchema): string {
  const fields = isSchema(schema.properties) ? fieldsText(schema, []) : '';
  if (fields !== '') return `{ ${fields} }`;
  const values = isSchema(schema.additionalProperties) ? typeText(schema.additionalProperties) : 'any';
  return values === 'any' ? 'object' : `{ [key]: ${values} }`;
}

const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);
const inBrackets = (type: string): string =>
  type.includes(' | ') && !type.startsWith('{') ? `(${type})` : type;
const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;
