/**
 * The public side of the consent widget, for the code of a page that embeds it: the global `ConsentServer` and the DOM events
 * on `document`. Complete in itself: copy it into a project, or name it in `files` of its `tsconfig.json`.
 *
 * @packageDocumentation
 */

/** Yes or no, by the id of a category or of a service. */
export type ConsentChoices = Record<string, boolean>;

/** What {@link ConsentServerApi.save} takes in its longer form. What is not named is not asked again. */
export interface ConsentWish {
  categories: ConsentChoices;
  services: ConsentChoices;
}

/** The choice as it was made, whether or not it still holds; {@link ConsentServerApi.has} says what may run. */
export interface ConsentView {
  /** Each category that was decided. */
  categories: ConsentChoices;
  /** Services that have a choice of their own; every other follows its category. */
  services: ConsentChoices;
  /** Day of the choice in UTC, `2026-11-22`. */
  day: string;
  /** Hash of what was shown. */
  bundle: string;
  /** The publication it was made on; counts from 1. */
  revision: number;
}

/** A function that is given the API, once the state is known. What it throws is written to the console. */
export type ConsentCallback = (api: ConsentServerApi) => void;

/** What the events tell, by their names without the prefix `consent:`. */
export interface ConsentServerEvents {
  /** The state is known, also after a failure: then nothing optional is granted. `granted`: ids of categories that may run. */
  ready: {granted: string[]};
  /** The visitor sees a layer. */
  shown: {layer: 'banner' | 'preferences'};
  /**
   * A choice was made; a grant in it does not hold yet.
   * `action`: `accept_all`, `reject_all`, `save` or `withdraw`. `method`: `banner`, `preferences`, `placeholder`, `api` or `gpc`.
   */
  decided: {action: string; method: string; categories: ConsentChoices; services: ConsentChoices};
  /** What may run is different now. */
  changed: {granted: string[]};
  /** A choice took these categories away. */
  withdrawn: {categories: string[]};
  /** Something failed, and what is optional is denied for it. `reason`: stable, one of those in `docs/embed.md`. */
  error: {reason: string};
}

/** The global `ConsentServer` once the script has loaded. Nothing here ever throws or rejects. */
export interface ConsentServerApi {
  /**
   * Waits until the state is known, also after a failure.
   *
   * @param callback is given the API then
   * @returns the API
   */
  ready(callback?: ConsentCallback): Promise<ConsentServerApi>;
  /**
   * Listens to an event on `document`.
   *
   * @param name without the prefix `consent:`
   * @param listener is given the event's `detail`
   * @returns a function that stops
   */
  on<Name extends keyof ConsentServerEvents>(name: Name, listener: (detail: ConsentServerEvents[Name]) => void): () => void;
  /**
   * May it run now? True for a required category, and for a grant that is acknowledged, proved, not expired and not stale.
   *
   * @param category its id; one that the site has not published is never granted
   * @param service its id, to ask for one service of the category
   */
  has(category: string, service?: string): boolean;
  /** What was chosen; null before any choice. */
  getConsent(): ConsentView | null;
  /**
   * Grants all that can be chosen, recorded with `method: "api"`. Only for a visitor who said so to you.
   *
   * @returns whether it is recorded and in force
   */
  acceptAll(): Promise<boolean>;
  /**
   * Refuses everything optional, from now on.
   *
   * @returns whether it is recorded and in force
   */
  rejectAll(): Promise<boolean>;
  /**
   * Decides some categories, or single services.
   *
   * @param wish `{analytics: true}`, or `{categories: {…}, services: {…}}`
   * @returns whether it is recorded and in force; false when it names nothing that can be chosen
   */
  save(wish: ConsentChoices | Partial<ConsentWish>): Promise<boolean>;
  /**
   * Takes everything back, from now on.
   *
   * @returns whether it is recorded and in force
   */
  withdraw(): Promise<boolean>;
  /** Opens the banner, and puts the focus on it. */
  show(): void;
  /** Opens the choices. */
  showPreferences(): void;
  /** The signed token while something is granted, otherwise null. */
  getToken(): string | null;
  /** What the service holds about this browser, as it answers; null for a visitor who never granted, or after a failure. */
  getReceipt(): Promise<unknown>;
  /** Calls back once the state is known. Before the script has loaded, the array in its place takes the callback. */
  push(callback: ConsentCallback): void;
}

/** The same events as DOM events on `document`. */
export type ConsentServerEventMap = {
  [Name in keyof ConsentServerEvents as `consent:${Name}`]: CustomEvent<ConsentServerEvents[Name]>;
};

declare global {
  interface Window {
    /** The API, or, before the script has loaded, the callbacks that wait for it: `(window.ConsentServer ||= []).push(…)`. */
    ConsentServer?: ConsentServerApi | ConsentCallback[];
  }

  interface DocumentEventMap extends ConsentServerEventMap {}
}
