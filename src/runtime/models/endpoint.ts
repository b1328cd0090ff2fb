/** The header that carries the key: `authorization: Bearer …`, or one of its own. */
export type Auth = 'bearer' | 'x-api-key' | 'x-goog-api-key';

/** Where a wire sends its requests, and what a person calls the parts of it. */
export type Endpoint = {
  /** `LM Studio`. */
  readonly name: string;
  /** With path and, where the service wants one, query: `http://127.0.0.1:1234/v1`. */
  readonly baseUrl: URL;
  /** The variable that holds the address. */
  readonly baseVariable: string;
  /** Empty: none is sent. */
  readonly key: string;
  /** The variable that holds the key. */
  readonly keyVariable: string;
  /** What is spoken there, for people: `an OpenAI-compatible API`, which is also what is meant where this is left out. */
  readonly api?: string;
  /** What `farhand connect` calls it; left out: it cannot be connected that way. */
  readonly provider?: string;
  /** Left out: the way of the API that is spoken there. */
  readonly auth?: Auth;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** The address to show: a query may hold a secret. */
export function addressOf({ baseUrl }: Endpoint): string {
  return `${baseUrl.origin}${baseUrl.pathname}`;
}

/** The address of one operation, such as `/chat/completions`. */
export function operationUrl({ baseUrl }: Endpoint, path: string): string {
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  return url.href;
}

/** Headers with the endpoint's own key instead of any other. `usual`: where the API expects the key. */
export function authorized(
  endpoint: Endpoint,
  usual: Auth,
  headers: ConstructorParameters<typeof Headers>[0],
): Headers {
  const own = new Headers(headers);
  for (const name of ['authorization', 'x-api-key', 'x-goog-api-key']) own.delete(name);
  const { key, auth = usual } = endpoint;
  if (key !== '')
    own.set(auth === 'bearer' ? 'authorization' : auth, auth === 'bearer' ? `Bearer ${key}` : key);
  for (const [name, value] of Object.entries(endpoint.headers ?? {})) own.set(name, value);
  return own;
}

/** An address that a provider package made of the base, with what the base's query asks for. */
export function withBaseQuery({ baseUrl }: Endpoint, address: string | URL): string {
  const url = new URL(address);
  for (const [name, value] of baseUrl.searchParams) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  return url.href;
}
