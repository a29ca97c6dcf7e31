/** Asks the server for the records about this browser; whoever holds the identifier may. Nothing here rejects. */

/** What is shown of one; the server sends more. */
export interface ConsentRecord {
  event: string;
  /** The record that the controller put right with it, which was nobody's press. */
  corrects?: string | null;
  recorded_at: string;
  expires_at: string;
  categories: Record<string, {granted: boolean}>;
}

/** What outlives an erasure: until when, in RFC 3339, and in each language why. */
export interface Kept {
  until: string;
  reason: Record<string, string>;
}

const TIMEOUT = 10_000;

/** @returns what was read of the answer, all of it in time; undefined when that failed */
async function ask<Read>(
  address: string,
  id: string,
  read: (answer: Response) => Promise<Read | undefined> | undefined,
  method = 'GET',
): Promise<Read | undefined> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT);
  try {
    const answer = await fetch(address, {
      method,
      headers: {'Consent-Id': id},
      credentials: 'omit',
      cache: 'no-store',
      signal: abort.signal,
    });
    return await read(answer);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Whether nothing is recorded any more: it was deleted by a request whose answer was lost, by the operator, or by time. */
async function isGone(answer: Response): Promise<boolean> {
  return answer.status === 404 && ((await answer.json()) as {reason?: string}).reason === 'consent_id_unknown';
}

/** @returns the newest first */
export function fetchRecords(place: string, id: string): Promise<ConsentRecord[] | undefined> {
  return ask(place, id, async (answer) => {
    if (!answer.ok) {
      return (await isGone(answer)) ? [] : undefined;
    }
    const {records} = (await answer.json()) as {records: ConsentRecord[]};
    return [...records].reverse();
  });
}

/**
 * @param last the highest number given to a decision: one that is still on its way is not to arrive later
 * @returns what is kept, if anything; undefined when something is left
 */
export function erase(place: string, id: string, last: number): Promise<{kept?: Kept} | undefined> {
  const read = async (answer: Response) =>
    answer.ok ? ((await answer.json()) as {kept?: Kept}) : (await isGone(answer)) ? {} : undefined;
  return ask(`${place}?n=${last}`, id, read, 'DELETE');
}

/** Saves a copy as a file. @returns whether it could be had */
export async function download(place: string, id: string, format: string, name: string): Promise<boolean> {
  const copy = await ask(`${place}?format=${format}`, id, (answer) => (answer.ok ? answer.blob() : undefined));
  if (copy) {
    const file = URL.createObjectURL(copy);
    Object.assign(document.createElement('a'), {href: file, download: `${name}.${format}`}).click();
    // The browser has taken it by then.
    setTimeout(() => URL.revokeObjectURL(file), TIMEOUT);
  }
  return copy !== undefined;
}
