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
  customerPrivacy?: Privacy;
  loadFeatures(features: {name: string; version: string}[], done: () => void): void;
}

let isAsked = false;

export default whenThere(
  () => {
    const {Shopify} = window as {Shopify?: Shop};
    if (Shopify && !Shopify.customerPrivacy && !isAsked) {
      isAsked = true;
      Shopify.loadFeatures([{name: 'consent-tracking-api', version: '0.1'}], () => {});
    }
    return Shopify?.customerPrivacy;
  },
  undefined,
  (privacy, granted) => {
    const [preferences, analytics, marketing] = ['functional', 'analytics', 'marketing'].map((id) => granted.has(id)) as [
      boolean,
      boolean,
      boolean,
    ];
    const choice = {preferences, analytics, marketing, sale_of_data: marketing};
    const known = privacy.currentVisitorConsent();
    if (Object.entries(choice).some(([id, isGranted]) => known[id as keyof typeof choice] !== (isGranted ? 'yes' : 'no'))) {
      privacy.setTrackingConsent(choice, () => {});
    }
  },
);
