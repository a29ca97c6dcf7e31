// Verifies the tokens of a task read from stdin with the npm package jose; prints one verdict each.
// The folder of the installed packages is in PACKAGES.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const require = createRequire(pathToFileURL(`${process.env.PACKAGES}/`));
const {createLocalJWKSet, errors, jwtVerify} = await import(pathToFileURL(require.resolve('jose')));
const task = JSON.parse(readFileSync(0, 'utf8'));
const keys = createLocalJWKSet(task.jwks);
const expected = {
  algorithms: ['EdDSA'],
  typ: 'consent+jwt',
  issuer: task.issuer,
  audience: task.audience,
  currentDate: new Date(task.now),
  requiredClaims: ['exp', 'jti', 'bundle', 'categories'],
};

async function isBelieved(token) {
  try {
    await jwtVerify(token, keys, expected);
    return true;
  } catch (problem) {
    if (problem instanceof errors.JOSEError) return false;
    throw problem;
  }
}

console.log(JSON.stringify(await Promise.all(task.tokens.map(isBelieved))));
