/** What people see, as the rules need it; filled by the page's side of the widget. */
import type {Published, Texts} from './config';

export interface Face {
  /** Asks for a decision. */
  ask(): void;
  /** There is a decision: the question goes, the way back stays. */
  settle(): void;
  /**
   * Announces a text; one that stays is there until the next. `policy`: address of a link that follows it.
   *
   * @returns false when the text did not travel with the page
   */
  say(slot: string, stays?: boolean, policy?: string): boolean;
  /** Takes in texts that did not travel with the page. */
  learn(texts: Record<string, Texts>): void;
  /** Another bundle is in force. */
  republish(published: Published): void;
  language(): string;
}
