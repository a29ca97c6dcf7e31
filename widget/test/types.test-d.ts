/** Holds the public types, `index.d.ts`, to the source: `npm run types` fails when one of them moves alone. */
import type {
  ConsentCallback,
  ConsentChoices,
  ConsentServerApi,
  ConsentServerEventMap,
  ConsentServerEvents,
  ConsentView,
  ConsentWish,
} from '../index';
import type {Choices, Wish} from '../src/decision';
import type {Events} from '../src/events';
import type {PageApi, ConsentView as SourceView} from '../src/page-api';

/** Alike in every member, its name and whether it may be missing; `any` is like nothing but itself. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Both<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** Member by member, because two recursive interfaces are never the same to `Same`. */
type Alike<A, B> =
  Same<keyof A, keyof B> extends true
    ? false extends {[K in keyof A]: K extends keyof B ? Both<A[K], B[K]> : false}[keyof A]
      ? false
      : true
    : false;

function holds<_Claim extends true>(): void {}

holds<Both<ConsentServerApi, PageApi>>();
holds<Alike<ConsentServerApi, PageApi>>();
holds<Same<ConsentServerEvents, Events>>();
holds<Same<ConsentView, SourceView>>();
holds<Same<ConsentChoices, Choices>>();
holds<Same<ConsentWish, Wish>>();
holds<Same<Parameters<ConsentServerApi['save']>, Parameters<PageApi['save']>>>();
holds<Same<Parameters<ConsentServerApi['has']>, Parameters<PageApi['has']>>>();
holds<Same<keyof ConsentServerEventMap, `consent:${keyof Events}`>>();
holds<Same<Pick<DocumentEventMap, keyof ConsentServerEventMap>, ConsentServerEventMap>>();
holds<Both<NonNullable<Window['ConsentServer']>, PageApi | ((api: PageApi) => void)[]>>();

/** As a page writes it. */
export function asAPageUsesIt(): void {
  window.ConsentServer ||= [];
  window.ConsentServer.push((api) => {
    holds<Same<typeof api, ConsentServerApi>>();
    const stop = api.on('shown', ({layer}) => holds<Same<typeof layer, 'banner' | 'preferences'>>());
    stop();
    // @ts-expect-error: no event has this name.
    api.on('opened', () => {});
    // @ts-expect-error: a wish is yes or no.
    void api.save({analytics: 'yes'});
  });
  document.addEventListener('consent:withdrawn', ({detail}) => holds<Same<typeof detail, {categories: string[]}>>());
  const callback: ConsentCallback = async (api) => {
    const receipt = await api.getReceipt();
    holds<Same<typeof receipt, unknown>>();
  };
  window.ConsentServer.push(callback);
}
