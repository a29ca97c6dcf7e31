import {expect, test} from 'vitest';
import lock from '../package-lock.json';

interface Package {
  resolved?: string;
  integrity?: string;
  optionalDependencies?: Record<string, string>;
}

const packages = lock.packages as Record<string, Package>;

test('the lock file names no address', () => {
  expect(Object.entries(packages).filter(([, {resolved}]) => resolved)).toEqual([]);
});

test('every package in it carries its digest', () => {
  expect(Object.keys(packages).filter((path) => path && !packages[path]?.integrity)).toEqual([]);
});

test('the builds for other platforms are all in it, so that it installs anywhere', () => {
  const names = new Set(Object.keys(packages).map((path) => path.split('node_modules/').pop()));
  const wanted = Object.values(packages).flatMap(({optionalDependencies}) => Object.keys(optionalDependencies ?? {}));

  expect(wanted.filter((name) => !names.has(name))).toEqual([]);
});
