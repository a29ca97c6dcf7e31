/**
 * The second part of the widget, fetched once there is something to prove: it decides, delivers, checks tokens, brings
 * receipts, opens what is allowed, and deletes what no longer is.
 */
import type {Published} from '../config';
import type {Lock} from '../gate';
import {ownTag} from '../own-tag';
import {fetchPublished} from './api';
import {createOpener} from './opener';
import {type Context, createProven, type Proven} from './proven';

export type {Context, Proven};

/** What the second part hands to the first. */
export interface ProofPart {
  createProven(context: Context): Proven;
  fetchPublished(base: string, site: string): Promise<Published | undefined>;
  createOpener(lock: Lock): (element: HTMLElement) => void;
}

export const proofPart: ProofPart = {createProven, createOpener, fetchPublished};
// The element that brought this file is known to the first part alone, so no global is left behind.
Object.assign(ownTag() ?? {}, {proof: proofPart});
