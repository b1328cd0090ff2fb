import type { Variables } from './models/handles.ts';

/** What a tool's process may know of the environment: enough to build and test with, no keys, no tokens (SEC-4). */
const passed = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TERM',
  'COLORTERM',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'EDITOR',
  'PAGER',
  'JAVA_HOME',
  'GOPATH',
  'GOROOT',
  'CARGO_HOME',
  'RUSTUP_HOME',
  'NVM_DIR',
  'PYENV_ROOT',
  'VIRTUAL_ENV',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_RUNTIME_DIR',
  'SYSTEMROOT',
  'COMSPEC',
  'PATHEXT',
  'APPDATA',
  'LOCALAPPDATA',
  'USERPROFILE',
  'PROGRAMFILES',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CI',
]);

/** Set in every tool process, so that `farhand` refuses to approve from inside one. */
export const insideTool = 'FARHAND_TOOL';

export function toolEnvironment(env: Variables): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && (passed.has(name.toUpperCase()) || name.startsWith('LC_'))
      ? [[name, value] as const]
      : [],
  );
  return { ...Object.fromEntries(kept), [insideTool]: '1' };
}
