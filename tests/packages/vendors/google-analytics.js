import ga from 'react-ga4';

ga.initialize('G-SHOP');
ga.send('pageview');
