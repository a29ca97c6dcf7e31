import MatomoTracker from '@datapunt/matomo-tracker-js';

const tracker = new MatomoTracker({urlBase: 'https://shop.matomo.cloud', siteId: 1});
tracker.trackPageView();
