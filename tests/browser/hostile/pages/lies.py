"""Natives that lie in favour of a grant."""

from tests.browser.hostile.hostile_page import HostilePage, Outcome

_FORGED = """
const spell = (value) => btoa(JSON.stringify(value)).replace(/\\+/g, '-').replace(/\\//g,
    '_').replace(/=/g, '');
const asked = new XMLHttpRequest();
asked.open('GET', 'BUNDLE', false);
asked.send();
const {keys: [{kid}], hash} = JSON.parse(asked.response);
const categories = {analytics: {granted: true}, functional: {granted: true},
    marketing: {granted: true}};
const claims = {aud: 'SITE', categories, exp: 32503680000, iat: 1};
const token = [spell({alg: 'EdDSA', kid, typ: 'consent+jwt'}), spell(claims),
    'A'.repeat(86)].join('.');
const yes = {analytics: true, functional: true, marketing: true};
const state = {v: 1, bundle: hash, revision: 99, day: '2999-01-01', categories: yes, services: {}};
document.cookie = `consent_token=${token};path=/`;
document.cookie = `consent_state=${encodeURIComponent(JSON.stringify(state))};path=/`;
"""

PAGES = [
    HostilePage(
        "an includes that is always true",
        "Array.prototype.includes = String.prototype.includes = () => true;",
    ),
    HostilePage(
        "a some and every that are always true",
        "Array.prototype.some = Array.prototype.every = () => true;",
        Outcome.FOOLS_ITSELF,
        "every category is then a required one",
    ),
    HostilePage(
        "a filter that keeps everything",
        "Array.prototype.filter = function () { return [...this]; };",
        Outcome.FOOLS_ITSELF,
        "every category is then an optional one",
    ),
    HostilePage(
        "a find that finds the first",
        "Array.prototype.find = function () { return this[0]; };",
        Outcome.FOOLS_ITSELF,
        "every category is then the first one, which is required",
    ),
    HostilePage(
        "a Set.prototype.has that is always true",
        "Set.prototype.has = Map.prototype.has = () => true;",
    ),
    HostilePage(
        "a RegExp.prototype.test that is always true", "RegExp.prototype.test = () => true;"
    ),
    HostilePage(
        "a JSON.parse that grants",
        """
JSON.parse = () => ({
    v: 1, revision: 99, day: '2999-01-01', categories: {analytics: true}, services: {},
    bundle: 'x', press: {action: 'accept_all', method: 'banner', isTrusted: true}, hash: 'x',
});
""",
        Outcome.DENIED,
        "no token can be read",
        "token_invalid",
    ),
    HostilePage("a verify that is always true", "crypto.subtle.verify = async () => true;"),
    HostilePage(
        "a verify that is always true, and cookies made up",
        "crypto.subtle.verify = async () => true;" + _FORGED,
        Outcome.FOOLS_ITSELF,
        because="nothing but the signature tells a made-up token from a true one",
    ),
    HostilePage(
        "a fetch that acknowledges by itself, and a verify that is always true",
        "crypto.subtle.verify = async () => true;"
        + _FORGED
        + """
document.cookie = 'consent_state=;path=/;max-age=0';
document.cookie = 'consent_token=;path=/;max-age=0';
const end = {granted: true, expires_at: '2999-01-01T00:00:00.000Z'};
const answer = {record_id: 'x', token, expires_at: end.expires_at, categories: {analytics: end,
    functional: end, marketing: end}};
window.fetch = async () => new Response(JSON.stringify(answer), {status: 201});
""",
        Outcome.FOOLS_ITSELF,
        because="it answers in the place of the service",
    ),
    HostilePage(
        "random bytes that never change", "crypto.getRandomValues = (array) => array.fill(7);"
    ),
    HostilePage("a clock that stands in the past", "Date.now = () => 0;"),
    HostilePage(
        "a clock that stands in the future",
        "Date.now = () => 32503680000000;",
        Outcome.DENIED,
        "the token has ended a thousand years ago",
        "token_invalid",
    ),
    HostilePage(
        "an isTrusted that is always true",
        """
Object.defineProperty(Event.prototype, 'isTrusted', {get: () => true});
""",
    ),
]
