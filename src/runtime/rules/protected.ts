import { relative, sep } from 'node:path';

/** Folders of a project in which a file lets others run code later, or says what an agent may do. */
const folders = ['.git', '.farhand', '.letta', '.claude', '.agents', '.husky', '.vscode', '.idea', '.ssh'];

const files = [
  '.mcp.json',
  '.envrc',
  '.gitconfig',
  '.gitmodules',
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  '.pnpmfile.cjs',
  '.bashrc',
  '.bash_profile',
  '.bash_login',
  '.bash_logout',
  '.bash_aliases',
  '.profile',
  '.zshrc',
  '.zshenv',
  '.zprofile',
  '.zlogin',
  '.zlogout',
  '.inputrc',
  '.vimrc',
  '.exrc',
];

const names = new Set([...folders, ...files]);

/** Upper and lower case are the same: on some disks they name the same file. */
export const isProtectedName = (name: string): boolean => names.has(name.toLowerCase());

/** [PERM-3] Whether changing a path, below the working directory, is like changing something outside of it. Both are real and absolute. */
export const isProtected = (cwd: string, path: string): boolean =>
  relative(cwd, path).split(sep).some(isProtectedName);

/** Where programs keep keys and passwords: no part of a project, wherever it lies. */
const secrets = new Set([
  '.ssh',
  '.gnupg',
  '.aws',
  '.azure',
  '.kube',
  '.docker',
  '.netrc',
  '.pgpass',
  '.git-credentials',
]);

/** [PERM-3] Whether a path below the working directory holds secrets of the person. Both are real and absolute. */
export const isSecret = (cwd: string, path: string): boolean =>
  relative(cwd, path)
    .split(sep)
    .some((name) => secrets.has(name.toLowerCase()));
