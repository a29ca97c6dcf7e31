/** Takes over what is published now, on a page whose own texts are older. */
import type {Face} from '../face';
import {fetchPublished} from './api';
import type {Holding} from './holding';
import {needsAnswer} from './permission';

/** What is on the screen stays until it is asked anew. @returns whether it could be had */
export async function takeNewer(base: string, holding: Holding, face: Face): Promise<boolean> {
  const newer = await fetchPublished(base, holding.published.bundle.site);
  if (newer) {
    holding.publish(newer);
    face.republish(newer);
    holding.settle();
  }
  return newer !== undefined;
}

/** The choice on the device answers newer texts than this page has. A no said here has to be one to those as well. */
export async function catchUp(base: string, holding: Holding, face: Face): Promise<void> {
  const {state, published} = holding;
  if (state && state.revision > published.bundle.revision) {
    const isTaken = await takeNewer(base, holding, face);
    // Nobody may answer older texts that were opened meanwhile as if they were these.
    isTaken && (needsAnswer(holding.ground()) ? face.ask() : face.settle());
  }
}
