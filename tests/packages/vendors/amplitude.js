import * as amplitude from '@amplitude/analytics-browser';

amplitude.init('shop', {serverZone: 'EU', autocapture: true});
