import Clarity from '@microsoft/clarity';

Clarity.init('shop');
