/**
 * A signal tells an outside party's script what it may do. One file each, named by its setting, which it exports as default.
 */

/** The categories that may run now: by their ids, and by the name of the one that they stand for. */
export type Granted = Pick<ReadonlySet<string>, 'has'>;

export interface Signal {
  /** Everything denied, before any other script can ask. `isPending`: an earlier grant is being checked. */
  start(isPending: boolean, setting: unknown): void;
  /** What holds from now on; called after every choice. */
  apply(granted: Granted, setting: unknown): void;
}
