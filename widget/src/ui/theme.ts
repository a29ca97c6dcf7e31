/** Turns a site's few theme tokens into colours that can always be read. */
import type {Theme} from '../config';

type Colour = [number, number, number];

/** The two grounds of `styles.ts`. */
const GROUNDS = {light: '#ffffff', dark: '#1b1e23'};
/** Text contrast of WCAG 1.4.3; the accent also colours links. */
const READABLE = 4.5;

/** Custom properties for the first rule of the sheet. Anything malformed is ignored. */
export function themeProperties({accent, radius}: Theme): [string, string][] {
  const properties: [string, string][] = [];
  if (/^#[\da-f]{6}$/i.test(accent ?? '')) {
    for (const [scheme, ground] of Object.entries(GROUNDS)) {
      const colour = readableOn(parse(String(accent)), parse(ground));
      properties.push([`--accent-${scheme}`, print(colour)], [`--on-${scheme}`, onto(colour)]);
    }
  }
  if (typeof radius === 'number') {
    properties.push(['--radius', `${Math.min(24, Math.max(0, radius))}px`]);
  }
  return properties;
}

/** Moves a colour away from its ground, in steps of a tenth, until it is readable. */
function readableOn(colour: Colour, ground: Colour): Colour {
  const target = luminance(ground) > 0.5 ? 0 : 255;
  let result = colour;
  for (let step = 1; contrast(result, ground) < READABLE && step <= 10; step++) {
    result = colour.map((part) => Math.round(part + ((target - part) * step) / 10)) as Colour;
  }
  return result;
}

function onto(colour: Colour): string {
  return contrast(colour, [255, 255, 255]) >= contrast(colour, [0, 0, 0]) ? '#fff' : '#000';
}

function contrast(one: Colour, other: Colour): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Colour;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function parse(hex: string): Colour {
  return [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16)) as Colour;
}

function print(colour: Colour): string {
  return `rgb(${colour})`;
}
