/**
 * Tells a Shopify shop by its customer privacy API, which hands the choice on to pixels and checkout. Shopify remembers it and asks
 * its server to, so that only a choice it does not know is told.
 * Source: https://shopify.dev/docs/api/customer-privacy
 */
import {whenThere} from '../outside/when-there';

type Choice<Answer> = Record<'preferences' | 'analytics' | 'marketing' | 'sale_of_data', Answer>;

interface Privacy {
  currentVisitorConsent(): Choice<'yes' | 'no' | ''>;
  setTrackingConsent(choice: Choice<boolean>, done: () => void): void;
}
interface Shop {
  customerPrivacy: Privacy;
  loadFeatures(features: {name: string; version: string}[], done: (error: unknown) => void): void;
}

export default whenThere(
  () => (window as {Shopify?: Shop}).Shopify,
  (shop, granted, isPending) => {
    const marketing = granted.has('marketing');
    const choice = {
      preferences: granted.has('functional'),
      analytics: granted.has('analytics'),
      marketing,
      sale_of_data: marketing,
    };
    if (isPending === undefined) {
      shop.loadFeatures([{name: 'consent-tracking-api', version: '0.1'}], (error) => {
        const known = error ? undefined : shop.customerPrivacy.currentVisitorConsent();
        if (known && Object.entries(choice).some(([id, isYes]) => known[id as keyof typeof choice] !== (isYes ? 'yes' : 'no'))) {
          shop.customerPrivacy.setTrackingConsent(choice, () => {});
        }
      });
    }
  },
);
