/**
 * Tells Microsoft Advertising (UET) whether it may store identifiers; it knows a single switch.
 * Its queue is read flat: each part of a command is an element of its own.
 * Source: https://help.ads.microsoft.com/#apex/ads/en/60119/1
 */
import {queue} from '../outside/queue';
import type {Granted, Signal} from './signal';

export default {
  start: () => push('default', new Set()),
  apply: (granted) => push('update', granted),
} satisfies Signal;

function push(kind: string, granted: Granted): void {
  queue('uetq').push('consent', kind, {ad_storage: granted.has('marketing') ? 'granted' : 'denied'});
}
