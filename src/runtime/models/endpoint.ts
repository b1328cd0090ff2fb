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
