/**
 * The second part of the widget, fetched once there is something to prove: it delivers decisions, checks tokens, brings
 * receipts, and deletes what is no longer allowed.
 */
import type {Published, Service} from '../config';
import type {Face} from '../face';
import type {Holding} from '../holding';
import {ownTag} from '../own-tag';
import type {Entry, Queue} from '../queue';
import {fetchPublished, fetchReceipt} from './api';
import {forgetServices} from './cleanup';
import {createDelivery} from './delivery';
import {createVerifier, type Verify} from './verifier';

/** What the first part lends. */
export interface Context {
  base: string;
  holding: Holding;
  face: Face;
  queue: Queue;
}

/** One visitor's proofs. */
export interface Proof {
  verify: Verify;
  /** Sends a decision that is waiting. @returns whether it is in the log and in force */
  send(entry: Entry): Promise<boolean>;
  /** Sends what still waits, now and whenever it may succeed. */
  start(): void;
  /** What the server holds about this browser, or null. */
  receipt(): Promise<unknown>;
  forget(services: Service[]): void;
}

/** What the second part hands to the first. */
export interface ProofPart {
  createProof(context: Context): Proof;
  fetchPublished(base: string, site: string): Promise<Published | undefined>;
}

export function createProof(context: Context): Proof {
  const {base, holding} = context;
  const verify = createVerifier(base, holding);
  return {
    verify,
    ...createDelivery(context, verify),
    receipt: async () => (holding.state?.id ? fetchReceipt(base, holding.published.bundle.site, holding.state.id) : null),
    forget: forgetServices,
  };
}

export const proofPart: ProofPart = {createProof, fetchPublished};
// The element that brought this file is known to the first part alone, so no global is left behind.
Object.assign(ownTag() ?? {}, {proof: proofPart});
