import {AnalyticsBrowser} from '@segment/analytics-next';

window.analytics = AnalyticsBrowser.load({writeKey: 'shop'});
window.analytics.identify('visitor', {plan: 'free'});
window.analytics.page();
