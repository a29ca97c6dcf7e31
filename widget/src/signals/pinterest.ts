/**
 * Tells Pinterest's tag. A no makes it drop events and delete its cookies, so it is not said while an earlier yes is checked.
 * Source: https://help.pinterest.com/en/business/article/install-the-base-code
 */
import {whenThere} from '../outside/when-there';

type Tag = (command: string, isGranted: boolean) => void;

export default whenThere(
  () => (window as {pintrk?: Tag}).pintrk,
  (pintrk, granted, isPending) => isPending || pintrk('setconsent', granted.has('marketing')),
);
