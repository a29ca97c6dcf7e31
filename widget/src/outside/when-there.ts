/**
 * For signals to a party that has no queue of its own: its script makes its function, and makes it only where nothing has that
 * name yet, so a stand-in of ours would keep it from loading. It is told at once if it is there, otherwise after the script that
 * brings it has loaded.
 */
import type {Granted, Signal} from '../signals/signal';

/**
 * @param find what is to be told, once it is there
 * @param tell says what may run; `isPending` is given at the start only, where nothing may, and says whether that is still checked
 */
export function whenThere<Party>(
  find: () => Party | undefined,
  tell: (party: Party, granted: Granted, isPending?: boolean) => unknown,
): Signal {
  let say: ((party: Party) => unknown) | undefined;

  function look(): void {
    try {
      const party = say && find();
      if (party) {
        say?.(party);
        say = undefined;
      }
    } catch {
      // It is not what it should be, or not yet.
    }
  }

  return {
    start(isPending) {
      say = (party) => tell(party, new Set(), isPending);
      // Does not bubble, but is seen on its way down: of every script, image and frame.
      document.addEventListener('load', look, true);
      look();
    },
    apply(granted) {
      say = (party) => tell(party, granted);
      look();
    },
  };
}
