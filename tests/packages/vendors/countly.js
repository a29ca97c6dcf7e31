import packed from 'countly-sdk-web';

const Countly = packed.default;
Countly.init({app_key: 'shop', url: 'https://shop.count.ly'});
Countly.track_sessions();
Countly.track_pageview();
