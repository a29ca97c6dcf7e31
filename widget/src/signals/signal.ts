/**
 * A signal tells an outside party's script what it may do. One file each; the list is in `index.ts`.
 */

/** Ids of the categories that may run now. */
export type Granted = ReadonlySet<string>;

export interface Signal {
  /** Name of the setting in the bundle's `signals`. */
  id: string;
  /** Everything denied, before any other script can ask. `isPending`: an earlier grant is being checked. */
  start(isPending: boolean): void;
  /** What holds from now on; called after every choice. */
  apply(granted: Granted): void;
}
