import posthog from 'posthog-js';

// Its filter of crawlers would take the browser of the tests for one.
posthog.init('phc_shop', {api_host: 'https://eu.i.posthog.com', opt_out_useragent_filter: true, ...window.posthogSettings});
window.posthog = posthog;
