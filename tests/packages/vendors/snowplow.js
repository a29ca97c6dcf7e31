import {enableActivityTracking, newTracker, trackPageView} from '@snowplow/browser-tracker';

newTracker('sp', 'https://collector.snowplow.example', {appId: 'shop'});
enableActivityTracking({minimumVisitLength: 5, heartbeatDelay: 5});
trackPageView();
