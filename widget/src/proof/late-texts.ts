/** Texts that are said so seldom that no page carries them are fetched when they have to be said. */
import type {Face} from '../face';
import {fetchPublished} from './api';

/** @returns the same face, that fetches what it has no words for; where that fails it says nothing */
export function withLateTexts(face: Face, base: string, site: string): Face {
  return {
    ...face,
    say(...said) {
      const isSaid = face.say(...said);
      if (!isSaid) {
        void fetchPublished(base, site).then((published) => {
          if (published) {
            face.learn(published.bundle.texts);
            face.say(...said);
          }
        });
      }
      return isSaid;
    },
  };
}
