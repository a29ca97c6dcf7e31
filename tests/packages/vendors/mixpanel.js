import mixpanel from 'mixpanel-browser';

mixpanel.init('shop', {api_host: 'https://api-eu.mixpanel.com', track_pageview: true, record_sessions_percent: 100});
