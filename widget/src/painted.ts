/** What nobody waits for comes after the frame in which they see what they did. */

/** Milliseconds after which a page that is not drawn, because nobody sees it, has waited enough. */
const UNSEEN = 100;

/** @returns resolves once the next frame was drawn */
export const painted = () =>
  new Promise((resolve) => {
    // The second frame begins when the first was drawn; a page may have a timer that never calls.
    requestAnimationFrame(() => requestAnimationFrame(resolve));
    setTimeout(resolve, UNSEEN);
  });
