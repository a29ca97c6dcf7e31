/** The global `ConsentServer`: what a page's own code may ask and do. Nothing here ever throws or rejects. */
import type {Consent} from './consent';
import type {Action, Choices, Wish} from './decision';
import {type Events, listen} from './events';
import type {Screen} from './ui';

/** The choice as it was made, whether or not it still holds; `has` says what may run. */
export interface ConsentView {
  categories: Choices;
  services: Choices;
  /** UTC day. */
  day: string;
  bundle: string;
  revision: number;
}

export interface PageApi {
  ready(callback?: (api: PageApi) => void): Promise<PageApi>;
  on<Name extends keyof Events>(name: Name, listener: (detail: Events[Name]) => void): () => void;
  has(category: string, service?: string): boolean;
  getConsent(): ConsentView | null;
  /** Each resolves to whether the decision is in force and in the log. */
  acceptAll(): Promise<boolean>;
  rejectAll(): Promise<boolean>;
  /** What is not named is not asked again. */
  save(wish: Choices | Partial<Wish>): Promise<boolean>;
  withdraw(): Promise<boolean>;
  show(): void;
  showPreferences(): void;
  getToken(): string | null;
  getReceipt(): Promise<unknown>;
  push(callback: (api: PageApi) => void): void;
}

export interface Parts {
  consent: Consent;
  screen: Screen;
}

/** @param loading resolves to the parts, or to nothing when the service cannot be trusted: then everything is denied */
export function createPageApi(loading: Promise<Parts | undefined>): PageApi {
  let parts: Parts | undefined;
  const loaded = loading.then((value) => {
    parts = value;
    return value;
  });

  async function decide(action: Action, wish: Partial<Wish> = {}): Promise<boolean> {
    return (await loaded)?.consent.decide({action, method: 'api', wish, isTrusted: false}) ?? false;
  }

  const api: PageApi = {
    async ready(callback) {
      await loaded;
      callback && call(callback);
      return api;
    },
    on: listen,
    has: (category, service) => parts?.consent.has(category, service) ?? false,
    getConsent() {
      const state = parts?.consent.state;
      if (!state) {
        return null;
      }
      const {categories, services, day, bundle, revision} = state;
      return {categories: {...categories}, services: {...services}, day, bundle, revision};
    },
    acceptAll: () => decide('accept_all'),
    rejectAll: () => decide('reject_all'),
    withdraw: () => decide('withdraw'),
    save: (wish) => decide('save', isWish(wish) ? wish : {categories: wish}),
    show: () => void loaded.then((found) => found?.screen.show()),
    showPreferences: () => void loaded.then((found) => found?.screen.showPreferences()),
    getToken: () => parts?.consent.token() ?? null,
    getReceipt: async () => (await loaded)?.consent.receipt() ?? null,
    push: (callback) => void loaded.then(() => call(callback)),
  };

  /** A mistake in the page's callback is the page's: reported, and kept away from the others. */
  function call(callback: (api: PageApi) => void): void {
    try {
      callback(api);
    } catch (error) {
      console.error(error);
    }
  }

  return Object.freeze(api);
}

/** `{analytics: true}` and `{categories: {analytics: true}, services: {…}}` are both understood. */
function isWish(wish: Choices | Partial<Wish>): wish is Partial<Wish> {
  return typeof wish?.categories === 'object' || typeof wish?.services === 'object';
}
