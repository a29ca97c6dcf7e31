/**
 * Deletes what services are declared to keep on the device, as far as a script can reach it. What it cannot reach, cookies
 * that a server set HttpOnly, the check API names to the site's own server.
 */
import type {Service} from '../config';
import {cookies, setCookie} from '../store';

/** What this widget keeps itself. */
const OURS = /^consent_(state|token|queue.*|press|policy|used)$/;

type IsTheirs = (name: string) => boolean;

/** Kind of store → deletes what is theirs; `name` is the declared pattern. */
const FORGETTING: Record<string, (isTheirs: IsTheirs, name: string) => unknown> = {
  cookie: (isTheirs) => cookieNames().filter(isTheirs).forEach(deleteEverywhere),
  local_storage: (isTheirs) => forgetKeys(localStorage, isTheirs),
  session_storage: (isTheirs) => forgetKeys(sessionStorage, isTheirs),
  indexed_db: forgetDatabases,
  cache: async (isTheirs) => (await caches.keys()).filter(isTheirs).map((name) => caches.delete(name)),
  worker: forgetWorkers,
};

/** Deletes everything the services are declared to store and a script can reach. Never throws. */
export function forgetServices(services: Service[]): void {
  for (const {name, kind} of services.flatMap((service) => service.stores)) {
    const pattern = new RegExp(`^${name.split('*').map(escapePattern).join('.*')}$`, 's');
    void forget(kind, (key) => pattern.test(key) && !OURS.test(key), name);
  }
}

async function forget(kind: string, isTheirs: IsTheirs, name: string): Promise<void> {
  try {
    await FORGETTING[kind]?.(isTheirs, name);
  } catch {
    // The browser has no such store, or keeps nothing for this page: there is nothing to delete.
  }
}

/** An entry may be called like a method of its store, so the names come from `key()`. */
function forgetKeys(area: Storage, isTheirs: IsTheirs): void {
  [...Array(area.length).keys()]
    .map((index) => area.key(index) ?? '')
    .filter(isTheirs)
    .forEach((key) => {
      area.removeItem(key);
    });
}

/** A database that is open is deleted once its page has gone. Where they cannot be listed, a full name still works. */
async function forgetDatabases(isTheirs: IsTheirs, name: string): Promise<void> {
  const found = (await indexedDB.databases?.()) ?? [{name}];
  for (const {name: present = ''} of found.filter((database) => isTheirs(database.name ?? ''))) {
    indexedDB.deleteDatabase(present);
  }
}

/** Declared by the address of its script, whole or from the path on. */
async function forgetWorkers(isTheirs: IsTheirs): Promise<void> {
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    const {active, waiting, installing} = registration;
    const {href, pathname} = new URL((active ?? waiting ?? installing)?.scriptURL ?? '', location.href);
    if (isTheirs(href) || isTheirs(pathname)) {
      void registration.unregister();
    }
  }
}

/**
 * A cookie is only deleted by its own domain, path and partition, none of which a script can read: they are tried, until no
 * cookie of the name is left. Names with a prefix are only touched by a cookie that is secure as well.
 */
export function deleteEverywhere(name: string): void {
  const labels = location.hostname.split('.');
  const domains = ['', ...labels.map((_, index) => `;domain=${labels.slice(index).join('.')}`)];
  const steps = location.pathname.split('/');
  const paths = steps.flatMap((_, index) => {
    const path = steps.slice(0, index + 1).join('/');
    return [path || '/', `${path}/`];
  });
  for (const kind of ['', ';secure', ';secure;samesite=none;partitioned']) {
    for (const domain of domains) {
      for (const path of new Set(paths)) {
        setCookie(`${name}=;path=${path};max-age=-1${domain}${kind}`);
      }
      if (!cookieNames().includes(name)) {
        return;
      }
    }
  }
}

export function cookieNames(): string[] {
  return cookies().map((pair) => pair.split('=')[0] ?? '');
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
}
