/**
 * What outlives an erasure where a site says so, in the words of the site, and when that ends.
 * Source: GDPR Art. 13(2)(a) and 17(3)(e).
 */
import type {Bundle} from '../config';
import {refusalEnds, utcDay} from '../decision';
import {date, language} from '../ui/texts';
import type {Kept} from './records-api';

/** @param now milliseconds. @returns what an erasure at this moment would leave; undefined for nothing */
export function keptBy({restricted_proof: said}: Bundle, now: number): Kept | undefined {
  // That end is the first instant of the day after.
  return said && {until: utcDay(refusalEnds(utcDay(now), `P${said.months}M`) - 1), reason: said.reason};
}

/** The reason, and then the date. */
export function told({until, reason}: Kept): string {
  return `${reason[language] ?? Object.values(reason)[0]} ${date(Date.parse(until))}`;
}
