/** What people see, as the rules need it; filled by the page's side of the widget. */
import type {Published} from './config';

export interface Face {
  /** Asks for a decision. */
  ask(): void;
  /** There is a decision: the question goes, the way back stays. */
  settle(): void;
  /** Announces a text; one that stays is there until the next. */
  say(slot: string, stays?: boolean): void;
  /** Another bundle is in force. */
  republish(published: Published): void;
  language(): string;
}
