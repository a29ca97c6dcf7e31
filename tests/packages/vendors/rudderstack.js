import {RudderAnalytics} from '@rudderstack/analytics-js/bundled';

const analytics = new RudderAnalytics();
analytics.load('shop', 'https://shop.dataplane.rudderstack.com', {});
analytics.page();
