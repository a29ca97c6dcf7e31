/** Says once in each browser that the privacy policy has changed. Source: GDPR Art. 13(3); the policy the project stems from */
import type {Bundle} from '../config';
import type {State} from '../decision';

const NOTICED = 'consent_policy';

/** Whether the visitor chose before this version of the policy and has not been told of it; telling counts at once. */
export function policyIsNew({policy}: Bundle, state: State | undefined): boolean {
  try {
    if (!policy || !state || !(Number(policy.since) > state.revision) || localStorage.getItem(NOTICED) === policy.version) {
      return false;
    }
    localStorage.setItem(NOTICED, policy.version);
    return true;
  } catch {
    // Where nothing is kept it would be told on every page.
    return false;
  }
}
