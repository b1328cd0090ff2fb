import { join } from 'node:path';

/** The environment that places depend on. */
type Variables = Readonly<Record<string, string | undefined>>;

/** Below the home of the user: keys, tokens, passwords, and what has been typed. */
const credentials = [
  '.ssh',
  '.gnupg',
  '.netrc',
  '.git-credentials',
  '.config/git/credentials',
  '.config/gh',
  '.config/hub',
  '.config/glab-cli',
  '.aws',
  '.azure',
  '.config/gcloud',
  '.boto',
  '.s3cfg',
  '.config/rclone',
  '.oci',
  '.config/doctl',
  '.config/heroku',
  '.fly',
  '.docker',
  '.config/containers/auth.json',
  '.kube',
  '.config/helm',
  '.terraform.d',
  '.vault-token',
  '.npmrc',
  '.yarnrc.yml',
  '.pypirc',
  '.gem/credentials',
  '.m2/settings.xml',
  '.m2/settings-security.xml',
  '.gradle/gradle.properties',
  '.pgpass',
  '.my.cnf',
  '.password-store',
  '.config/op',
  '.1password',
  '.local/share/keyrings',
  '.local/share/kwalletd',
  '.mozilla',
  '.config/google-chrome',
  '.config/chromium',
  '.config/BraveSoftware',
  '.config/microsoft-edge',
  '.thunderbird',
  '.claude',
  '.claude.json',
  '.codex',
  '.letta',
  '.config/github-copilot',
  '.bash_history',
  '.zsh_history',
  '.python_history',
  '.node_repl_history',
  '.psql_history',
  '.mysql_history',
  '.local/share/fish',
  // Sockets through which a program outside does what it is told.
  '.colima',
  '.lima',
  '.rd',
  '.orbstack',
  'Library/Keychains',
  'Library/Cookies',
  'Library/Application Support/Google/Chrome',
  'Library/Application Support/Firefox',
];

/** What other users' and the system's services listen in: whoever reaches them has them work unconfined. */
const services = ['/run', '/var/run', '/var/snap/lxd', '/var/lib/lxd', '/var/lib/incus', '/mnt/wslg'];

/** Below `/run`, and harmless. */
const shown = [
  '/run/current-system',
  '/run/booted-system',
  '/run/wrappers',
  '/run/opengl-driver',
  '/run/.containerenv',
];

/** Below `/run`, for who has the network: names of hosts, and databases on the same machine. */
const shownWithNetwork = [
  '/run/systemd/resolve',
  '/run/resolvconf',
  '/run/NetworkManager/resolv.conf',
  '/run/nscd',
  '/run/postgresql',
  '/run/mysqld',
  '/var/run/mDNSResponder',
  '/var/run/resolv.conf',
];

/** Below the home: what package managers keep for all projects. */
const caches = [
  '.cache',
  '.npm',
  '.yarn',
  '.bun/install/cache',
  '.local/share/pnpm/store',
  '.cargo/registry',
  '.cargo/git',
  'go/pkg',
  '.m2/repository',
  '.gradle/caches',
  '.gradle/wrapper',
  '.ivy2',
  '.sbt',
  '.nuget/packages',
  '.pub-cache',
  '.hex',
  '.mix',
  '.gem/specs',
  '.deno',
  'Library/Caches',
];

/** Of those, the ones that the first install on a machine makes; the folder that they lie in has to be there. */
const madeByFirstUse = ['.cache', '.npm', '.cargo/registry', '.cargo/git', 'go/pkg', '.m2/repository'];

/** Below the home: what runs at the next login, or with the next command, when the home itself may be written. */
const startup = [
  '.bashrc',
  '.bash_profile',
  '.bash_login',
  '.bash_logout',
  '.profile',
  '.zshrc',
  '.zshenv',
  '.zprofile',
  '.zlogin',
  '.config/fish',
  '.config/autostart',
  '.config/systemd',
  '.config/environment.d',
  '.gitconfig',
  '.config/git',
  '.local/bin',
  'bin',
  'Library/LaunchAgents',
];

/** In a project: what makes programs of its user, Farhand among them, do things. */
const project = ['.farhand', '.letta', '.agents', '.claude', '.mcp.json'];

const below = (folder: string, names: readonly string[]) => names.map((name) => join(folder, name));

export const secretPlaces = (home: string, env: Variables): readonly string[] => [
  ...below(home, credentials),
  ...below(env.CARGO_HOME ?? join(home, '.cargo'), ['credentials', 'credentials.toml']),
];

export const servicePlaces = (): readonly string[] => services;

export const shownPlaces = (network: boolean): readonly string[] =>
  network ? [...shown, ...shownWithNetwork] : shown;

export const cachePlaces = (home: string, env: Variables): readonly string[] => [
  ...below(home, caches),
  ...(env.XDG_CACHE_HOME ? [env.XDG_CACHE_HOME] : []),
  ...(env.CARGO_HOME ? below(env.CARGO_HOME, ['registry', 'git']) : []),
  ...(env.GOPATH ? below(env.GOPATH, ['pkg']) : []),
];

export const newCaches = (home: string): readonly string[] => below(home, madeByFirstUse);

export const startupPlaces = (home: string): readonly string[] => below(home, startup);

export const projectPlaces = (folder: string): readonly string[] => below(folder, project);
