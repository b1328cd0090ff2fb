import type { Endpoint } from './endpoint.ts';
import type { endpointsOf } from './handles.ts';

export type ModelEntry = {
  readonly id: string;
  readonly handle: string;
  readonly label: string;
  readonly description: string;
  readonly isDefault: boolean;
  readonly isFeatured: boolean;
  readonly free: boolean;
};

const LISTING_MS = 3_000;

/**
 * What may be written as a model here: what each endpoint that the environment names offers, the default, and the demo. An endpoint that
 * does not answer offers nothing; the default stands in the list all the same.
 */
export async function modelCatalogue(
  endpoints: ReturnType<typeof endpointsOf>,
  standard: string,
): Promise<readonly ModelEntry[]> {
  const offered = await Promise.all(
    endpoints.map(async ({ prefix, endpoint }) =>
      (await idsAt(endpoint)).map((id) => entry(`${prefix}/${id}`, id, `${id} at ${endpoint.name}`)),
    ),
  );
  const demo = {
    ...entry('demo', 'Demo', 'Built in; shows what an agent does without any model.'),
    free: true,
  };
  const all = [...offered.flat(), demo];
  const known = all.some(({ handle }) => handle === standard);
  const listed = known ? all : [entry(standard, standard, 'The default of this device.'), ...all];
  return listed.map((one) => (one.handle === standard ? { ...one, isDefault: true, isFeatured: true } : one));
}

const entry = (handle: string, label: string, description: string): ModelEntry => ({
  id: handle,
  handle,
  label,
  description,
  isDefault: false,
  isFeatured: false,
  free: false,
});

/** The ids of `GET /models`, as all OpenAI-compatible endpoints answer it. */
async function idsAt({ baseUrl, key }: Endpoint): Promise<readonly string[]> {
  try {
    const response = await fetch(`${baseUrl.href.replace(/\/$/, '')}/models`, {
      headers: key === '' ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(LISTING_MS),
    });
    const { data } = (await response.json()) as { data?: unknown };
    if (!response.ok || !Array.isArray(data)) return [];
    return data.flatMap((model) => (typeof model?.id === 'string' && model.id !== '' ? [model.id] : []));
  } catch {
    // It is not there now; what is listed is what can be used.
    return [];
  }
}
