/** Deletes what services are declared to keep on the device, as far as a script can reach it. */
import type {Service} from '../config';
import {cookies, setCookie} from '../store';

/** What this widget keeps itself. */
const OURS = ['consent_state', 'consent_token', 'consent_queue'];

/** Deletes everything the services are declared to store and a script can reach. */
export function forgetServices(services: Service[]): void {
  for (const {name, kind} of services.flatMap((service) => service.stores)) {
    const pattern = new RegExp(`^${name.split('*').map(escapePattern).join('.*')}$`);
    const isTheirs = (key: string) => pattern.test(key) && !OURS.includes(key);
    if (kind === 'cookie') {
      cookieNames().filter(isTheirs).forEach(deleteEverywhere);
    } else if (kind === 'local_storage' || kind === 'session_storage') {
      forgetKeys(kind === 'local_storage' ? 'localStorage' : 'sessionStorage', isTheirs);
    }
  }
}

function forgetKeys(area: 'localStorage' | 'sessionStorage', isTheirs: (key: string) => boolean): void {
  try {
    Object.keys(window[area])
      .filter(isTheirs)
      .forEach((key) => {
        window[area].removeItem(key);
      });
  } catch {
    // The browser keeps nothing for this page, so there is nothing to delete.
  }
}

/** A cookie is only deleted by its own domain and path, neither of which a script can read: every possible one is tried. */
function deleteEverywhere(name: string): void {
  const labels = location.hostname.split('.');
  const domains = ['', ...labels.map((_, index) => `;domain=${labels.slice(index).join('.')}`)];
  const steps = location.pathname.split('/');
  const paths = steps.flatMap((_, index) => {
    const path = steps.slice(0, index + 1).join('/');
    return [path || '/', `${path}/`];
  });
  for (const domain of domains) {
    for (const path of new Set(paths)) {
      setCookie(`${name}=;path=${path};max-age=-1${domain}`);
    }
  }
}

function cookieNames(): string[] {
  return cookies().map((pair) => pair.split('=')[0] ?? '');
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
}
