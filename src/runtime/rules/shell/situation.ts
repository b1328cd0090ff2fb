/** Where a path leads. */
export type ShellPlace = {
  /** Absolute, every symbolic link followed. */
  readonly real: string;
  /** In the working directory of the call. */
  readonly inside: boolean;
  /** Changing it lets others run code later. */
  readonly guarded: boolean;
  /** In Farhand's home, or another folder that is nobody's to touch. */
  readonly forbidden: boolean;
  /** A forbidden folder lies in it. */
  readonly holdsForbidden: boolean;
  /** Forbidden, but for reading. */
  readonly readable: boolean;
  /** For people. */
  readonly shown: string;
  readonly kind: 'folder' | 'other' | 'missing';
};

/** Where a command is judged. */
export type Situation = {
  /** Where it begins; absolute. */
  readonly cwd: string;
  readonly home: string;
  /** There is no bash: commands are run by whatever `sh` is. */
  readonly posix?: boolean;
  /** The login name, for `~name`; null where it is not known. */
  readonly user: string | null;
  readonly farhandHome: string;
  /** Whether the settings of the project's repository may run programs, as git does on reading. */
  readonly trusted: boolean;
  /** Where an absolute path leads, which need not be normal; null where that cannot be told. */
  place(path: string): ShellPlace | null;
  /** Whether the project, or whatever folder is at hand, has a program of its own in the place of this one. */
  isReplaced(program: string): boolean;
  /** The symbolic links in a folder, by name; null where they cannot be told. */
  links(folder: string): readonly string[] | null;
};
