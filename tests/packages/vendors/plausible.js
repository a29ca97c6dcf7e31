import {init} from '@plausible-analytics/tracker';

init({domain: 'shop.example', captureOnLocalhost: true, outboundLinks: true});
