/**
 * For signals to a party that has no queue of its own: its script makes its function, and makes it only where nothing has that
 * name yet, so a stand-in of ours would keep it from loading. It is told at once if it is there, otherwise after the script that
 * brings it has loaded.
 */
import type {Granted, Signal} from '../signals/signal';

/**
 * @param find what is to be told, once it is there
 * @param begin says no, before any choice; nothing is said without it
 * @param tell says what was chosen
 */
export function whenThere<Party>(
  find: () => Party | undefined,
  begin: ((party: Party, isPending: boolean) => unknown) | undefined,
  tell: (party: Party, granted: Granted) => unknown,
): Signal {
  let waiting: ((party: Party) => unknown) | undefined;

  function look(): void {
    try {
      const party = waiting && find();
      if (party) {
        const say = waiting;
        waiting = undefined;
        say?.(party);
      }
    } catch {
      // The party, or what the page put in its place, is not what it should be.
    }
  }

  return {
    start(isPending) {
      waiting = begin && ((party) => begin(party, isPending));
      // Does not bubble, but is seen on its way down: of every script, image and frame.
      document.addEventListener('load', look, true);
      look();
    },
    apply(granted) {
      waiting = (party) => tell(party, granted);
      look();
    },
  };
}
