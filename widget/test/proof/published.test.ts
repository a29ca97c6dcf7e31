import {expect, test} from 'vitest';
import {readPublished} from '../../src/proof/published';
import {aBundle} from '../builders';

const published = (bundle: unknown) => ({hash: 'h', build: 'b', keys: [], bundle});

test('what is complete is read', () => {
  expect(readPublished(published(aBundle()))?.bundle.site).toBe('demo');
});

test('lists that only add information may be missing', () => {
  const {services, signals, ...rest} = aBundle();

  expect(readPublished(published(rest))?.bundle).toMatchObject({services: [], signals: {}});
});

test.each([
  ['nothing', null],
  ['text', 'bundle'],
  ['an empty object', {}],
  ['no bundle', published(null)],
  ['a future version', published({...aBundle(), v: 2})],
  ['no categories list', published({...aBundle(), categories: [{id: 'a'}]})],
  ['a category with a hostile id', published({...aBundle(), categories: [{id: '__proto__', required: false, since: 1}]})],
  ['no period', published({...aBundle(), reprompt_after: 'never'})],
  ['no texts', published({...aBundle(), texts: {}})],
  ['a missing answer', published({...aBundle(), texts: {en: {title: 'T', intro: 'I', accept: 'A', choose: 'C'}}})],
])('%s is refused', (_, value) => {
  expect(readPublished(value)).toBeUndefined();
});
